//! A list that is kept up to date: what a live query shows, and what it takes to know when that changes.

use std::collections::BTreeMap;

use mainstay_kernel::{Caller, Dialect, Error, Reader, Result};

use crate::cursor;
use crate::expand::Expanded;
use crate::store::select::{self, Slice, Stamped};
use crate::total::CAP;
use crate::{Action, Count, ListQuery, ModelEntry, Order, Predicate, Record, Schema};

/// What a caller's list shows, with the scope in it: it stays the same as long as the caller does.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Of which model.
    pub model: &'static ModelEntry,
    /// What rows it counts: the scope and the caller's own conditions.
    pub matching: Predicate,
    /// What rows it shows: those of them that stand behind the place where it begins.
    pub rows: Predicate,
    query: ListQuery,
}

/// How many rows match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// How many, at most 10 000.
    pub count: u64,
    /// Whether there are more.
    pub capped: bool,
}

impl Standing {
    /// The list that this caller asks for.
    ///
    /// # Errors
    /// Unauthenticated or forbidden by the scope; bad request, where the model is not live, or looks at one that is not:
    /// nobody would say when its rows change.
    pub fn new(model: &'static ModelEntry, who: &Caller, query: ListQuery) -> Result<Self> {
        let matching = model.grant(Action::Read, who)?.rows.and(query.filter.clone());
        let rows = match &query.after {
            Some(after) => matching.clone().and(after.clone()),
            None => matching.clone(),
        };
        let standing = Self { model, matching, rows, query };
        standing.watched()?;
        Ok(standing)
    }

    fn watched(&self) -> Result<()> {
        let own = self.model.schema;
        let Some(blind) = [own].into_iter().chain(self.elsewhere().into_values()).find(|it| !it.live) else {
            return Ok(());
        };
        Err(Error::bad_request(
            "not_live",
            if std::ptr::eq(blind, own) {
                format!("{} cannot be followed: the model is not declared `#[model(live)]`", own.plural)
            } else {
                format!(
                    "this list of {} cannot be followed: it depends on {}, which are not declared `#[model(live)]`",
                    own.plural, blind.plural
                )
            },
        ))
    }

    /// The same for whoever sees the same: the statement that reads it, and what is shown of it.
    pub fn key(&self, dialect: Dialect) -> String {
        let page = self.slice(&self.rows, self.query.limit, self.query.offset);
        let statement = select::slice(dialect, self.model.schema, &page, Stamped::No);
        let (visible, expand) = (&self.query.visible, self.query.expand.key());
        format!("{} {:?} {visible:?} {expand} {:?}", statement.text(), statement.params(), self.query.count)
    }

    /// How many rows it leaves out first.
    pub fn offset(&self) -> usize {
        usize::try_from(self.query.offset).unwrap_or(usize::MAX)
    }

    /// How many rows it shows.
    pub fn limit(&self) -> usize {
        usize::try_from(self.query.limit).unwrap_or(usize::MAX)
    }

    /// Its order, where rows can be put into it in memory.
    pub fn order(&self) -> Option<Order> {
        Order::new(self.model.schema, &self.query.sorts).ok()
    }

    /// Whether a row shows nothing but its own columns.
    pub fn is_plain(&self) -> bool {
        self.query.expand.is_empty()
    }

    /// Whether it says how many rows match.
    pub fn counts(&self) -> bool {
        match self.query.count {
            Count::Capped | Count::Exact | Count::Only => true,
            Count::None => false,
        }
    }

    /// The columns that it shows, and by which it is sorted: of those it is matched by, its rows say.
    pub fn depends_on(&self) -> impl Iterator<Item = usize> {
        let shown = (0..self.model.schema.columns.len()).filter(|it| self.query.visible.has(*it));
        shown.chain(self.query.sorts.iter().map(|it| it.column)).chain(self.query.expand.columns())
    }

    /// The other models whose rows it looks at, or shows, by their names.
    pub fn elsewhere(&self) -> BTreeMap<&'static str, &'static Schema> {
        let mut models = BTreeMap::new();
        self.matching.models(&mut models);
        self.query.expand.models(&mut models);
        models
    }

    /// So many rows behind this one, or from the beginning.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub async fn records(
        &self,
        reader: &Reader,
        behind: Option<&Record>,
        most: usize,
    ) -> Result<Vec<Record>> {
        let schema = self.model.schema;
        let rows = match behind {
            Some(last) => &self.rows.clone().and(cursor::behind(schema, &self.query.sorts, last)),
            None => &self.rows,
        };
        let slice = self.slice(rows, most as u64, 0);
        let read = reader.rows(&select::slice(reader.dialect(), schema, &slice, Stamped::No)).await?;
        read.iter().map(|row| Record::read(schema, row)).collect()
    }

    /// The rows as they are shown, each with its key.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub async fn page(&self, reader: &Reader) -> Result<Vec<(uuid::Uuid, Vec<u8>)>> {
        let schema = self.model.schema;
        let slice = self.slice(&self.rows, self.query.limit, self.query.offset);
        let rows = reader.rows(&select::slice(reader.dialect(), schema, &slice, Stamped::No)).await?;
        let expanded = Expanded::load(reader, &self.query.expand, rows.iter()).await?;
        let show = |row| {
            let mut out = Vec::with_capacity(512);
            self.query.visible.write_row(schema, row, &expanded, &mut out)?;
            Ok((row.at(schema.id())?, out))
        };
        rows.iter().map(show).collect()
    }

    /// A row as it is shown, where it [is plain](Self::is_plain).
    pub fn show(&self, record: &Record) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.query.visible.write_record(self.model.schema, record, &mut out);
        out
    }

    /// How many rows match, wherever it begins.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub async fn total(&self, reader: &Reader) -> Result<Total> {
        let schema = self.model.schema;
        let statement = select::count(reader.dialect(), schema, &self.matching, Some(CAP + 1), Stamped::No);
        let counted = reader.rows(&statement).await?.first().map_or(Ok(0), |row| row.at::<i64>(0))?;
        let count = u64::try_from(counted).unwrap_or(0);
        Ok(Total { count: count.min(CAP), capped: count > CAP })
    }

    fn slice<'a>(&'a self, predicate: &'a Predicate, limit: u64, offset: u64) -> Slice<'a> {
        Slice { predicate, sorts: &self.query.sorts, limit, offset }
    }
}
