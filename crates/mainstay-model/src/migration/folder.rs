//! Where written migrations come from: a folder beside the source, which a deployed program carries within.

use std::fs;
use std::io;
use std::path::Path;

use mainstay_kernel::{Dialect, Error, Result};

use super::source::dialect_name;

/// A folder of migrations as it was when the program was built; `mainstay::migrations!()` writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The folder, from the root of the project on.
    pub folder: &'static str,
    /// What was in it.
    pub migrations: &'static [EmbeddedFolder],
}

/// The folder of one migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedFolder {
    /// Its name.
    pub name: &'static str,
    /// The names and texts of its files.
    pub files: &'static [(&'static str, &'static str)],
}

/// The folder of one migration, from wherever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its name.
    pub name: String,
    /// The names and texts of its files, by name.
    pub files: Vec<(String, String)>,
}

impl Embedded {
    /// What the program carries.
    pub fn folders(&self) -> Vec<Folder> {
        let folder = |it: &EmbeddedFolder| Folder {
            name: it.name.to_owned(),
            files: it.files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        };
        self.migrations.iter().map(folder).collect()
    }
}

impl Folder {
    /// Reads a folder of migrations; `None` when there is no such folder. What is hidden is left alone.
    ///
    /// # Errors
    /// Internal, when anything in it cannot be read or is not the folder of a migration: never taken for
    /// "no migrations".
    pub fn read_all(path: &Path) -> Result<Option<Vec<Self>>> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(path, &error))?.path();
            let name = name_of(&entry)?;
            if name.starts_with('.') {
                continue;
            }
            if !entry.is_dir() {
                return Err(Error::internal(format!(
                    "`{}` is not the folder of a migration: put its SQL into `{}/<time>_<name>/up.sql`",
                    entry.display(),
                    path.display()
                )));
            }
            folders.push(Self { name, files: files(&entry)? });
        }
        folders.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Some(folders))
    }

    /// The file of this direction for a dialect: its own, or else the one for all.
    pub(super) fn file(&self, direction: &str, dialect: Dialect) -> Option<(&str, &str)> {
        let own = format!("{direction}.{}.sql", dialect_name(dialect));
        let all = format!("{direction}.sql");
        let find = |name: &str| self.files.iter().find(|(it, _)| it == name);
        find(&own).or_else(|| find(&all)).map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = name_of(&entry)?;
        if !name.starts_with('.') {
            files.push((name, fs::read_to_string(&entry).map_err(|error| unreadable(&entry, &error))?));
        }
    }
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|it| it.to_str());
    name.map(str::to_owned)
        .ok_or_else(|| Error::internal(format!("the name of `{}` is not text", path.display())))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::internal(format!("`{}` cannot be read ({error}): migrations may be missing", path.display()))
}
