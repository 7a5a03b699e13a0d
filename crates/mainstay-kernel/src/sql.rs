//! SQL of the author's own.
//!
//! `?` stands for the next value and `:name` for a named one, on both stores: not in texts, quoted names and
//! comments. A question mark of PostgreSQL's own, as in `doc ? 'a'`, is written `??`, and the bounds of a slice
//! are written apart from their colon, `a[b : c]`.

mod marks;
mod values;

use self::values::Draft;
use crate::{Error, FromRow, IntoValue, Reader, Result, Row, Tx};

/// A statement of the author's own that reads. The database refuses one that writes.
#[must_use = "a statement runs when `all`, `one`, `first` or `rows` is awaited"]
pub struct Sql<'a> {
    reader: &'a Reader,
    draft: Draft,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(reader: &'a Reader, text: &str) -> Self {
        Self { reader, draft: Draft::new(text, reader.dialect()) }
    }

    /// Binds the next `?`.
    pub fn bind(mut self, value: impl IntoValue) -> Self {
        self.draft.bind(value);
        self
    }

    /// Binds `:name`, wherever it stands.
    pub fn bind_as(mut self, name: &str, value: impl IntoValue) -> Self {
        self.draft.bind_as(name, value);
        self
    }

    /// Every row.
    ///
    /// # Errors
    /// Internal, when a mark has no value or a value no mark, when the statement writes, or when a row does not
    /// fit `T`; too slow or unavailable.
    pub async fn all<T: FromRow>(self) -> Result<Vec<T>> {
        self.rows().await?.iter().map(T::from_row).collect()
    }

    /// The row, if there is one.
    ///
    /// # Errors
    /// As [`Sql::all`]; internal, when there are several.
    pub async fn one<T: FromRow>(self) -> Result<Option<T>> {
        only(&self.rows().await?)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Sql::all`].
    pub async fn first<T: FromRow>(self) -> Result<Option<T>> {
        self.rows().await?.first().map(T::from_row).transpose()
    }

    /// Every row, unread.
    ///
    /// # Errors
    /// As [`Sql::all`].
    pub async fn rows(self) -> Result<Vec<Row>> {
        self.reader.only_reading(&self.draft.statement()?).await
    }
}

/// A statement of the author's own inside a transaction.
#[must_use = "a statement runs when `execute`, `all`, `one` or `first` is awaited"]
pub struct WriteSql<'a> {
    tx: &'a mut Tx,
    draft: Draft,
}

impl<'a> WriteSql<'a> {
    pub(crate) fn new(tx: &'a mut Tx, text: &str) -> Self {
        let draft = Draft::new(text, tx.dialect());
        Self { tx, draft }
    }

    /// Binds the next `?`.
    pub fn bind(mut self, value: impl IntoValue) -> Self {
        self.draft.bind(value);
        self
    }

    /// Binds `:name`, wherever it stands.
    pub fn bind_as(mut self, name: &str, value: impl IntoValue) -> Self {
        self.draft.bind_as(name, value);
        self
    }

    /// Runs it; how many rows it touched.
    ///
    /// # Errors
    /// As [`Tx::execute`]; internal, when a mark has no value or a value no mark.
    pub async fn execute(self) -> Result<u64> {
        self.tx.execute(&self.draft.statement()?).await
    }

    /// Runs it; every row it gives back.
    ///
    /// # Errors
    /// As [`WriteSql::execute`], or when a row does not fit `T`.
    pub async fn all<T: FromRow>(self) -> Result<Vec<T>> {
        self.rows().await?.iter().map(T::from_row).collect()
    }

    /// Runs it; the row it gives back, if it gives one.
    ///
    /// # Errors
    /// As [`WriteSql::all`]; internal, when it gives several.
    pub async fn one<T: FromRow>(self) -> Result<Option<T>> {
        only(&self.rows().await?)
    }

    /// Runs it; the first row it gives back.
    ///
    /// # Errors
    /// As [`WriteSql::all`].
    pub async fn first<T: FromRow>(self) -> Result<Option<T>> {
        self.rows().await?.first().map(T::from_row).transpose()
    }

    async fn rows(self) -> Result<Vec<Row>> {
        self.tx.returning(&self.draft.statement()?).await
    }
}

fn only<T: FromRow>(rows: &[Row]) -> Result<Option<T>> {
    match rows {
        [] => Ok(None),
        [row] => T::from_row(row).map(Some),
        several => Err(Error::internal(format!(
            "the statement gave {} rows where one was expected: narrow it, or ask for the `first`",
            several.len()
        ))),
    }
}
