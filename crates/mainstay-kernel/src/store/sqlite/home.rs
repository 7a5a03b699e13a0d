use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::{Error, Result, StoreUrl};

/// Folders of databases that end with their process.
const FLEETING: &str = "mainstay-memory-";

/// Where a database lives, held by this process alone until the last connection to it is closed.
pub(super) struct Home {
    database: PathBuf,
    /// The folder to remove at the end, for a database that is to be gone with the process.
    fleeting: Option<PathBuf>,
    /// Locked as long as it is open.
    _lock: File,
}

impl Home {
    /// Makes sure that the file is there and that nobody else has it.
    pub(super) fn open(url: &StoreUrl) -> Result<Self> {
        match url {
            StoreUrl::SqliteFile(path) => Self::file(path),
            StoreUrl::SqliteMemory => Self::fleeting(&std::env::temp_dir())
                .map_err(|error| not_opened(&std::env::temp_dir(), &error)),
            StoreUrl::Postgres(_) => {
                Err(Error::internal("a PostgreSQL address was given to the SQLite store"))
            }
        }
    }

    fn file(path: &Path) -> Result<Self> {
        let opened = |error: io::Error| not_opened(path, &error);
        if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| not_opened(path, &format!("its folder cannot be made: {error}")))?;
        }
        let (lock_path, lock) = open_lock(path).map_err(opened)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(path, &lock_path)),
            Err(TryLockError::Error(error)) => return Err(opened(error)),
        }
        write_owner(&lock).map_err(opened)?;
        make_private(path).map_err(opened)?;
        Ok(Self { database: path.to_owned(), fleeting: None, _lock: lock })
    }

    /// A database in a folder of its own below `parent`. A true in-memory database is no choice: its
    /// readers cannot read while a transaction is open, and a reader would wait for its own writer.
    fn fleeting(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let name = Uuid::now_v7();
        let making = parent.join(format!("making-{FLEETING}{name}"));
        DirBuilder::new().mode(0o700).create(&making)?;
        let (_, lock) = open_lock(&making.join("db"))?;
        lock.try_lock().map_err(io::Error::from)?;
        make_private(&making.join("db"))?;
        // Only now does it have a name that others sweep: they would find it locked.
        let folder = parent.join(format!("{FLEETING}{name}"));
        fs::rename(&making, &folder)?;
        Ok(Self { database: folder.join("db"), fleeting: Some(folder), _lock: lock })
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// Whether what is committed must survive the machine.
    pub(super) fn is_durable(&self) -> bool {
        self.fleeting.is_none()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(folder) = &self.fleeting {
            // A later start sweeps what could not be removed now.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Opens the file beside the database whose lock means owning it.
fn open_lock(database: &Path) -> io::Result<(PathBuf, File)> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let lock =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    Ok((path, lock))
}

/// SQLite would make the file readable by everybody; its -wal and -shm take this file's mode.
fn make_private(database: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(database).map(drop)
}

fn write_owner(mut lock: &File) -> io::Result<()> {
    lock.set_len(0)?;
    writeln!(lock, "{}", std::process::id())
}

fn taken(path: &Path, lock: &Path) -> Error {
    let owner = fs::read_to_string(lock).unwrap_or_default();
    let owner = owner.trim();
    let process = if owner.is_empty() { "another process".to_owned() } else { format!("process {owner}") };
    Error::bad_request(
        "database_in_use",
        format!(
            "`{}` is in use by {process}: stop {process}, or serve with --takeover; \
             other commands run while it serves, sent over .mainstay/control.sock",
            path.display()
        ),
    )
}

pub(super) fn not_opened(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::bad_request(
        "database_not_opened",
        format!(
            "cannot open the database `{}`: {error}; mend that, or name another file in DATABASE_URL",
            path.display()
        ),
    )
}

/// Removes the databases of processes that were killed: those whose lock nobody holds.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|it| it.file_name().to_string_lossy().starts_with(FLEETING)) {
        let has_ended = match File::open(entry.path().join("db.lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            // It was being removed when its process ended.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if has_ended {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_database_is_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/app.db");
        let _home = Home::file(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(&folder.path().join("deep/er/app.db.lock")), 0o600);
    }

    #[test]
    fn a_second_owner_is_told_who_the_first_is_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let first = Home::file(&path).unwrap();
        let refusal = Home::file(&path).err().unwrap().to_string();
        for part in [path.to_str().unwrap(), &std::process::id().to_string(), "control.sock", "stop process"]
        {
            assert!(refusal.contains(part), "{refusal}");
        }
        drop(first);
        Home::file(&path).expect("the file is free again");
    }

    #[test]
    fn a_fleeting_database_is_swept_once_its_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let alive = Home::fleeting(folder.path()).unwrap();
        let killed = folder.path().join("mainstay-memory-killed");
        fs::create_dir(&killed).unwrap();
        fs::write(killed.join("db.lock"), "").unwrap();
        let half_removed = folder.path().join("mainstay-memory-half");
        fs::create_dir(&half_removed).unwrap();
        let other = Home::fleeting(folder.path()).unwrap();
        assert!(!killed.exists() && !half_removed.exists());
        let homes = [alive, other].map(|home| home.fleeting.clone().unwrap());
        assert!(homes.iter().all(|it| !it.exists()), "gone with their owner");
    }

    #[test]
    fn a_fleeting_database_in_use_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let alive = Home::fleeting(folder.path()).unwrap();
        sweep(folder.path());
        assert!(alive.database().parent().unwrap().exists());
    }
}
