//! The facade with its default features stays small.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::process;

/// The most crates that `mainstay` may need with its default features.
const LIMIT: usize = 200;

/// Counts the crates of `mainstay`, itself included.
pub(crate) fn check() -> Result<()> {
    let mut tree = process::cargo();
    let text =
        process::output(tree.args(["tree", "-p", "mainstay", "-e", "normal,build", "--prefix", "none"]))?;
    let found = count(&text);
    println!("mainstay with its default features: {found} crates of at most {LIMIT}");
    if found > LIMIT {
        bail!("{found} crates, at most {LIMIT}: trim features, or put the dependency behind one of ours");
    }
    Ok(())
}

/// Different crates in the output of `cargo tree --prefix none`, which repeats them with ` (*)`.
fn count(tree: &str) -> usize {
    let crates = tree.lines().map(|line| line.trim_end().trim_end_matches(" (*)"));
    crates.filter(|line| !line.is_empty()).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_crate_counts_once_and_two_versions_twice() {
        let tree = "mainstay v0.1.0 (/m)\nsyn v2.0.1\nsyn v3.0.1\n\nsyn v2.0.1 (*)\n";
        assert_eq!(count(tree), 3);
    }
}
