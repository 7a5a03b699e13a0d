//! The cargo commands that tests and checks need, installed when they are missing.

use anyhow::{Context, Result};

use crate::process;

/// A cargo subcommand that is a package of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Nextest,
    Deny,
    Machete,
    Fuzz,
}

impl Tool {
    /// What `cargo xtask services` installs. The rest is used where it is found.
    pub(crate) const NEEDED: [Self; 2] = [Self::Nextest, Self::Deny];

    /// As in `cargo NAME`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nextest => "nextest",
            Self::Deny => "deny",
            Self::Machete => "machete",
            Self::Fuzz => "fuzz",
        }
    }

    /// Whether `cargo NAME` works.
    pub(crate) fn is_installed(self) -> bool {
        process::succeeds(process::cargo().args([self.name(), "--version"]))
    }
}

/// Installs the tool with `cargo install --locked` unless it is there.
///
/// Built for a short compilation rather than for speed: cargo-deny takes two minutes of CPU this way.
pub(crate) fn ensure(tool: Tool) -> Result<()> {
    if tool.is_installed() {
        return Ok(());
    }
    let package = format!("cargo-{}", tool.name());
    println!("tools: {package} is missing, installing it with `cargo install --locked {package}`");
    let mut install = process::cargo();
    install
        .args(["install", "--locked", "--quiet", &package])
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run(&mut install).with_context(|| format!("{package} is needed: install it by hand"))
}
