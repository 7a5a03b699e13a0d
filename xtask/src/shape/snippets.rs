//! Each piece of Rust in the book stands in code that is compiled. Those that begin with the name of a file are
//! compiled as that file, by the test that follows the page.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{
    Fault,
    tree::{File, Tree},
};

/// The page whose pieces that name a file are compiled as that file, by a test that follows it.
const FOLLOWED: &str = "docs/first-app.md";

/// Pieces of the pages below `docs` that no Rust file has, or that say that they need not be compiled.
pub(super) fn faults(tree: &Tree) -> Vec<Fault> {
    // What stands in `tests/ui` is refused by the compiler.
    let is_code =
        |path: &str| (path.ends_with(".rs") || path.ends_with(".rs.in")) && !path.contains("/tests/ui/");
    let compiled: Vec<_> =
        tree.files.iter().filter(|it| is_code(&it.path)).filter_map(|it| words(&it.text)).collect();
    let pages = tree.files.iter().filter(|it| it.path.starts_with("docs/") && it.path.ends_with(".md"));
    pages.flat_map(|page| of_page(page, &compiled)).collect()
}

fn of_page(page: &File, compiled: &[String]) -> Vec<Fault> {
    let is_followed = |text: &str| page.path == FOLLOWED && text.starts_with("// src/");
    let pieces = snippets(&page.text).into_iter().filter(|(_, text)| !is_followed(text));
    let missing = pieces.filter_map(|(line, text)| match words(&text) {
        None => Some((line, "is not Rust as far as tokens go".to_owned())),
        Some(words) if compiled.iter().any(|it| it.contains(&words)) => None,
        Some(_) => {
            let what =
                "is in no Rust file: put it into crates/mainstay/tests/it/book, where it is compiled and run";
            Some((line, what.to_owned()))
        }
    });
    let marked = page.text.lines().enumerate().filter(|(_, line)| line.starts_with("```rust,"));
    let marked = marked.map(|(index, _)| {
        (index + 1, "says how it is compiled: write `rust` alone, or `text` where it is no Rust".to_owned())
    });
    let faults = missing.chain(marked);
    faults.map(|(line, what)| Fault::at(&page.path, line, format!("this piece of Rust {what}"))).collect()
}

/// The blocks headed `rust`, with the lines that they begin on.
fn snippets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim_end() == "```rust" {
            let block = lines.by_ref().map(|(_, line)| line).take_while(|it| it.trim_end() != "```");
            let block = block.collect::<Vec<_>>().join("\n");
            found.push((index + 1, block));
        }
    }
    found
}

/// The tokens, without comments, spaces and commas before a closing bracket.
fn words(text: &str) -> Option<String> {
    let mut words = Vec::new();
    walk(text.parse().ok()?, &mut words);
    // A space at each end, so that no word is found within another one.
    Some(format!(" {} ", words.join(" ")))
}

fn walk(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(open.to_owned());
                walk(group.stream(), words);
                if words.last().is_some_and(|it| it == ",") {
                    words.pop();
                }
                words.push(close.to_owned());
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                words.push(token.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(page: &str, code: &str) -> usize {
        faults(&Tree::of(&[("docs/a.md", page), ("crates/a/tests/it/book.rs", code)])).len()
    }

    #[test]
    fn a_piece_of_rust_that_no_file_has_is_a_fault() {
        let page = "# A\n\n```rust\nlet a = f(1, // one\n    2);\n```\n";
        assert_eq!(count(page, "fn g() {\n    let a = f(\n        1,\n        2,\n    );\n}"), 0);
        assert_eq!(count(page, "fn g() { let a = f(1, 3); }"), 1);
        assert_eq!(count(page, "fn g() { // let a = f(1, 2);\n }"), 1);
        assert_eq!(count("```rust\nab\n```", "fn cab() {}"), 1);
        assert_eq!(count("```rust\nfn (\n```", "fn a() {}"), 1, "it cannot be read");
        assert_eq!(
            count("```rust,ignore\nlet b = 1;\n```", "fn a() { let b = 1; }"),
            1,
            "nothing is ignored"
        );
        assert_eq!(
            count("```rust\n// src/a.rs\nlet b = 1;\n```", "fn a() {}"),
            1,
            "no test follows this page"
        );
        let first = [(FOLLOWED, "```rust\n// src/a.rs\nlet b = 1;\n```"), ("a.rs", "fn a() {}")];
        assert!(faults(&Tree::of(&first)).is_empty(), "one follows that page");
        let refused =
            [("docs/a.md", "```rust\nlet b = 1;\n```"), ("a/tests/ui/b.rs", "fn a() { let b = 1; }")];
        assert_eq!(faults(&Tree::of(&refused)).len(), 1);
    }
}
