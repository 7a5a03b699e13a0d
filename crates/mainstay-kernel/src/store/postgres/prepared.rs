use std::borrow::Cow;
use std::collections::HashMap;

use tokio_postgres::Statement as Prepared;

use super::results::keeping;
use crate::store::READER_WRITES;
use crate::{Error, Result};

/// How many statements stay prepared on a connection. Each holds a plan in the server's memory.
const CAPACITY: usize = 256;

/// What becomes of a statement's text before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Plain,
    /// It gives back a row for each row it touches.
    Returning,
    /// It also keeps the answer of its request.
    Keeping,
}

impl Shape {
    /// The text that is sent. Only ever composed for a statement that is not prepared yet.
    pub(super) fn compose(self, text: &str, params: usize) -> Result<Cow<'_, str>> {
        refuse_control(text)?;
        Ok(match self {
            Self::Plain => Cow::Borrowed(text),
            Self::Returning => returning(text),
            Self::Keeping => Cow::Owned(keeping(&returning(text), params)),
        })
    }
}

/// The statements prepared on one connection, the least recently used one leaving first. Keyed by
/// the text as the caller has it, so that a hit composes nothing.
#[derive(Default)]
pub(super) struct Cache {
    plain: HashMap<Box<str>, Entry>,
    returning: HashMap<Box<str>, Entry>,
    keeping: HashMap<Box<str>, Entry>,
    clock: u64,
}

struct Entry {
    prepared: Prepared,
    used: u64,
}

impl Cache {
    pub(super) fn get(&mut self, shape: Shape, text: &str) -> Option<Prepared> {
        self.clock += 1;
        let clock = self.clock;
        let entry = self.shaped(shape).get_mut(text)?;
        entry.used = clock;
        Some(entry.prepared.clone())
    }

    pub(super) fn insert(&mut self, shape: Shape, text: &str, prepared: Prepared) {
        let used = self.clock;
        let shaped = self.shaped(shape);
        shaped.insert(text.into(), Entry { prepared, used });
        if shaped.len() > CAPACITY
            && let Some(oldest) =
                shaped.iter().min_by_key(|(_, entry)| entry.used).map(|(text, _)| text.clone())
        {
            shaped.remove(&oldest);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn shaped(&mut self, shape: Shape) -> &mut HashMap<Box<str>, Entry> {
        match shape {
            Shape::Plain => &mut self.plain,
            Shape::Returning => &mut self.returning,
            Shape::Keeping => &mut self.keeping,
        }
    }
}

fn returning(text: &str) -> Cow<'_, str> {
    let text = text.trim_end().trim_end_matches(';');
    let returns = words(text).any(|word| word.eq_ignore_ascii_case("returning"));
    // A statement may end in a comment, hence the new line.
    if returns { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\nRETURNING 1")) }
}

/// A statement as a subquery, in which the server neither takes one that writes nor a `WITH` that does: there
/// is no reading alone for a part of a transaction.
pub(super) fn only_reading(text: &str) -> Result<String> {
    const READS: [&str; 4] = ["select", "table", "values", "with"];
    let first = words(text).next().unwrap_or_default();
    if !READS.iter().any(|word| word.eq_ignore_ascii_case(first)) {
        return Err(Error::internal(READER_WRITES));
    }
    // The statement may end in a comment, hence the new line.
    Ok(format!("SELECT * FROM (\n{}\n) AS reading", text.trim_end().trim_end_matches(';')))
}

/// Refuses what would stay behind on a connection that all readers share.
pub(super) fn refuse_traces(text: &str) -> Result<()> {
    let leaves = |word: &&str| {
        let word = word.to_ascii_lowercase();
        word == "set_config"
            || word.starts_with("pg_advisory_lock")
            || word.starts_with("pg_try_advisory_lock")
    };
    match words(text).find(leaves) {
        Some(word) => Err(Error::internal(format!(
            "`{word}` would outlast the statement on a connection that others share: give it to `&mut Tx`"
        ))),
        None => Ok(()),
    }
}

/// Begin and commit are the kernel's: a handler that commits half of its work, or a reader that
/// changes the settings of a connection it shares, would break what the framework promises.
fn refuse_control(text: &str) -> Result<()> {
    const CONTROL: [&str; 14] = [
        "abort",
        "begin",
        "commit",
        "deallocate",
        "discard",
        "end",
        "listen",
        "prepare",
        "release",
        "reset",
        "rollback",
        "savepoint",
        "set",
        "start",
    ];
    let first = words(text).next().unwrap_or_default();
    if CONTROL.iter().any(|word| word.eq_ignore_ascii_case(first)) {
        return Err(Error::internal(format!(
            "`{first}` is the framework's to say: leave it out of the statement"
        )));
    }
    Ok(())
}

/// The words of a statement that are neither quoted nor in comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|it: char| !is_word(it) && !matches!(it, '\'' | '"' | '-' | '/'));
            let end = match rest.as_bytes() {
                [] => return None,
                [quote @ (b'\'' | b'"'), ..] => 1 + closing(&rest[1..], &[*quote]),
                [b'-', b'-', ..] => closing(rest, b"\n"),
                [b'/', b'*', ..] => 2 + closing(&rest[2..], b"*/"),
                [b'-' | b'/', ..] => 1,
                [..] => {
                    let (word, after) =
                        rest.split_at(rest.find(|it: char| !is_word(it)).unwrap_or(rest.len()));
                    rest = after;
                    return Some(word);
                }
            };
            rest = &rest[end..];
        }
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Where `text` goes on after the first `mark`.
fn closing(text: &str, mark: &[u8]) -> usize {
    text.as_bytes().windows(mark.len()).position(|it| it == mark).map_or(text.len(), |at| at + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_returns_nothing_is_made_to() {
        assert_eq!(returning("delete from t where a = $1; "), "delete from t where a = $1\nRETURNING 1");
        assert_eq!(returning("delete from t RETURNING id"), "delete from t RETURNING id");
        let quoted = "update t set a = 'returning', \"returning\" = 1 -- returning\n /* returning */";
        assert!(returning(quoted).ends_with("\nRETURNING 1"));
    }

    #[test]
    fn transaction_control_is_refused_wherever_it_hides() {
        for text in
            ["commit", "  ROLLBACK", "/* x */ begin", "-- x\nset search_path = y", ";commit", "savepoint a"]
        {
            assert!(refuse_control(text).is_err(), "{text}");
        }
        for text in ["select 1", "update set_x set a = 1", "insert into \"commit\" values ('commit')", "é"] {
            assert!(refuse_control(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_unclosed_quote_ends_the_words() {
        assert_eq!(words("a 'b c").collect::<Vec<_>>(), ["a"]);
        assert_eq!(words("a - b / c /* d").collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
