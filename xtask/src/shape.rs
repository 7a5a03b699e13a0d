//! The repository's shape: what `ARCHITECTURE.md` promises about crates, files and SQL, as failing rules.
//!
//! Each rule is a function from what was read to its faults, and has a test that it can fail.

mod codes;
mod edges;
mod evidence;
mod length;
mod names;
mod pages;
mod paths;
mod snippets;
mod source;
mod sql;
mod transactions;
mod tree;

use std::fmt::{self, Display};

use anyhow::{Result, bail};

use self::{source::Source, tree::Tree};
use crate::{metadata, process};

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// A file, with its line where there is one, or a crate.
    place: String,
    /// What is wrong and what to do.
    what: String,
}

impl Fault {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    fn at(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{file}:{line}"), what)
    }
}

impl Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

/// Holds the repository against every rule; the error lists all faults.
pub(crate) fn check() -> Result<()> {
    let faults = faults(&Tree::read(&process::root())?, &metadata::read()?.packages);
    if !faults.is_empty() {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        bail!("{} faults in the repository's shape\n{}", faults.len(), lines.join("\n"));
    }
    Ok(())
}

fn faults(tree: &Tree, packages: &[metadata::Package]) -> Vec<Fault> {
    let (sources, unreadable) = Source::of_all(tree);
    let by_rule = [
        unreadable,
        edges::faults(packages),
        length::faults(&sources),
        names::faults(&sources),
        sql::faults(&sources),
        transactions::faults(&sources),
        paths::faults(tree),
        evidence::faults(tree, &sources),
        codes::faults(tree, &sources),
        snippets::faults(tree),
        pages::faults(tree),
    ];
    by_rule.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_has_its_shape() {
        if let Err(faults) = super::check() {
            panic!("{faults}");
        }
    }
}
