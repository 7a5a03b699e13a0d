use std::fmt;

use crate::words::words;

/// The most characters of a search.
const LONGEST: usize = 200;
/// The most words and phrases of a search.
const MOST: usize = 16;
/// How many characters of a row are searched, in equal shares of its fields: PostgreSQL holds no more
/// words of one row.
const SEARCHED: usize = 200_000;

/// What a text must hold to be found. Words all have to be there, in any field and any order;
/// `"several words"` stand beside each other, `-without` is not there, `or` joins alternatives, and
/// `prefix*` begins a word. Everything but letters and digits only separates words, so nothing a
/// person types is malformed.
///
/// ```
/// use mainstay_kernel::Search;
/// let search = Search::parse(r#"rust "web frame*" -java or crates"#).unwrap();
/// assert!(search.finds(["Rust", "A web (frame)"]));
/// assert!(!search.finds(["Rust", "A web frame, like Java's"]));
/// assert!(search.finds(["Java", "CRATES"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    text: String,
    alternatives: Vec<Alternative>,
}

/// What has to be there, and what must not be. Something has to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternative {
    /// All of these.
    pub wanted: Vec<Term>,
    /// None of these.
    pub unwanted: Vec<Term>,
}

/// Words beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// One at least, each as [`words`] gives it.
    pub words: Vec<String>,
    /// How much of the last one is known.
    pub last: Last,
}

/// How much is known of a term's last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// All of it.
    Whole,
    /// How it begins.
    Prefix,
}

/// Why a text is no search; it reads on after "the search".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSearch {
    /// It has too many characters.
    TooLong,
    /// It has too many words and phrases.
    TooMany,
    /// It has no letter and no digit.
    Empty,
    /// It says only what must not be there.
    OnlyWithout,
}

impl fmt::Display for NoSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {LONGEST} characters"),
            Self::TooMany => write!(f, "has more than {MOST} words and phrases"),
            Self::Empty => f.write_str("holds no word, expected letters or digits"),
            Self::OnlyWithout => f.write_str("says only what to leave out, expected a word to be found too"),
        }
    }
}

impl std::error::Error for NoSearch {}

impl Search {
    /// Reads a search as a person types it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, NoSearch> {
        if text.chars().count() > LONGEST {
            return Err(NoSearch::TooLong);
        }
        let parts = parts(text);
        if parts.len() > MOST {
            return Err(NoSearch::TooMany);
        }
        if parts.is_empty() {
            return Err(NoSearch::Empty);
        }
        let alternatives = alternatives(parts);
        if alternatives.iter().any(|it| it.wanted.is_empty()) {
            return Err(NoSearch::OnlyWithout);
        }
        Ok(Self { text: text.to_owned(), alternatives })
    }

    /// What it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One of these has to hold.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// How many characters of each field are searched, where so many fields are.
    pub fn share(fields: usize) -> usize {
        SEARCHED / fields.max(1)
    }

    /// Whether it finds a row whose fields hold these texts.
    pub fn finds<'a>(&self, fields: impl IntoIterator<Item = &'a str>) -> bool {
        let fields: Vec<&str> = fields.into_iter().collect();
        let share = Self::share(fields.len());
        let fields: Vec<_> = fields.into_iter().map(|it| words(first(it, share))).collect();
        self.alternatives.iter().any(|it| it.holds(&fields))
    }
}

impl Alternative {
    fn holds(&self, fields: &[Vec<String>]) -> bool {
        let found = |term: &Term| fields.iter().any(|it| term.is_in(it));
        self.wanted.iter().all(found) && !self.unwanted.iter().any(found)
    }
}

impl Term {
    fn is_in(&self, field: &[String]) -> bool {
        field.windows(self.words.len()).any(|it| self.is(it))
    }

    fn is(&self, words: &[String]) -> bool {
        let Some(((last, wanted_last), (before, wanted_before))) =
            words.split_last().zip(self.words.split_last()).map(|((a, b), (c, d))| ((a, c), (b, d)))
        else {
            return false;
        };
        let is_last = match self.last {
            Last::Whole => last == wanted_last,
            Last::Prefix => last.starts_with(wanted_last.as_str()),
        };
        is_last && before == wanted_before
    }
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// A part of a search.
enum Part {
    Wanted(Term),
    Unwanted(Term),
    /// `or`: between two others it joins alternatives, anywhere else it is a word.
    Or(Term),
}

/// The parts in their order, without those that hold no word.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (is_unwanted, from) = rest.strip_prefix('-').map_or((false, rest), |from| (true, from));
        let (piece, is_quoted, after) = piece(from);
        rest = after.trim_start();
        let last = if !is_quoted && piece.ends_with('*') { Last::Prefix } else { Last::Whole };
        let term = Term { words: words(piece), last };
        if term.words.is_empty() {
            continue;
        }
        parts.push(match is_unwanted {
            true => Part::Unwanted(term),
            false if !is_quoted && piece.eq_ignore_ascii_case("or") => Part::Or(term),
            false => Part::Wanted(term),
        });
    }
    parts
}

/// What stands in quotes, or up to the next space or quote; whether it is quoted; and what follows.
fn piece(text: &str) -> (&str, bool, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => {
            let (inside, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            (inside, true, after)
        }
        None => {
            let (piece, after) =
                text.split_at(text.find(|it: char| it == '"' || it.is_whitespace()).unwrap_or(text.len()));
            (piece, false, after)
        }
    }
}

fn alternatives(parts: Vec<Part>) -> Vec<Alternative> {
    let mut alternatives = vec![Alternative::default()];
    let mut parts = parts.into_iter().peekable();
    let mut joins = false;
    while let Some(part) = parts.next() {
        let is_before_another = matches!(parts.peek(), Some(Part::Wanted(_) | Part::Unwanted(_)));
        if matches!(part, Part::Or(_)) && joins && is_before_another {
            alternatives.push(Alternative::default());
            joins = false;
            continue;
        }
        joins = true;
        let at = alternatives.len() - 1;
        match part {
            Part::Wanted(it) | Part::Or(it) => alternatives[at].wanted.push(it),
            Part::Unwanted(it) => alternatives[at].unwanted.push(it),
        }
    }
    alternatives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(search: &str, fields: &[&str]) -> bool {
        Search::parse(search).unwrap().finds(fields.iter().copied())
    }

    #[test]
    fn a_search_finds_what_it_says() {
        for (search, text, found) in [
            ("rust", "Rust!", true),
            ("rust", "rusty", false),
            ("rus*", "rusty", true),
            ("rust java", "java, rust", true),
            ("rust java", "rust", false),
            ("rust -java", "rust", true),
            ("rust -java", "rust and java", false),
            ("\"rust and\" java", "java rust, and", true),
            ("\"rust and\"", "and rust", false),
            ("rust -\"and java\"", "rust and java", false),
            ("rust -\"and java\"", "rust java and", true),
            ("a or b", "b", true),
            ("a b or c", "a c", true),
            ("a b or c", "a b", true),
            ("a b or c", "a", false),
            ("a OR -b c", "c", true),
            ("or", "either or", true),
            ("a or", "a", false),
            ("\"a\" \"or\" b", "a b", false),
            ("a or or b", "a or", true),
            ("a or or b", "b", true),
            ("ann@example.com", "Ann <ann@example.com>", true),
            ("ann@example.com", "example.com ann", false),
            ("well-known", "well known", true),
            ("well-kno*", "well-known", true),
            ("É", "e\u{301}", true),
            ("страсбург", "СТРАСБУРГ", true),
            ("\"open", "open", true),
            ("a\"b c\"d", "b c a d", true),
            ("- a", "a", true),
            ("* a", "a", true),
            ("--a b", "b", true),
            ("--a b", "a b", false),
        ] {
            assert_eq!(finds(search, &[text]), found, "{search} in {text}");
        }
    }

    #[test]
    fn words_may_stand_in_several_fields_and_a_phrase_in_one() {
        assert!(finds("a b", &["a", "b"]));
        assert!(!finds("\"a b\"", &["a", "b"]));
        assert!(finds("\"a b\"", &["a", "a b"]));
        assert!(!finds("a -b", &["a", "b"]));
    }

    #[test]
    fn what_is_no_search_is_said_to_be_none() {
        let parse = |text: &str| Search::parse(text).map(drop);
        for text in ["", " ", "+-*\"'()😀", "\"\"", "-", "\0"] {
            assert_eq!(parse(text), Err(NoSearch::Empty), "{text:?}");
        }
        for text in ["-a", "a or -b", "-\"a b\" -c"] {
            assert_eq!(parse(text), Err(NoSearch::OnlyWithout), "{text:?}");
        }
        assert_eq!(parse(&"é".repeat(201)), Err(NoSearch::TooLong));
        assert_eq!(parse(&"é".repeat(200)), Ok(()));
        assert_eq!(parse(&"a ".repeat(17)), Err(NoSearch::TooMany));
        assert_eq!(parse(&"a ".repeat(16)), Ok(()));
    }

    #[test]
    fn fields_share_what_is_searched_of_a_row() {
        let long = format!("{} end", "a".repeat(99_998));
        assert!(finds("end", &[&long]));
        assert!(!finds("end", &[&long, ""]));
        assert!(finds("e", &[&long, ""]), "a share ends where it ends, within a word too");
    }
}
