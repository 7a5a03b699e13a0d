use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder to work in, gone when the test ends.
pub(crate) struct Desk(TempDir);

/// What a command said, and whether it went well.
pub(crate) struct Said {
    pub(crate) went_well: bool,
    pub(crate) text: String,
    /// Of it, what went to the standard output.
    pub(crate) printed: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// `mainstay WORDS…` in this folder.
    pub(crate) fn mainstay(&self, folder: &str, words: &str) -> Said {
        run(of_its_own(env!("CARGO_BIN_EXE_mainstay")).current_dir(self.path(folder)).args(words.split(' ')))
    }

    /// The same, which has to go well.
    pub(crate) fn must(&self, folder: &str, words: &str) -> String {
        let said = self.mainstay(folder, words);
        assert!(said.went_well, "mainstay {words}: {}", said.text);
        said.text
    }

    /// The same, which has to be refused.
    pub(crate) fn refused(&self, folder: &str, words: &str) -> String {
        let said = self.mainstay(folder, words);
        assert!(!said.went_well, "mainstay {words}: {}", said.text);
        said.text
    }

    /// `cargo WORDS…` in this folder.
    pub(crate) fn cargo(&self, folder: &str, words: &str) -> Said {
        run(of_its_own(env!("CARGO")).current_dir(self.path(folder)).args(words.split(' ')))
    }

    /// Every file below the folder, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        let mut found: Vec<_> =
            found.iter().map(|it| it.strip_prefix(&root).expect("below").display().to_string()).collect();
        found.sort();
        found
    }
}

/// A program without what nextest and Cargo tell this test of its own package, and with the target folder of the
/// workspace, where what both depend on is built.
fn of_its_own(program: &str) -> Command {
    let mut command = Command::new(program);
    let is_own =
        |name: &str| name.starts_with("CARGO_PKG") || name.starts_with("NEXTEST") || name == "DATABASE_URL";
    for (name, _) in std::env::vars().filter(|(name, _)| is_own(name)) {
        let _ = command.env_remove(name);
    }
    let _ = command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."));
    command
}

fn run(command: &mut Command) -> Said {
    let output = command.output().expect("it can be run");
    let [printed, other] = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    Said { went_well: output.status.success(), text: format!("{printed}{other}"), printed }
}
