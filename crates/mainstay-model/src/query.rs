use mainstay_kernel::{Reader, Result};

use crate::model::read;
use crate::predicate::Filter;
use crate::store::select::{self, Slice, Stamped};
use crate::{Model, Sort};

/// The rows of `M` for which a filter holds, not read yet.
#[derive(Clone, Debug)]
#[must_use = "a query reads nothing until `all`, `first` or `count` is awaited"]
pub struct Query<M> {
    filter: Filter<M>,
    sorts: Vec<Sort>,
    limit: u64,
    offset: u64,
}

impl<M: Model> Query<M> {
    pub(crate) fn new(filter: Filter<M>) -> Self {
        Self { filter, sorts: Vec::new(), limit: u64::from(u32::MAX), offset: 0 }
    }

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
    /// Too slow or unavailable, as the reader says.
    pub async fn all(self, reader: &Reader) -> Result<Vec<M>> {
        let slice = Slice {
            predicate: &self.filter.predicate,
            sorts: &self.sorts,
            limit: self.limit,
            offset: self.offset,
        };
        let statement = select::slice(reader.dialect(), M::SCHEMA, &slice, Stamped::No);
        reader.rows(&statement).await?.iter().map(read::<M>).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn first(self, reader: &Reader) -> Result<Option<M>> {
        Ok(self.limit(1).all(reader).await?.into_iter().next())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn count(self, reader: &Reader) -> Result<i64> {
        let statement = select::count(reader.dialect(), M::SCHEMA, &self.filter.predicate, None, Stamped::No);
        reader.rows(&statement).await?.first().map_or(Ok(0), |row| row.at(0))
    }
}
