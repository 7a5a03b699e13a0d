//! `docs/errors.md` has each code of an answer, and no other.

use std::collections::BTreeMap;

use super::{
    Fault,
    source::Source,
    tree::{File, Tree},
};

const DOCUMENT: &str = "docs/errors.md";

/// Crates whose errors clients meet.
const CRATES: [&str; 3] = ["crates/mainstay-auth", "crates/mainstay-model", "crates/mainstay-web"];

/// What stands before a code, in Rust without spaces.
const BEFORE: [&str; 4] = ["bad_request(\"", "BadRequest(\"", "code:\"", "fault("];

/// Codes that the document lacks, and those that no code raises.
pub(super) fn faults(tree: &Tree, sources: &[Source]) -> Vec<Fault> {
    let Some(document) = tree.get(DOCUMENT) else {
        return vec![Fault::new(DOCUMENT, "is missing: a row per code, with cause and fix")];
    };
    let told = documented(&document.text);
    let ours = |path: &str| CRATES.iter().any(|it| path.starts_with(&format!("{it}/src/")));
    let raised: BTreeMap<String, &str> = tree
        .files
        .iter()
        .filter(|it| ours(&it.path) && it.path.ends_with(".rs") && !it.path.ends_with("tests.rs"))
        .flat_map(|file| raised(file).into_iter().map(|code| (code, file.path.as_str())))
        .collect();
    let untold = raised.iter().filter(|(code, _)| !told.contains_key(*code)).map(|(code, path)| {
        Fault::new(
            *path,
            format!("raises `{code}`, which {DOCUMENT} does not explain: add a row with cause and fix"),
        )
    });
    // The rules' names are codes too: the derive macro writes them.
    let named = |path: &str| ours(path) || path.starts_with("crates/mainstay-macros/src/");
    let literals: Vec<_> = sources.iter().filter(|it| named(&it.path)).flat_map(|it| &it.literals).collect();
    let unraised =
        told.iter().filter(|(code, _)| !literals.iter().any(|it| it.text == **code)).map(|(code, line)| {
            Fault::at(DOCUMENT, *line, format!("explains `{code}`, which nothing raises: take it away"))
        });
    untold.chain(unraised).collect()
}

/// The codes in the first cells of the document's tables, with their lines.
fn documented(text: &str) -> BTreeMap<String, usize> {
    let rows = text.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    let cells = rows.filter_map(|(index, line)| Some((index + 1, line.split('|').nth(1)?)));
    let codes =
        cells.flat_map(|(line, cell)| cell.split('`').skip(1).step_by(2).map(move |code| (code, line)));
    codes.filter(|(code, _)| is_code(code)).map(|(code, line)| (code.to_owned(), line)).collect()
}

/// The codes that a file's errors have.
fn raised(file: &File) -> Vec<String> {
    let shipped = file.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
    let plain = dense(&code.collect::<Vec<_>>().join("\n"));
    let before =
        BEFORE.iter().flat_map(|before| plain.split(*before).skip(1).map(move |rest| (*before, rest)));
    let statuses = plain.split("StatusCode::").skip(1).filter_map(|rest| rest.split_once(",\""));
    let statuses = statuses.filter(|(name, _)| name.bytes().all(|it| it.is_ascii_uppercase() || it == b'_'));
    let quoted = before.filter_map(|(before, rest)| match before {
        // `fault(field, "required", …)`
        "fault(" => {
            rest.split_once(",\"").filter(|(first, _)| !first.contains(['"', ';', '{'])).map(|(_, rest)| rest)
        }
        _ => Some(rest),
    });
    let codes = quoted.chain(statuses.map(|(_, rest)| rest)).filter_map(|rest| rest.split_once('"'));
    codes.map(|(code, _)| code).filter(|it| is_code(it)).map(str::to_owned).collect()
}

/// Without the spaces that are in no text.
fn dense(code: &str) -> String {
    let outside = code.split('"').enumerate().map(|(position, part)| match position % 2 {
        0 => part.split_whitespace().collect(),
        _ => part.to_owned(),
    });
    outside.collect::<Vec<_>>().join("\"")
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str, code: &str) -> Vec<String> {
        let path = "crates/mainstay-web/src/error.rs";
        let tree = Tree::of(&[(DOCUMENT, document), (path, code)]);
        faults(&tree, &[Source::parse(path, code)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_code_without_a_row_is_a_fault_and_a_row_without_a_code_too() {
        let code = "fn a() { Self::new(StatusCode::GONE, \"all_gone\", x); fault(name, \"required\", y); }";
        let row = "| status, code | cause |\n|---|---|\n| 410 `all_gone` | x |\n| `required` | y |\n";
        assert!(of(row, code).is_empty());
        let missing = of("", code);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(
            missing[0].contains("raises `all_gone`, which docs/errors.md does not explain"),
            "{missing:?}"
        );
        let surplus = of(&format!("{row}| 418 `teapot` | z |\n"), code);
        assert_eq!(surplus, ["docs/errors.md:5: explains `teapot`, which nothing raises: take it away"]);
    }
}
