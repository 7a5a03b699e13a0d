//! `mainstay new NAME`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::name::Name;
use crate::project::Project;
use crate::template::fill;

/// Names that mean something else to Cargo or to Rust.
const TAKEN: [&str; 7] = ["core", "std", "alloc", "test", "proc-macro", "mainstay", "build"];

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        /// The files of an application, and their texts.
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../templates/app/", $path, ".in")))),*];
    };
}

files! {
    ".dockerignore",
    ".env.example",
    ".github/workflows/ci.yml",
    ".gitignore",
    "Cargo.toml",
    "Dockerfile",
    "README.md",
    "build.rs",
    "migrations/.keep",
    "rustfmt.toml",
    "src/discovered.rs",
    "src/endpoints/tasks/[id]/finish/post.rs",
    "src/main.rs",
    "src/models/task.rs",
    "src/models/user.rs",
    "src/tests.rs",
}

/// Writes an application into a new folder of its name.
pub(crate) fn new(written: &str, framework: Option<PathBuf>) -> Result<String> {
    let name = Name::read(written)?.kebab();
    if TAKEN.contains(&name.as_str()) {
        bail!("`{name}` is a crate that others know: take another name, such as `my-{name}`");
    }
    let framework = located(framework)?;
    let folder = Path::new(&name);
    if folder.symlink_metadata().is_ok() {
        bail!(
            "there is a `{name}` here already, and it is not overwritten: take another name, or another folder"
        );
    }
    fs::create_dir(folder).with_context(|| format!("the folder `{name}` cannot be made"))?;
    let project = Project::at(folder)?;
    let values = [("name", name.as_str()), ("framework", &framework.display().to_string())];
    for (path, text) in FILES {
        project.write(path, &fill(text, &values))?;
    }
    // The versions that the framework is tested with.
    if let Ok(versions) = fs::read_to_string(framework.join("Cargo.lock")) {
        project.write("Cargo.lock", &versions)?;
    }
    Ok(format!(
        "wrote the application `{name}`: a model, an endpoint and a test\n\nnext:\n  cd {name}\n  cargo test\n  cargo run            \
         # then http://127.0.0.1:3000\n  mainstay add --help\n"
    ))
}

/// Where the framework is: where this command was built, unless told.
fn located(told: Option<PathBuf>) -> Result<PathBuf> {
    let framework = told.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let is_there = framework.join("crates/mainstay/Cargo.toml").is_file();
    if !is_there {
        bail!(
            "the framework's sources are not at {}: say where they are with `--framework PATH`, the folder that has \
             `crates/mainstay`",
            framework.display()
        );
    }
    framework.canonicalize().with_context(|| format!("{} cannot be opened", framework.display()))
}
