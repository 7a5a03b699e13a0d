//! The marks in an author's statement: `?` for the next value and `:name` for a named one.

use crate::Dialect;

/// A statement whose marks are numbered as its store numbers them.
#[derive(Debug, PartialEq)]
pub(super) struct Marked {
    pub(super) text: String,
    /// What each number stands for, from 1.
    pub(super) marks: Vec<Mark>,
}

/// What a number stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The next value that has no name.
    Next,
    /// The value of this name, wherever it stands.
    Named(String),
}

/// Finds the marks outside quotes and comments. `??` stands for a question mark of the store's own, and `::` is
/// a cast.
pub(super) fn read(text: &str, dialect: Dialect) -> Result<Marked, String> {
    let mut marked = Marked { text: String::with_capacity(text.len() + 8), marks: Vec::new() };
    let mut rest = text;
    while !rest.is_empty() {
        let kept = verbatim(rest, dialect);
        let (piece, after) = rest.split_at(kept);
        marked.text.push_str(piece);
        rest = after;
        let mut letters = rest.chars();
        match (letters.next(), letters.next()) {
            (Some('?'), Some('?')) => {
                marked.text.push('?');
                rest = &rest[2..];
            }
            (Some('?'), _) => {
                marked.mark(Mark::Next, dialect);
                rest = &rest[1..];
            }
            (Some(':'), Some(first)) if begins_name(first) => {
                let name = &rest[1..1 + word(&rest[1..])];
                marked.mark(Mark::Named(name.to_owned()), dialect);
                rest = &rest[1 + name.len()..];
            }
            (Some('$'), Some(digit)) if digit.is_ascii_digit() => {
                let number = &rest[..1 + word(&rest[1..])];
                return Err(format!("`{number}` is not a mark: write `?` or `:name` for a value"));
            }
            (Some(other), _) if kept == 0 => {
                marked.text.push(other);
                rest = &rest[other.len_utf8()..];
            }
            _ => {}
        }
    }
    Ok(marked)
}

impl Marked {
    fn mark(&mut self, mark: Mark, dialect: Dialect) {
        let known = match &mark {
            Mark::Next => None,
            Mark::Named(_) => self.marks.iter().position(|it| *it == mark),
        };
        let position = known.unwrap_or_else(|| {
            self.marks.push(mark);
            self.marks.len() - 1
        });
        self.text.push(match dialect {
            Dialect::Postgres => '$',
            Dialect::Sqlite => '?',
        });
        self.text.push_str(&(position + 1).to_string());
    }
}

/// How many bytes at the start of the text hold no mark: a word, a text, a quoted name, a comment, a cast.
fn verbatim(text: &str, dialect: Dialect) -> usize {
    let until = |open: usize, close: &str| closed(text, open, close);
    let is_postgres = dialect == Dialect::Postgres;
    match text.as_bytes() {
        [b'e' | b'E', b'\'', ..] if is_postgres => 2 + escaped(&text[2..]),
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'`', ..] if !is_postgres => until(1, "`"),
        [b'[', ..] if !is_postgres => until(1, "]"),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] if is_postgres => nested(text),
        [b'/', b'*', ..] => until(2, "*/"),
        [b':', b':' | b'=', ..] => 2,
        [b'$', ..] if is_postgres => dollar_quoted(text),
        _ => word(text),
    }
}

fn closed(text: &str, open: usize, close: &str) -> usize {
    text[open..].find(close).map_or(text.len(), |at| open + at + close.len())
}

/// To the end of a text in which a backslash takes the next character for itself.
fn escaped(text: &str) -> usize {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                let _ = letters.next();
            }
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// To the end of a comment that may hold others.
fn nested(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// To the end of `$tag$ … $tag$`; nothing when it is something else.
fn dollar_quoted(text: &str) -> usize {
    let Some(end) = text[1..].find('$') else { return 0 };
    let tag = &text[..end + 2];
    let name = &tag[1..tag.len() - 1];
    let is_tag = name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
        && !name.starts_with(|it: char| it.is_ascii_digit());
    if is_tag { closed(text, tag.len(), tag) } else { 0 }
}

/// How long the name or number is that the text begins with.
fn word(text: &str) -> usize {
    text.find(|it: char| !(it.is_alphanumeric() || it == '_')).unwrap_or(text.len())
}

fn begins_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(dialect: Dialect, text: &str) -> String {
        read(text, dialect).unwrap().text
    }

    fn postgres(text: &str) -> String {
        on(Dialect::Postgres, text)
    }

    #[test]
    fn each_mark_outside_quotes_is_numbered() {
        let text =
            "select '?' , \"?\", ? -- ? :a\n, $a$ ? :a $a$, $$ ? $$, ?? /* ? /* ? */ :a */ where x = ?";
        let numbered =
            "select '?' , \"?\", $1 -- ? :a\n, $a$ ? :a $a$, $$ ? $$, ? /* ? /* ? */ :a */ where x = $2";
        assert_eq!(postgres(text), numbered);
        assert_eq!(
            on(Dialect::Sqlite, "a = ? and [?] = ? and `:b` = ?"),
            "a = ?1 and [?] = ?2 and `:b` = ?3"
        );
        assert_eq!(on(Dialect::Sqlite, "/* /* ? */ ?"), "/* /* ? */ ?1", "its comments do not hold others");
    }

    #[test]
    fn a_name_has_one_number_wherever_it_stands() {
        let marked = read("a = :a and b = ? and (:a_1 is null or a < :a)", Dialect::Postgres).unwrap();
        assert_eq!(marked.text, "a = $1 and b = $2 and ($3 is null or a < $1)");
        let names = [Mark::Named("a".to_owned()), Mark::Next, Mark::Named("a_1".to_owned())];
        assert_eq!(marked.marks, names);
    }

    #[test]
    fn casts_slices_and_operators_are_no_marks() {
        for text in ["a::text", "f(a := 1)", "a[1:2]", "a[b : c]", "12:30", "a @> b", "a - 1 / 2", "é'?'"] {
            assert_eq!(postgres(text), text);
        }
        assert_eq!(postgres("?::int8, :a::int8"), "$1::int8, $2::int8");
        assert_eq!(
            postgres("doc ?? 'a' and doc ??| ? and doc ??& :b"),
            "doc ? 'a' and doc ?| $1 and doc ?& $2"
        );
    }

    #[test]
    fn an_escaped_quote_does_not_end_the_text() {
        assert_eq!(postgres("'it''s ?' ?"), "'it''s ?' $1");
        assert_eq!(postgres(r"e'it\'s ?' ?, E'\\' ?"), r"e'it\'s ?' $1, E'\\' $2");
        assert_eq!(postgres(r"name'\' ?"), r"name'\' $1", "only a lone e escapes");
        assert_eq!(on(Dialect::Sqlite, r"e'\' ?"), r"e'\' ?1");
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text_and_numbers_of_the_stores_are_refused() {
        for text in ["'a ?", "\"a ?", "/* ? ", "$a$ ?", "-- ?", "e'\\"] {
            assert_eq!(postgres(text), text);
        }
        assert_eq!(
            read("a = $1", Dialect::Postgres),
            Err("`$1` is not a mark: write `?` or `:name` for a value".to_owned())
        );
    }
}
