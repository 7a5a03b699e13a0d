//! What a file of SQL says of itself: comments that begin with `-- mainstay:`.

use mainstay_kernel::{Error, Result};

use super::lint::Hazard;
use crate::suggest::nearest;

/// What begins a line that is meant for the framework.
const MARK: &str = "-- mainstay:";

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `no-transaction`: each statement is committed by itself.
    pub no_transaction: bool,
    /// `before-tables`: it goes before the tables follow their models, instead of after.
    pub before_tables: bool,
    /// `where posts.title`: it is for databases that have this table, or this column; for others there is
    /// nothing to do.
    pub conditions: Vec<Condition>,
    /// `allow drop-column: nothing reads it since May`: what is known to be safe, and why.
    pub allowed: Vec<Hazard>,
}

/// What a database must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The table.
    pub table: String,
    /// The column of it.
    pub column: Option<String>,
}

impl Marks {
    /// Reads the marks of a file.
    ///
    /// # Errors
    /// Internal, when a mark is not one of ours, or says too little.
    pub fn read(text: &str) -> Result<Self> {
        let mut marks = Self::default();
        for line in text.lines() {
            if let Some(mark) = line.trim_start().strip_prefix(MARK) {
                marks.add(mark.trim())?;
            }
        }
        Ok(marks)
    }

    fn add(&mut self, mark: &str) -> Result<()> {
        let (word, rest) = mark.split_once(char::is_whitespace).unwrap_or((mark, ""));
        match (word, rest.trim()) {
            ("no-transaction", "") => self.no_transaction = true,
            ("before-tables", "") => self.before_tables = true,
            ("where", what) => self.conditions.push(Condition::read(what)?),
            ("allow", what) => self.allowed.push(allowed(what)?),
            (_, _) => return Err(unknown(mark, word)),
        }
        Ok(())
    }
}

impl Condition {
    /// Reads `posts` or `posts.title`.
    pub(super) fn read(text: &str) -> Result<Self> {
        let (table, column) = match text.split_once('.') {
            Some((table, column)) => (table, Some(column)),
            None => (text, None),
        };
        let is_name = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_alphanumeric() || it == '_');
        if !is_name(table) || !column.is_none_or(is_name) {
            return Err(Error::internal(format!(
                "`{MARK} where {text}` names no table or column: `where posts` or `where posts.title` is expected"
            )));
        }
        Ok(Self { table: table.to_owned(), column: column.map(str::to_owned) })
    }
}

fn allowed(text: &str) -> Result<Hazard> {
    let (hazard, reason) = text.split_once(':').unwrap_or((text, ""));
    let hazard = hazard.trim();
    let Some(known) = Hazard::ALL.into_iter().find(|it| it.code() == hazard) else {
        let codes = Hazard::ALL.map(Hazard::code);
        return Err(Error::internal(format!(
            "`{MARK} allow {hazard}`: there is no such warning{}",
            meant(hazard, &codes)
        )));
    };
    if reason.trim().is_empty() {
        return Err(Error::internal(format!(
            "`{MARK} allow {hazard}` gives no reason: `{MARK} allow {hazard}: why it is safe` is expected"
        )));
    }
    Ok(known)
}

fn unknown(mark: &str, word: &str) -> Error {
    let known = ["no-transaction", "before-tables", "where", "allow"];
    Error::internal(format!("`{MARK} {mark}` says nothing to the framework{}", meant(word, &known)))
}

fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(name) => format!(", did you mean `{name}`?"),
        None => format!(": one of {} is expected", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_it_is_to_be_run() {
        let text = "-- mainstay: no-transaction\n  -- mainstay: where posts.title\n-- mainstay: before-tables\n\
                    select 1; -- mainstay: is not at the start\n-- mainstay: allow drop-column: it is unused";
        let marks = Marks::read(text).unwrap();
        assert!(marks.no_transaction && marks.before_tables);
        assert_eq!(marks.conditions, [Condition { table: "posts".into(), column: Some("title".into()) }]);
        assert_eq!(marks.allowed, [Hazard::DropColumn]);
    }

    #[test]
    fn a_mark_that_means_nothing_is_refused() {
        for (text, told) in [
            ("-- mainstay: no-transactions", "did you mean `no-transaction`?"),
            ("-- mainstay: no-transaction please", "says nothing"),
            ("-- mainstay:", "is expected"),
            ("-- mainstay: where", "names no table"),
            ("-- mainstay: where a.b.c", "names no table"),
            ("-- mainstay: allow drop-colum: x", "did you mean `drop-column`?"),
            ("-- mainstay: allow drop-column", "gives no reason"),
            ("-- mainstay: allow drop-column:  ", "gives no reason"),
        ] {
            let refused = Marks::read(text).unwrap_err().to_string();
            assert!(refused.contains(told), "{text}: {refused}");
        }
    }
}
