//! Only the kernel's transaction and its stores begin or commit.
//!
//! Names like `commit` have other uses, so this looks for the drivers' own methods and for statements; that
//! no other crate can reach a driver is a rule of `edges`.

use super::{
    Fault,
    source::{At, Source},
};

/// Methods that only drivers have, and that begin a transaction.
const METHODS: [&str; 6] = [
    "build_transaction",
    "savepoint",
    "savepoint_with_name",
    "transaction",
    "transaction_with_behavior",
    "unchecked_transaction",
];
/// First words of statements that do.
const STATEMENTS: [&str; 7] = ["ABORT", "BEGIN", "COMMIT", "END", "RELEASE", "ROLLBACK", "SAVEPOINT"];

/// Calls and statements that begin or end a transaction where no transaction is handled.
pub(super) fn faults(sources: &[Source]) -> Vec<Fault> {
    sources.iter().filter(|source| !may(source)).flat_map(of_source).collect()
}

fn of_source(source: &Source) -> Vec<Fault> {
    let calls = source.calls.iter().filter(|at| METHODS.contains(&at.text.as_str()));
    let statements = source.literals.iter().filter(|at| is_statement(&at.text));
    let shipped = calls.chain(statements).filter(|at| source.ships(at.line));
    shipped.map(|at| fault(source, at)).collect()
}

fn fault(source: &Source, at: &At) -> Fault {
    let what =
        format!("`{}` begins or ends a transaction: only the kernel's Tx and store do", at.text.trim());
    Fault::at(&source.path, at.line, what)
}

fn may(source: &Source) -> bool {
    if !source.path.starts_with("crates/") {
        return true;
    }
    let (folder, rest) = source.crate_and_rest();
    let places = ["src/tx.rs", "src/tx/", "src/store.rs", "src/store/"];
    folder == "crates/mainstay-kernel" && places.iter().any(|place| rest.starts_with(place))
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split([' ', ';', '\n']).filter(|word| !word.is_empty());
    match words.next() {
        Some("START") => words.next() == Some("TRANSACTION"),
        Some(first) => STATEMENTS.contains(&first),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        faults(&[Source::parse(path, text)]).len()
    }

    #[test]
    fn a_commit_outside_the_kernel_is_a_fault() {
        assert_eq!(
            count("crates/mainstay-model/src/create.rs", "fn a() { connection.transaction().await }"),
            1
        );
        assert_eq!(count("crates/mainstay-model/src/store.rs", "fn a() { run(\"BEGIN; SELECT 1\") }"), 1);
        assert_eq!(count("crates/mainstay-kernel/src/relay.rs", "fn a() { run(\"START TRANSACTION\") }"), 1);
    }

    #[test]
    fn the_kernels_transaction_and_store_commit() {
        let text = "fn a() { inner.transaction(); run(\"COMMIT\") }";
        assert_eq!(count("crates/mainstay-kernel/src/tx.rs", text), 0);
        assert_eq!(count("crates/mainstay-kernel/src/store/sqlite.rs", text), 0);
    }

    #[test]
    fn talk_of_commits_and_tests_are_no_faults() {
        let text = "// COMMIT\nfn a() { log(\"commit failed\") }\n#[cfg(test)]\nmod tests {\nfn b() { run(\"COMMIT\") }\n}\n";
        assert_eq!(count("crates/mainstay-web/src/crud.rs", text), 0);
        assert_eq!(count("crates/mainstay-web/tests/crud.rs", "fn a() { run(\"COMMIT\") }"), 0);
    }
}
