//! Each test that `docs/features.md` names exists.

use std::collections::BTreeSet;

use super::{Fault, source::Source, tree::Tree};

const DOCUMENT: &str = "docs/features.md";

/// Names in the column of tests for which the tree has no function.
pub(super) fn faults(tree: &Tree, sources: &[Source]) -> Vec<Fault> {
    let Some(document) = tree.get(DOCUMENT) else {
        return vec![Fault::new(DOCUMENT, "is missing: a row per capability, with the test that proves it")];
    };
    let functions: BTreeSet<&str> =
        sources.iter().flat_map(|source| &source.functions).map(|at| at.text.as_str()).collect();
    named_tests(&document.text)
        .into_iter()
        .filter(|(_, name)| !functions.contains(name.as_str()))
        .map(|(line, name)| {
            Fault::at(DOCUMENT, line, format!("names the test `{name}`, which does not exist"))
        })
        .collect()
}

/// What stands in backticks in the columns headed "test" of the document's tables, with its line.
fn named_tests(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut columns: Option<Vec<usize>> = None;
    for (index, line) in text.lines().enumerate() {
        if !line.trim_start().starts_with('|') {
            columns = None;
            continue;
        }
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
        match &columns {
            None => columns = Some(columns_of_tests(&cells)),
            Some(columns) => {
                let cells = columns.iter().filter_map(|&column| cells.get(column));
                names.extend(cells.flat_map(|cell| test_names(cell)).map(|name| (index + 1, name)));
            }
        }
    }
    names
}

fn columns_of_tests(heads: &[&str]) -> Vec<usize> {
    let is_test = |head: &str| head.to_lowercase().contains("test");
    heads.iter().enumerate().filter(|(_, head)| is_test(head)).map(|(column, _)| column).collect()
}

/// Names in backticks, without the path before them; files and options are no names.
fn test_names(cell: &str) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    let names = quoted.map(|quoted| quoted.rsplit("::").next().unwrap_or(quoted).trim_end_matches("()"));
    let is_name = |name: &&str| {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        name.contains('_') && name.bytes().all(is_word)
    };
    names.filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# Features\n\n| capability | where | test | missing |\n|---|---|---|---|\n\
        | Retry of `x_y` | `src/tx.rs` | `tx::a_conflict_reruns`, `a_loss_is_found` | `z_z` |\n";

    fn faults_with(functions: &str) -> Vec<String> {
        let tree = Tree::of(&[(DOCUMENT, TABLE)]);
        let faults = faults(&tree, &[Source::parse("crates/a/tests/tx.rs", functions)]);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_named_test_that_does_not_exist_is_a_fault() {
        assert_eq!(
            faults_with("async fn a_conflict_reruns() {}"),
            ["docs/features.md:5: names the test `a_loss_is_found`, which does not exist"]
        );
    }

    #[test]
    fn only_the_column_of_tests_names_tests() {
        assert!(faults_with("fn a_conflict_reruns() {} fn a_loss_is_found() {}").is_empty());
    }

    #[test]
    fn files_in_that_column_are_not_tests() {
        assert!(test_names("`tests/tx.rs`, `--all`, `cargo xtask`").is_empty());
    }

    #[test]
    fn a_missing_document_is_a_fault() {
        assert_eq!(faults(&Tree::of(&[]), &[]).len(), 1);
    }
}
