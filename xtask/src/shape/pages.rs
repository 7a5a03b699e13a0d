//! The book is whole: its table of contents, its links, and what is made of it for machines.

use super::{
    Fault,
    tree::{File, Tree},
};
use crate::book::{self, SUMMARY};

/// Pages that are not listed or not there, links that lead nowhere, and texts that were not made anew.
pub(super) fn faults(tree: &Tree) -> Vec<Fault> {
    let Some(summary) = tree.get(SUMMARY) else {
        return vec![Fault::new(SUMMARY, "is missing: the pages of the book, in their order")];
    };
    let listed: Vec<_> = book::pages(&summary.text).iter().map(|it| format!("docs/{}", it.path)).collect();
    let pages: Vec<_> = tree.files.iter().filter(|it| is_page(&it.path)).collect();
    let missing = listed.iter().filter(|path| tree.get(path).is_none());
    let missing = missing.map(|path| Fault::new(SUMMARY, format!("lists `{path}`, which is not there")));
    let unlisted = pages.iter().filter(|it| !listed.contains(&it.path));
    let unlisted =
        unlisted.map(|it| Fault::new(&it.path, format!("is not listed in {SUMMARY}: add it there")));
    let links = pages.iter().flat_map(|page| broken(page, tree));
    missing.chain(unlisted).chain(links).chain(stale(tree, &summary.text)).collect()
}

fn is_page(path: &str) -> bool {
    path.ends_with(".md") && path.strip_prefix("docs/").is_some_and(|it| !it.contains('/')) && path != SUMMARY
}

fn stale(tree: &Tree, summary: &str) -> Vec<Fault> {
    let made = book::made(summary, |page| tree.get(page).map(|it| it.text.clone()));
    let stale = made.into_iter().filter(|(path, text)| tree.get(path).is_none_or(|it| it.text != *text));
    stale
        .map(|(path, _)| Fault::new(path, "is not what the pages say now: `cargo xtask docs` writes it"))
        .collect()
}

/// Links of a page to files or headings that are not there.
fn broken(page: &File, tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in prose(&page.text) {
        for target in line.split("](").skip(1).filter_map(|it| it.split(')').next()) {
            if target.contains("://") || target.starts_with('<') {
                continue;
            }
            let (path, heading) =
                target.split_once('#').map_or((target, None), |(path, it)| (path, Some(it)));
            let path = if path.is_empty() { page.path.clone() } else { from_docs(path) };
            let file = tree.get(&path);
            let has_heading =
                |it: &File| heading.is_none_or(|heading| anchors(&it.text).iter().any(|it| it == heading));
            let is_folder = || tree.files.iter().any(|it| it.path.starts_with(&format!("{path}/")));
            if !file.map_or_else(is_folder, has_heading) {
                faults.push(Fault::at(&page.path, index, format!("the link `{target}` leads nowhere")));
            }
        }
    }
    faults
}

/// The lines outside of blocks of code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        (!is_code && !fence).then_some((index + 1, line))
    })
}

/// A path that begins in `docs`, from the repository's root.
fn from_docs(path: &str) -> String {
    match path.strip_prefix("../") {
        Some(path) => path.to_owned(),
        None => format!("docs/{path}"),
    }
}

/// What links call the headings: small letters, hyphens for spaces, nothing else but underscores.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).map(|(_, line)| line).filter(|line| line.starts_with('#'));
    let plain = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|it| it.is_alphanumeric() || "-_".contains(*it)).collect()
    };
    headings.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files);
        let stale = |it: &&Fault| !it.place.starts_with("llms");
        faults(&tree).iter().filter(stale).map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_that_is_not_listed_or_not_there_is_a_fault() {
        let files =
            [("docs/SUMMARY.md", "- [A](a.md)\n- [B](b.md)"), ("docs/a.md", "# A"), ("docs/c.md", "# C")];
        let expected = [
            "docs/SUMMARY.md: lists `docs/b.md`, which is not there",
            "docs/c.md: is not listed in docs/SUMMARY.md: add it there",
        ];
        assert_eq!(of(&files), expected);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_a_fault() {
        let page = "# A b: c!\n\n[x](#a-b-c) [x](../R.md) [x](https://x.example/y) [x](a.md#a-b-c)\n\n```\n[x](no.md)\n```\n";
        let summary = ("docs/SUMMARY.md", "- [A](a.md)");
        assert!(of(&[summary, ("docs/a.md", page), ("R.md", "")]).is_empty());
        let wrong = of(&[summary, ("docs/a.md", "# A\n\n[x](b.md) [x](#b) [x](../R.md#z)"), ("R.md", "")]);
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert_eq!(wrong[0], "docs/a.md:3: the link `b.md` leads nowhere");
    }

    #[test]
    fn what_is_made_of_old_pages_is_a_fault() {
        let files = [("docs/SUMMARY.md", "- [A](a.md)"), ("docs/a.md", "# A\n\nOne.")];
        let tree = Tree::of(&files);
        assert_eq!(stale(&tree, files[0].1).len(), 2);
        let made = book::made(files[0].1, |page| tree.get(page).map(|it| it.text.clone()));
        let mut files = files.to_vec();
        files.extend(made.iter().map(|(path, text)| (*path, text.as_str())));
        assert!(stale(&Tree::of(&files), files[0].1).is_empty());
    }
}
