//! A folder in which an application is started that must not start.

use std::error::Error;
use std::fs;
use std::path::Path;

use mainstay::config::Sources;
use mainstay::prelude::*;
use tempfile::TempDir;

/// A project root of its own, gone with the test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// What an application reads here that is told nothing.
    pub(crate) fn sources(&self) -> Sources {
        self.with(&["PORT=0"])
    }

    /// What it reads here with these variables, `NAME=value`.
    pub(crate) fn with(&self, variables: &[&str]) -> Sources {
        let pairs = variables.iter().map(|it| it.split_once('=').expect("a name and a value"));
        Sources::new("shop", self.root()).environment(pairs)
    }

    pub(crate) async fn refused(&self, app: App) -> String {
        self.refused_from(app, self.sources()).await
    }

    pub(crate) async fn refused_with(&self, variables: &[&str]) -> String {
        self.refused_from(App::new("shop"), self.with(variables)).await
    }

    pub(crate) async fn refused_by_file(&self, name: &str, text: &str) -> String {
        let sources = Sources::new("shop", self.root());
        let sources = match name {
            ".env" => sources.env(text),
            "mainstay.toml" => sources.toml(text),
            other => panic!("`{other}` is no file of variables"),
        };
        self.refused_from(App::new("shop").config::<super::parts::Settings>(), sources).await
    }

    /// What an application says that does not start, as `main` prints it.
    pub(crate) async fn refused_from(&self, app: App, sources: Sources) -> String {
        match app.start_with(sources).await {
            Ok(running) => {
                assert!(running.stop().await);
                "it started".to_owned()
            }
            Err(error) => self.redacted(&printed(&error)),
        }
    }

    /// Without what differs from run to run: this folder, places in these sources, this process.
    pub(crate) fn redacted(&self, said: &str) -> String {
        let said = said.replace(&self.root().display().to_string(), "[root]");
        let said = said.replace(&format!("process {}", std::process::id()), "process [pid]");
        without_places(&said)
    }
}

fn printed(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said += &format!("\n  because: {error}");
        cause = error.source();
    }
    said
}

/// `crates/mainstay/tests/it/mistakes/parts.rs:12` is `[place]`.
fn without_places(said: &str) -> String {
    let folder = file!().strip_suffix("place.rs").expect("this file");
    let mut parts = said.split(folder);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once(".rs:").map_or(part, |(_, rest)| rest);
        told += "[place]";
        told += rest.trim_start_matches(|it: char| it.is_ascii_digit());
    }
    told
}
