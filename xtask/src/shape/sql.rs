//! SQL lives in stores.

use super::{Fault, source::Source};

/// String literals with SQL outside `store.rs` and `store/` of a framework crate.
pub(super) fn faults(sources: &[Source]) -> Vec<Fault> {
    sources.iter().filter(|source| is_framework(source) && !is_store(source)).flat_map(of_source).collect()
}

fn of_source(source: &Source) -> impl Iterator<Item = Fault> {
    let shipped = source.literals.iter().filter(|at| source.ships(at.line));
    shipped.filter(|at| is_sql(&at.text)).map(|at| {
        let start: String = at.text.trim_start().chars().take(30).collect();
        let what = format!("SQL outside a store (`{start}`): move it to the crate's store.rs");
        Fault::at(&source.path, at.line, what)
    })
}

fn is_framework(source: &Source) -> bool {
    source.path.starts_with("crates/")
}

fn is_store(source: &Source) -> bool {
    let (_, rest) = source.crate_and_rest();
    rest == "src/store.rs" || rest.starts_with("src/store/")
}

/// Whether the text begins like a statement. One keyword is not enough: `update` begins sentences too.
fn is_sql(text: &str) -> bool {
    let written = text.replace("\\n", " ").replace(['\\', '('], " ");
    let lowered = written.to_ascii_lowercase();
    let words: Vec<&str> = lowered.split_whitespace().collect();
    let is_shouted = written
        .split_whitespace()
        .next()
        .is_some_and(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()));
    match words.as_slice() {
        [] | [_] => false,
        ["select", ..] if is_shouted => true,
        ["select", rest @ ..] => rest.contains(&"from") && reads_as_query(&lowered),
        ["with", rest @ ..] => rest.contains(&"as") && rest.contains(&"select") && lowered.contains(')'),
        ["insert" | "replace", "into", ..] | ["delete", "from", ..] => true,
        ["insert", "or", "ignore" | "replace" | "abort" | "fail" | "rollback", ..] => true,
        ["update", .., last] => {
            *last != "set" && words.iter().skip(2).take(4).any(|word| *word == "set") && lowered.contains('=')
        }
        ["create" | "alter" | "drop", rest @ ..] => {
            rest.iter().take(3).any(|word| is_object(word)) && is_shouted
        }
        ["pragma", ..] => is_shouted || lowered.contains('=') || words.len() == 2,
        [
            "truncate" | "explain" | "listen" | "notify" | "vacuum" | "set" | "show" | "lock" | "analyze",
            ..,
        ] => is_shouted,
        _ => false,
    }
}

/// Marks that a query has and a sentence with "select … from" has not.
fn reads_as_query(lowered: &str) -> bool {
    ["*", "$1", "?", " where ", " limit ", "=", ", "].iter().any(|mark| lowered.contains(mark))
}

fn is_object(word: &str) -> bool {
    let objects = [
        "table",
        "index",
        "unique",
        "trigger",
        "function",
        "schema",
        "view",
        "database",
        "extension",
        "sequence",
        "type",
        "role",
        "policy",
        "publication",
    ];
    objects.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_sql() {
        for text in [
            "SELECT 1",
            "select id, title from post",
            "\\n    SELECT id\\n    FROM post",
            "insert into post (id) values ($1)",
            "INSERT INTO {table}(id) VALUES (?)",
            "insert or ignore into post values (1)",
            "update post set title = $1",
            "UPDATE ONLY post AS p SET title = 'x'",
            "Delete From post",
            "CREATE UNIQUE INDEX a ON b (c)",
            "CREATE TABLE IF NOT EXISTS a (b)",
            "ALTER TABLE a ADD b",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "PRAGMA journal_mode",
            "pragma synchronous=FULL",
            "SET LOCAL statement_timeout = 1",
        ] {
            assert!(is_sql(text), "{text}");
        }
    }

    #[test]
    fn sentences_and_single_words_are_not() {
        for text in [
            "select",
            "SELECT",
            "update",
            "update the row again",
            "update of `title` did not set anything",
            "select at most 3 fields from the list",
            "create a table of contents",
            "drop the type annotation",
            "with a scope as declared",
            "set AUTH_SECRET to at least 32 bytes",
            "delete",
            "insert failed",
            "begin with a letter",
        ] {
            assert!(!is_sql(text), "{text}");
        }
    }

    #[test]
    fn sql_outside_a_store_is_a_fault() {
        let text = "fn a() { query(\"DELETE FROM post\") }";
        let count = |path| faults(&[Source::parse(path, text)]).len();
        assert_eq!(count("crates/a/src/create.rs"), 1);
        assert_eq!(count("crates/a/src/storeroom.rs"), 1);
        assert_eq!(count("crates/a/src/store.rs"), 0);
        assert_eq!(count("crates/a/src/store/result.rs"), 0);
        assert_eq!(count("crates/a/tests/create.rs"), 0);
        assert_eq!(count("examples/blog/src/main.rs"), 0);
    }

    #[test]
    fn sql_in_comments_and_unit_tests_is_none() {
        let text = "// DELETE FROM post\n/// \"DELETE FROM post\"\nfn a() {}\n#[cfg(test)]\nmod tests {\n\
                    const A: &str = \"DELETE FROM post\";\n}\n";
        assert_eq!(faults(&[Source::parse("crates/a/src/create.rs", text)]), []);
    }
}
