use mainstay_kernel::{Reader, Result, Statement, Tx};

use crate::aggregate::{Ordered, Summed, Terms};
use crate::group::{Grouped, Groups, Keys, groups};
use crate::model::read;
use crate::predicate::Filter;
use crate::store::select::{self, Slice, Stamped};
use crate::{Assignment, Column, Model, Sort, bulk};

/// The rows of `M` for which a filter holds, not read yet.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until its last call, such as `all` or `count`, is awaited"]
pub struct Query<M> {
    pub(crate) filter: Filter<M>,
}

impl<M: Model> Query<M> {
    pub(crate) fn new(filter: Filter<M>) -> Self {
        Self { filter }
    }

    /// Only the rows for which this holds too.
    pub fn and(mut self, filter: Filter<M>) -> Self {
        self.filter = self.filter.and(filter);
        self
    }

    /// Sorts by this column.
    pub fn order(self, sort: Sort) -> Window<M> {
        self.window().order(sort)
    }

    /// At most so many rows.
    pub fn limit(self, limit: u32) -> Window<M> {
        self.window().limit(limit)
    }

    /// Leaves out so many rows first.
    pub fn offset(self, offset: u32) -> Window<M> {
        self.window().offset(offset)
    }

    /// The rows in groups that agree in a column, or in each of a tuple of columns.
    pub fn group_by<K: Keys<M>>(self, keys: K) -> Grouped<M, K> {
        Grouped::new(self.filter, &keys)
    }

    /// The rows.
    ///
    /// # Errors
    /// Too slow or unavailable, as the reader says.
    pub async fn all(self, reader: &Reader) -> Result<Vec<M>> {
        self.window().all(reader).await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn first(self, reader: &Reader) -> Result<Option<M>> {
        self.window().first(reader).await
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn count(self, reader: &Reader) -> Result<i64> {
        let statement = select::count(reader.dialect(), M::SCHEMA, &self.filter.predicate, None, Stamped::No);
        reader.rows(&statement).await?.first().map_or(Ok(0), |row| row.at(0))
    }

    /// Whether there is a row. It looks no further than the first.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn exists(self, reader: &Reader) -> Result<bool> {
        let statement = select::any(reader.dialect(), M::SCHEMA, &self.filter.predicate);
        Ok(!reader.rows(&statement).await?.is_empty())
    }

    /// The sum of a column; of no rows it is zero.
    ///
    /// # Errors
    /// Internal, when it does not fit; as [`Query::all`].
    pub async fn sum<T: Summed>(self, reader: &Reader, column: Column<M, T>) -> Result<T::Sum> {
        self.aggregate(reader, column.sum()).await
    }

    /// The mean of a column; `None` of no rows. See [`Column::avg`].
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn avg<T: Summed>(self, reader: &Reader, column: Column<M, T>) -> Result<Option<T::Average>> {
        self.aggregate(reader, column.avg()).await
    }

    /// The least value of a column; `None` of no rows.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn min<T: Ordered>(self, reader: &Reader, column: Column<M, T>) -> Result<Option<T>> {
        self.aggregate(reader, column.min()).await
    }

    /// The greatest value of a column; `None` of no rows.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn max<T: Ordered>(self, reader: &Reader, column: Column<M, T>) -> Result<Option<T>> {
        self.aggregate(reader, column.max()).await
    }

    /// What the rows come to, in one statement: `(Post::ID.count(), Post::VIEWS.max())`.
    ///
    /// # Errors
    /// Internal, when a sum does not fit; as [`Query::all`].
    pub async fn aggregate<T: Terms<M>>(self, reader: &Reader, terms: T) -> Result<T::Row> {
        let whole = Groups {
            predicate: self.filter.into_predicate(),
            keys: Vec::new(),
            terms: terms.terms(),
            sorts: Vec::new(),
            limit: 1,
            offset: 0,
        };
        let row = groups(reader, M::SCHEMA, &whole).await?.into_iter().next().unwrap_or_default();
        T::read(&mut row.into_iter())
    }

    /// Changes columns of all rows by one statement, and counts their versions up; how many there were:
    /// `.update_all(tx, [Post::PUBLISHED.set(true), Post::VIEWS.plus(1)])`.
    ///
    /// # Errors
    /// Internal, when a column is not the application's to set or named twice; unique or foreign key violation.
    pub async fn update_all(
        self,
        tx: &mut Tx,
        assignments: impl IntoIterator<Item = Assignment<M>>,
    ) -> Result<u64> {
        let changes: Vec<_> = assignments.into_iter().map(Assignment::into_edit).collect();
        bulk::update(tx, M::SCHEMA, &self.filter.predicate, &changes).await
    }

    /// Deletes all rows by one statement; how many there were.
    ///
    /// # Errors
    /// Foreign key violation, when another row refers to one of them.
    pub async fn delete_all(self, tx: &mut Tx) -> Result<u64> {
        bulk::delete(tx, M::SCHEMA, &self.filter.predicate).await
    }

    fn window(self) -> Window<M> {
        Window { filter: self.filter, sorts: Vec::new(), limit: u64::from(u32::MAX), offset: 0 }
    }
}

/// Some of the rows of a [`Query`], in an order. What speaks of all of them, such as `count` or `update_all`, is
/// the query's alone:
///
/// ```compile_fail
/// use mainstay_model::{Model, Query, kernel::Tx};
///
/// async fn some<M: Model>(query: Query<M>, tx: &mut Tx) {
///     let _ = query.limit(10).delete_all(tx).await;
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a window reads nothing until `all` or `first` is awaited"]
pub struct Window<M> {
    filter: Filter<M>,
    sorts: Vec<Sort>,
    limit: u64,
    offset: u64,
}

impl<M: Model> Window<M> {
    /// Only the rows for which this holds too.
    pub fn and(mut self, filter: Filter<M>) -> Self {
        self.filter = self.filter.and(filter);
        self
    }

    /// Sorts by this column, after those given before.
    pub fn order(mut self, sort: Sort) -> Self {
        self.sorts.push(sort);
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.into();
        self
    }

    /// Leaves out so many rows first.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = offset.into();
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn all(self, reader: &Reader) -> Result<Vec<M>> {
        reader.rows(&self.statement(reader)).await?.iter().map(read::<M>).collect()
    }

    /// How the database would read the rows, in its own words, a line each: which index it takes, and
    /// whether it sorts. For a look at a slow query; the words are another version's to change.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn plan(self, reader: &Reader) -> Result<Vec<String>> {
        let dialect = reader.dialect();
        let plan = select::plan(dialect, &self.statement(reader));
        reader.rows(&plan).await?.iter().map(|row| row.at(select::plan_column(dialect))).collect()
    }

    fn statement(&self, reader: &Reader) -> Statement {
        let slice = Slice {
            predicate: &self.filter.predicate,
            sorts: &self.sorts,
            limit: self.limit,
            offset: self.offset,
        };
        select::slice(reader.dialect(), M::SCHEMA, &slice, Stamped::No)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn first(self, reader: &Reader) -> Result<Option<M>> {
        Ok(self.limit(1).all(reader).await?.into_iter().next())
    }
}
