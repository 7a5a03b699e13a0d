use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// An application's folder. Nothing is written outside of it, and nothing is overwritten.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The application that the current folder belongs to.
    ///
    /// # Errors
    /// When it belongs to none.
    pub(crate) fn here() -> Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        for folder in here.ancestors() {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
            if manifest.lines().any(|it| it.trim_start().starts_with("mainstay-build")) {
                return Self::at(folder);
            }
        }
        bail!(
            "there is no application at {} or above it: go to the folder of one, or begin one with `mainstay new NAME` \
             (an application's Cargo.toml has `mainstay-build` among its build-dependencies)",
            here.display()
        )
    }

    /// The application in this folder.
    pub(crate) fn at(root: &Path) -> Result<Self> {
        let root = root.canonicalize().with_context(|| format!("{} cannot be opened", root.display()))?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this file is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Writes a new file.
    ///
    /// # Errors
    /// When there is one already, or its folder is outside of the application.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<()> {
        let plain = Path::new(path).components().all(|it| matches!(it, Component::Normal(_)));
        if !plain {
            bail!("`{path}` leaves the application: give a path below its folder, without `..`");
        }
        let file = self.root.join(path);
        let folder = file.parent().unwrap_or(&self.root);
        self.must_be_within(folder)?;
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("`{path}` is there already, and is not overwritten: take another name, or edit it")
            }
            Err(error) => return Err(error).with_context(|| format!("`{path}` cannot be written")),
        };
        file.write_all(text.as_bytes()).with_context(|| format!("`{path}` cannot be written"))
    }

    /// Follows what is there of the folder: a link may lead elsewhere.
    fn must_be_within(&self, folder: &Path) -> Result<()> {
        let there = folder.ancestors().find(|it| it.symlink_metadata().is_ok()).unwrap_or(&self.root);
        let real = there.canonicalize().with_context(|| format!("{} leads nowhere", there.display()))?;
        if !real.starts_with(&self.root) {
            bail!(
                "{} leads to {}, which is outside of the application: nothing is written there",
                there.display(),
                real.display()
            );
        }
        Ok(())
    }
}
