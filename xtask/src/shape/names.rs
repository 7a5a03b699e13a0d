//! Modules are named for what they are about.

use super::{
    Fault,
    source::{At, Source},
};

/// Names that say nothing, so that everything ends up there.
const BANNED: [&str; 9] =
    ["common", "helper", "helpers", "misc", "type", "types", "util", "utils", "utilities"];

/// Modules, files and folders with a name that says nothing.
pub(super) fn faults(sources: &[Source]) -> Vec<Fault> {
    sources.iter().flat_map(of_source).collect()
}

fn of_source(source: &Source) -> Vec<Fault> {
    let (_, rest) = source.crate_and_rest();
    let words = rest.trim_end_matches(".rs").split('/');
    let in_path = words.filter(|word| BANNED.contains(word)).map(|word| fault(&source.path, 1, word));
    let inline = source.modules.iter().filter(|At { text, .. }| BANNED.contains(&text.as_str()));
    let declared = inline.map(|at| fault(&source.path, at.line, &at.text));
    in_path.chain(declared).collect()
}

fn fault(path: &str, line: usize, word: &str) -> Fault {
    Fault::at(path, line, format!("a module named `{word}`: name it for its domain noun or stage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        faults(&[Source::parse(path, text)]).len()
    }

    #[test]
    fn a_name_that_says_nothing_is_a_fault_as_file_folder_and_module() {
        assert_eq!(count("crates/a/src/utils.rs", ""), 1);
        assert_eq!(count("crates/a/src/common/clock.rs", ""), 1);
        assert_eq!(count("crates/a/tests/helpers/mod.rs", ""), 1);
        assert_eq!(count("crates/a/src/lib.rs", "pub(crate) mod types;"), 1);
    }

    #[test]
    fn a_domain_noun_is_none() {
        assert_eq!(count("crates/types/src/clock.rs", "mod utilisation; mod lease;"), 0);
    }
}
