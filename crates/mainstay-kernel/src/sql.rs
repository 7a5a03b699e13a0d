use crate::{Dialect, FromRow, IntoValue, Reader, Result, Row, Statement, Tx};

/// A statement of the author's own that reads.
#[must_use = "a statement runs when `all`, `one` or `rows` is awaited"]
pub struct Sql<'a> {
    reader: &'a Reader,
    statement: Statement,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(reader: &'a Reader, text: &str) -> Self {
        Self { reader, statement: Statement::new(placeholders(text, reader.dialect())) }
    }

    /// Binds the next `?`.
    pub fn bind(mut self, value: impl IntoValue) -> Self {
        self.statement = self.statement.bind(value);
        self
    }

    /// Every row.
    ///
    /// # Errors
    /// As [`Reader::rows`], or when a row does not fit `T`.
    pub async fn all<T: FromRow>(self) -> Result<Vec<T>> {
        self.rows().await?.iter().map(T::from_row).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Sql::all`].
    pub async fn one<T: FromRow>(self) -> Result<Option<T>> {
        self.rows().await?.first().map(T::from_row).transpose()
    }

    /// Every row, unread.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub async fn rows(self) -> Result<Vec<Row>> {
        self.reader.rows(&self.statement).await
    }
}

/// A statement of the author's own inside a transaction.
#[must_use = "a statement runs when `execute`, `all` or `one` is awaited"]
pub struct WriteSql<'a> {
    tx: &'a mut Tx,
    statement: Statement,
}

impl<'a> WriteSql<'a> {
    pub(crate) fn new(tx: &'a mut Tx, text: &str) -> Self {
        let statement = Statement::new(placeholders(text, tx.dialect()));
        Self { tx, statement }
    }

    /// Binds the next `?`.
    pub fn bind(mut self, value: impl IntoValue) -> Self {
        self.statement = self.statement.bind(value);
        self
    }

    /// Runs it; how many rows it touched.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn execute(self) -> Result<u64> {
        self.tx.execute(&self.statement).await
    }

    /// Runs it; every row it gives back.
    ///
    /// # Errors
    /// As [`Tx::execute`], or when a row does not fit `T`.
    pub async fn all<T: FromRow>(self) -> Result<Vec<T>> {
        self.tx.returning(&self.statement).await?.iter().map(T::from_row).collect()
    }

    /// Runs it; the first row it gives back.
    ///
    /// # Errors
    /// As [`WriteSql::all`].
    pub async fn one<T: FromRow>(self) -> Result<Option<T>> {
        self.tx.returning(&self.statement).await?.first().map(T::from_row).transpose()
    }
}

/// Numbers each `?` outside quotes and comments; `??` stands for the character itself.
fn placeholders(text: &str, dialect: Dialect) -> String {
    let mark = match dialect {
        Dialect::Postgres => '$',
        Dialect::Sqlite => '?',
    };
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut number = 0;
    while let Some(first) = rest.chars().next() {
        let quoted = quoted_len(rest);
        if quoted > 0 {
            out.push_str(&rest[..quoted]);
            rest = &rest[quoted..];
        } else if let Some(after) = rest.strip_prefix("??") {
            out.push('?');
            rest = after;
        } else {
            if first == '?' {
                number += 1;
                out.push(mark);
                out.push_str(&number.to_string());
            } else {
                out.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// How many bytes at the start of `text` are a quoted string, a quoted name or a comment.
fn quoted_len(text: &str) -> usize {
    let until =
        |open: usize, close: &str| text[open..].find(close).map_or(text.len(), |at| open + at + close.len());
    match text.as_bytes() {
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'$', ..] => match text[1..].find('$') {
            Some(end) if text[1..=end].bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') => {
                let tag = &text[..end + 2];
                until(tag.len(), tag)
            }
            Some(_) | None => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_outside_quotes_is_numbered() {
        let text = "select '?' , \"?\", ? -- ?\n, $a$ ? $a$, ?? /* ? */ where x = ?";
        assert_eq!(
            placeholders(text, Dialect::Postgres),
            "select '?' , \"?\", $1 -- ?\n, $a$ ? $a$, ? /* ? */ where x = $2"
        );
        assert_eq!(placeholders("a = ? and b = ?", Dialect::Sqlite), "a = ?1 and b = ?2");
    }

    #[test]
    fn an_escaped_quote_does_not_end_the_string() {
        assert_eq!(placeholders("'it''s ?' ?", Dialect::Postgres), "'it''s ?' $1");
    }
}
