//! What the blog's commands refuse, word by word: `refusals.txt`, which `MAINSTAY_BLESS=1` writes anew.

use std::fs;
use std::path::Path;

use crate::place::{Kept, Place, on};
use crate::server::Launch;

#[test]
fn what_a_command_refuses_is_told_word_by_word() {
    on(Kept::Sqlite, |place| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/refusals.txt");
        let kept = fs::read_to_string(&path).expect("the refusals");
        let told = kept.split_terminator("\n\n").map(|block| refused(place, block));
        let told = told.collect::<Vec<_>>().join("\n");
        if std::env::var_os("MAINSTAY_BLESS").is_some() {
            fs::write(&path, &told).expect("it can be written");
        }
        assert_eq!(
            told,
            fs::read_to_string(&path).expect("the refusals"),
            "MAINSTAY_BLESS=1 writes them anew"
        );
    });
}

/// The commands of the block, and what the last one is told.
fn refused(place: &Place, block: &str) -> String {
    let commands: Vec<_> = block.lines().filter_map(|it| it.strip_prefix("$ ")).collect();
    let words = commands.last().and_then(|it| it.strip_prefix("blog ")).expect("a command");
    let words: Vec<_> = words.split(' ').collect();
    let unset = commands.iter().filter_map(|it| it.strip_prefix("unset "));
    let launch = unset.fold(Launch::at(place).with("LOG", "error"), Launch::without);
    let done = launch.words(&words).finish();
    assert!(done.code.is_some_and(|it| it != 0), "{block}: {}", done.said);
    let typed: String = commands.iter().map(|it| format!("$ {it}\n")).collect();
    let said = done.said.lines().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n");
    format!("{typed}{said}\n")
}
