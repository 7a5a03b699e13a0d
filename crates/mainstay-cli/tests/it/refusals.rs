//! What the command refuses, word by word: `refusals.txt`, which `MAINSTAY_BLESS=1` writes anew. Where the commands of
//! a block begin with `cd ..`, they are called outside of the application.

use std::fs;
use std::path::Path;

use crate::desk::Desk;

#[test]
fn what_is_refused_is_told_word_by_word() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/refusals.txt");
    let desk = Desk::new();
    desk.must(".", "new shop");
    let kept = fs::read_to_string(&path).expect("the refusals");
    let told =
        kept.split_terminator("\n\n").map(|block| refused(&desk, block)).collect::<Vec<_>>().join("\n");
    if std::env::var_os("MAINSTAY_BLESS").is_some() {
        fs::write(&path, &told).expect("it can be written");
    }
    assert_eq!(told, fs::read_to_string(&path).expect("the refusals"), "MAINSTAY_BLESS=1 writes them anew");
}

/// The commands of the block, and what the last one is told.
fn refused(desk: &Desk, block: &str) -> String {
    let commands: Vec<_> = block.lines().filter_map(|it| it.strip_prefix("$ ")).collect();
    let words = commands.last().and_then(|it| it.strip_prefix("mainstay ")).expect("a command");
    let is_outside = commands.contains(&"cd ..") || words.starts_with("new");
    let said = desk.refused(if is_outside { "." } else { "shop" }, words);
    let here = fs::canonicalize(desk.path(".")).expect("a folder").display().to_string();
    let said = said.replace(&here, "[here]");
    let typed: String = commands.iter().map(|it| format!("$ {it}\n")).collect();
    let said = said.lines().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n");
    format!("{typed}{said}\n")
}
