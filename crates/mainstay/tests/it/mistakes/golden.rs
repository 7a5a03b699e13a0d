//! What other tests saw, and keep in files.

use std::fs;
use std::path::Path;

use super::Mistake;

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What is said of what stands behind the `$ ` of one block of the file.
pub(super) fn refusal(file: &str, made: &str) -> String {
    let text = read(file);
    let wanted: Vec<_> = made.lines().collect();
    for block in text.split_terminator("\n\n") {
        let commands: Vec<_> = block.lines().filter_map(|it| it.strip_prefix("$ ")).collect();
        if commands == wanted {
            let said: Vec<_> = block.lines().filter(|it| !it.starts_with("$ ")).collect();
            let said = said.join("\n");
            return said.strip_prefix("error: ").unwrap_or(&said).to_owned();
        }
    }
    format!("`{made}` is not in {file}")
}

/// What a compiler's output lacks of the mistake: one error that says its words, and the fix within it.
pub(super) fn missing(mistake: &Mistake, file: &str) -> Option<String> {
    let text = read(file);
    let is_said =
        |error: &str| error.lines().next().is_some_and(|it| it.ends_with(&format!(": {}", mistake.says)));
    let starts = text.match_indices("\nerror").map(|(at, _)| at + 1);
    let starts: Vec<_> = std::iter::once(0).chain(starts).chain([text.len()]).collect();
    let mut errors = starts.windows(2).map(|it| &text[it[0]..it[1]]).filter(|it| is_said(it)).peekable();
    if errors.peek().is_none() {
        return Some(format!("== {}\n{file} has no error `{}`\n", mistake.name, mistake.says));
    }
    (!errors.any(|it| it.contains(mistake.fix)))
        .then(|| format!("== {}\nin {file} the error does not say `{}`\n", mistake.name, mistake.fix))
}
