//! `docs/mistakes.md`, which is written from the lists.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{LISTS, Made, Mistake};

/// The lists as the page has them.
fn written() -> String {
    let mut text = String::new();
    for (heading, list) in LISTS {
        let _ = write!(text, "\n## {heading}\n\n| mistake | what is said | the way out |\n|---|---|---|\n");
        for mistake in list {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                cell(&made(mistake)),
                cell(said(mistake)),
                cell(mistake.fix)
            );
        }
    }
    text + "\n"
}

/// The mistake in words, with what was written.
fn made(mistake: &Mistake) -> String {
    let name = mistake.name;
    match mistake.made {
        Made::Variables(all) => format!("{name}: `{}`", all.join(" ")),
        Made::File(file, text) => format!("{name}: `{}` in `{file}`", text.trim()),
        Made::Refused(_, made) => format!("{name}: `{}`", made.replace('\n', "`, `")),
        Made::Parts(_) | Made::Steps(_) | Made::Code(_) => name.to_owned(),
    }
}

/// What is said, without the head that the page's beginning shows.
fn said(mistake: &Mistake) -> &'static str {
    mistake.says.strip_prefix("the configuration has 1 fault\n\n").unwrap_or(mistake.says)
}

/// One line that Markdown leaves as it is.
fn cell(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let text = lines.iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>().join(" · ");
    let text = text.replace('|', "\\|").replace("[place]", "src/….rs:12").replace("[root]", "/srv/shop");
    text.split('`').enumerate().fold(String::new(), |line, (at, part)| match at {
        0 => plain(part),
        odd if odd % 2 == 1 => format!("{line}`{part}"),
        _ => format!("{line}`{}", plain(part)),
    })
}

/// Outside of code a bracket would begin a tag.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn the_page_of_the_book_lists_the_mistakes_with_what_is_said_and_the_way_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mistakes.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (start, end) = ("<!-- mistakes: generated -->\n", "<!-- end of mistakes -->");
    let (head, rest) = page.split_once(start).expect("where the lists begin");
    let (lists, tail) = rest.split_once(end).expect("where the lists end");
    if std::env::var_os("MAINSTAY_BLESS").is_some() {
        fs::write(&path, format!("{head}{start}{}{end}{tail}", written())).expect("the page can be written");
    } else {
        assert_eq!(lists, written(), "run this test with MAINSTAY_BLESS=1");
    }
}
