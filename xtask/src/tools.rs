//! The programs that tests and checks need, installed by cargo when they are missing.

use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// A program that is a package of its own: a cargo subcommand, or mdbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Nextest,
    Deny,
    Machete,
    Fuzz,
    Mdbook,
}

impl Tool {
    /// What `cargo xtask services` installs. The rest is used where it is found.
    pub(crate) const NEEDED: [Self; 2] = [Self::Nextest, Self::Deny];

    /// As in `cargo NAME`, or its own.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nextest => "nextest",
            Self::Deny => "deny",
            Self::Machete => "machete",
            Self::Fuzz => "fuzz",
            Self::Mdbook => "mdbook",
        }
    }

    /// What cargo installs.
    fn package(self) -> String {
        match self {
            Self::Nextest | Self::Deny | Self::Machete | Self::Fuzz => format!("cargo-{}", self.name()),
            // Neither its server nor its search is needed to know that a book comes of the pages.
            Self::Mdbook => "mdbook@0.5.4".to_owned(),
        }
    }

    /// Runs it.
    pub(crate) fn command(self) -> Command {
        match self {
            Self::Nextest | Self::Deny | Self::Machete | Self::Fuzz => {
                let mut cargo = process::cargo();
                cargo.arg(self.name());
                cargo
            }
            Self::Mdbook => Command::new("mdbook"),
        }
    }

    /// Whether it works.
    pub(crate) fn is_installed(self) -> bool {
        process::succeeds(self.command().arg("--version"))
    }
}

/// Installs the tool with `cargo install --locked` unless it is there.
///
/// Built for a short compilation rather than for speed: cargo-deny takes two minutes of CPU this way.
pub(crate) fn ensure(tool: Tool) -> Result<()> {
    if tool.is_installed() {
        return Ok(());
    }
    let package = tool.package();
    println!("tools: {package} is missing, installing it with `cargo install --locked {package}`");
    let mut install = process::cargo();
    install.args(["install", "--locked", "--quiet", &package]);
    if tool == Tool::Mdbook {
        install.arg("--no-default-features");
    }
    install
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run(&mut install).with_context(|| format!("{package} is needed: install it by hand"))
}
