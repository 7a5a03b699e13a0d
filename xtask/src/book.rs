//! The book: `docs/SUMMARY.md` and the pages that it names. `cargo xtask docs` writes what is made of them.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::process;
use crate::tools::{self, Tool};

/// The table of contents.
pub(crate) const SUMMARY: &str = "docs/SUMMARY.md";

/// Pages of the project's own, which are no use to who writes an application.
const OURS: [&str; 3] = ["features.md", "benchmarks.md", "rough-edges.md"];

/// A page, as the table of contents names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// Below `docs`.
    pub(crate) path: &'a str,
}

/// The pages of a table of contents, in its order.
pub(crate) fn pages(summary: &str) -> Vec<Page<'_>> {
    let links = summary.lines().filter_map(|line| line.trim().strip_prefix("- [")?.strip_suffix(')'));
    links.filter_map(|it| it.split_once("](")).map(|(title, path)| Page { title, path }).collect()
}

/// What is made of the pages, by its path: `llms.txt` lists them, `llms-full.txt` holds them.
pub(crate) fn made(summary: &str, text: impl Fn(&str) -> Option<String>) -> [(&'static str, String); 2] {
    let mut list = "# Mainstay\n\n> A backend framework for Rust: models, endpoints, hooks and the rest as plain Rust, one binary on \
                    embedded SQLite or on PostgreSQL, every change through one transaction.\n\n## Docs\n\n"
        .to_owned();
    let mut full = String::new();
    for Page { title, path } in pages(summary).into_iter().filter(|it| !OURS.contains(&it.path)) {
        let Some(text) = text(&format!("docs/{path}")) else { continue };
        list.push_str(&format!("- [{title}](docs/{path}): {}\n", first_sentence(&text)));
        full.push_str(text.trim_end());
        full.push_str("\n\n");
    }
    [("llms.txt", list), ("llms-full.txt", full)]
}

/// Writes them.
pub(crate) fn write() -> Result<()> {
    let root = process::root();
    let summary = fs::read_to_string(root.join(SUMMARY)).context(SUMMARY)?;
    for (path, text) in made(&summary, |page| fs::read_to_string(root.join(page)).ok()) {
        fs::write(root.join(path), text).context(path)?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Builds the book. What mdbook warns of, such as a page that is not there, is a fault.
pub(crate) fn build() -> Result<()> {
    tools::ensure(Tool::Mdbook)?;
    let mut mdbook = Tool::Mdbook.command();
    let built = mdbook.args(["build", "docs"]).current_dir(process::root()).output().context("mdbook")?;
    let said = String::from_utf8_lossy(&built.stderr);
    print!("{said}");
    ensure!(built.status.success(), "mdbook could not build the book");
    ensure!(!said.contains("WARN"), "mdbook has something to say of the book: mend the page that it names");
    println!("the book is in target/book: open target/book/index.html");
    Ok(())
}

/// The page's first sentence under its title, on one line.
fn first_sentence(text: &str) -> String {
    let plain = |it: &&str| !it.is_empty() && !it.starts_with(['#', '|', '`', '<', '-']);
    let paragraphs: Vec<_> = text.split("\n\n").map(str::trim).filter(plain).collect();
    let first = paragraphs.first().copied().unwrap_or_default().replace('\n', " ");
    let end = first.find(". ").map_or(first.len(), |at| at + 1);
    first[..end].trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENTS: &str =
        "# Summary\n\n# Guide\n\n- [Models](models.md)\n  - [Hooks](hooks.md)\n- [Features](features.md)\n";

    #[test]
    fn the_table_of_contents_names_the_pages_in_order() {
        let paths: Vec<_> = pages(CONTENTS).iter().map(|it| it.path).collect();
        assert_eq!(paths, ["models.md", "hooks.md", "features.md"]);
    }

    #[test]
    fn what_is_made_for_machines_has_each_page_for_authors() {
        let text = |page: &str| Some(format!("# {page}\n\n| a |\n\nOne sentence\nof it. Another.\n"));
        let [(_, list), (_, full)] = made(CONTENTS, text);
        assert!(list.contains("- [Models](docs/models.md): One sentence of it.\n- [Hooks]"), "{list}");
        assert!(!list.contains("features") && !full.contains("features"), "{list}");
        assert!(full.starts_with("# docs/models.md\n\n| a |") && full.contains("# docs/hooks.md"), "{full}");
    }
}
