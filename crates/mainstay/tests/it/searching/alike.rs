//! Whatever is searched in whatever texts, both stores find what a naive reading in memory does.

use std::collections::BTreeSet;

use mainstay::kernel::Search;
use mainstay::prelude::*;
use mainstay_test::TestApp;
use uuid::Uuid;

use super::{Article, NewArticle, app};
use crate::dice::Dice;

const ROWS: usize = 120;
const SEARCHES: usize = 400;

/// A few words in many spellings, and characters of every sort between them.
pub(crate) fn text(dice: &mut Dice, longest: usize) -> String {
    const PIECES: [&str; 44] = [
        "a",
        "b",
        "ab",
        "A",
        "aB",
        "é",
        "E\u{301}",
        "ÉA",
        "ß",
        "ẞ",
        "ſ",
        "İ",
        "ı",
        "K",
        "µ",
        "Ω",
        "ω",
        "Я",
        "й",
        "и\u{306}",
        "中",
        "文",
        "한",
        "ﬁ",
        "١",
        "2",
        "1e5",
        "0x1f",
        "3.14",
        "a.b",
        "a@b.a",
        "a-b",
        "http://a.b/a?b=a",
        "<b>",
        "&amp;",
        "'",
        "\\",
        ":*",
        "!",
        "(",
        "\u{200d}",
        "\u{a0}",
        "😀",
        "or",
    ];
    const BETWEEN: [&str; 9] = [" ", " ", " ", "", ",", "\n", "-", "_", "\t"];
    let mut text = String::new();
    for _ in 0..dice.below(longest) {
        if dice.roll(8) == 0 {
            text.extend(any(dice));
        } else {
            text.push_str(dice.one(&PIECES));
        }
        text.push_str(dice.one(&BETWEEN));
    }
    text
}

/// Any character there is, but NUL, mostly of the first plane.
fn any(dice: &mut Dice) -> Option<char> {
    let end = [0x250, 0x600, 0x3000, 0x1_0000, 0x11_0000][dice.below(5)];
    char::from_u32(u32::try_from(1 + dice.below(end - 1)).unwrap_or(1))
}

/// What a person could type, and what nobody would.
pub(crate) fn search(dice: &mut Dice) -> Search {
    loop {
        let mut asked = String::new();
        for _ in 0..=dice.below(4) {
            asked.push_str(dice.one(&["", "", "", "-", "\"", "or ", "-\""]));
            asked.push_str(text(dice, 3).trim());
            asked.push_str(dice.one(&[" ", " ", "* ", "\" ", " or "]));
        }
        if let Ok(search) = Search::parse(&asked) {
            return search;
        }
    }
}

#[mainstay::test(app = app)]
async fn every_search_finds_what_memory_finds(app: TestApp) {
    let mut dice = Dice::new(3);
    let texts: Vec<_> =
        (0..ROWS).map(|_| (text(&mut dice, 8), (dice.roll(4) > 0).then(|| text(&mut dice, 14)))).collect();
    let written = app.db().write(async move |tx: &mut Tx| {
        let mut written = Vec::new();
        for (title, body) in texts.clone() {
            let new = NewArticle { shelf: None, title, body, public: true };
            written.push(new.insert(tx).await?);
        }
        Ok(written)
    });
    let written = written.await.expect("articles");
    let mut hits = 0;
    for _ in 0..SEARCHES {
        let search = search(&mut dice);
        let finds = |it: &&Article| search.finds([it.title.as_str(), it.body.as_deref().unwrap_or_default()]);
        let expected: BTreeSet<Uuid> = written.iter().filter(finds).map(|it| it.id.uuid()).collect();
        let filter = Article::search(search.text()).expect("a search");
        let found = Article::filter(filter).all(&app.db().reader()).await.expect("an answer");
        let found: BTreeSet<Uuid> = found.iter().map(|it| it.id.uuid()).collect();
        assert_eq!(found, expected, "{:?} in {written:#?}", search.text());
        hits += expected.len();
    }
    assert!(hits > SEARCHES, "hardly anything was found: {hits}");
}

/// A text without end is found by how it begins.
#[mainstay::test(app = app)]
async fn the_longest_texts_are_written_and_found(app: TestApp) {
    let distinct: String =
        ('\u{4e00}'..'\u{9fff}').chain('\u{20000}'..'\u{2ffff}').flat_map(|it| [it, ' ']).collect();
    let long = ["x".repeat(300_000), "word ".repeat(60_000), distinct];
    let made = app.db().write(async move |tx: &mut Tx| {
        for text in &long {
            let new = NewArticle { shelf: None, title: text.clone(), body: Some(text.clone()), public: true };
            let _ = new.insert(tx).await?;
        }
        Ok(())
    });
    made.await.expect("articles");
    let count = async |text: &str| {
        let filter = Article::search(text).expect("a search");
        Article::filter(filter).count(&app.db().reader()).await.expect("a count")
    };
    assert_eq!(count(&"x".repeat(200)).await, 0);
    assert_eq!(count(&format!("{}*", "x".repeat(199))).await, 1);
    assert_eq!(count("\"word word\"").await, 1);
    assert_eq!((count("\u{4e00}").await, count("\u{2fffe}").await), (1, 0), "the end is too far in");
}
