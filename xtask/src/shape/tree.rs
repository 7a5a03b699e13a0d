//! The repository's text files.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// What holds nothing written by hand. `.git` is a file in a work tree beside the first.
const SKIPPED: [&str; 4] = [".git", ".mainstay", "node_modules", "target"];

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files, sorted by path.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

impl Tree {
    /// Reads every UTF-8 file under the folder.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, root, &mut files).with_context(|| format!("reading {}", root.display()))?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The file with this path.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if SKIPPED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            // Another program may remove a file meanwhile, and what is not UTF-8 is not text.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let path = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
impl Tree {
    /// A tree of these paths and texts.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: path.to_string(), text: text.to_string() };
        Self { files: files.iter().map(file).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_files_are_not_read() {
        let tree = Tree::read(&crate::process::root()).unwrap();
        assert!(tree.get("xtask/src/shape/tree.rs").is_some());
        assert!(
            tree.files
                .iter()
                .all(|file| !file.path.starts_with("target/") && !file.path.starts_with(".git/"))
        );
        assert!(tree.get(".git").is_none(), "it is a file in a work tree beside the first");
    }
}
