//! Listing rows, within the scope and the caller's own conditions.

use mainstay_kernel::{Caller, Reader, Result, Row};

use crate::expand::Expanded;
use crate::store::select::{self, Slice, Stamped};
use crate::total::{self, CAP, Stamp, Totals};
use crate::{Action, Count, ListQuery, ModelEntry, Predicate, cursor};

/// A page of rows.
#[derive(Debug)]
pub struct Page {
    /// The rows as a JSON list.
    pub rows: Vec<u8>,
    /// How many rows match; `None` when it was not asked.
    pub total: Option<u64>,
    /// Whether there may be more than `total`.
    pub capped: bool,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// The rows that `query` wants, while the scope lets the caller read them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; too slow.
pub async fn list(
    reader: &Reader,
    model: &ModelEntry,
    who: &Caller,
    query: &ListQuery,
    totals: &Totals,
) -> Result<Page> {
    let grant = model.grant(Action::Read, who)?;
    let matching = grant.rows.and(query.filter.clone());
    let (rows, stamp) = match query.count {
        Count::Only => (Vec::new(), total::commit(reader)),
        Count::Capped | Count::Exact | Count::None => read(reader, model, query, &matching).await?,
    };
    let (total, capped) = count(reader, model, query, &matching, totals, stamp).await?;
    let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let next = if rows.len() > wanted { next(model, query, rows.get(wanted - 1))? } else { None };
    let shown = rows.iter().take(wanted);
    let expanded = Expanded::load(reader, &query.expand, shown.clone()).await?;
    Ok(Page { rows: render(model, query, &expanded, shown)?, total, capped, next })
}

/// One row more than wanted: whether there is a next page.
async fn read(
    reader: &Reader,
    model: &ModelEntry,
    query: &ListQuery,
    matching: &Predicate,
) -> Result<(Vec<Row>, Option<Stamp>)> {
    let predicate = match &query.after {
        Some(after) => &matching.clone().and(after.clone()),
        None => matching,
    };
    let slice = Slice { predicate, sorts: &query.sorts, limit: query.limit + 1, offset: query.offset };
    let stamped = match query.count {
        Count::None => Stamped::No,
        Count::Capped | Count::Exact | Count::Only => total::stamped(reader.dialect()),
    };
    let before = total::commit(reader);
    let rows = reader.rows(&select::slice(reader.dialect(), model.schema, &slice, stamped)).await?;
    let stamp = match (stamped, rows.first()) {
        (Stamped::Yes, Some(row)) => Some(Stamp::Snapshot(row.at(model.schema.columns.len())?)),
        (Stamped::Yes, None) | (Stamped::No, _) => before,
    };
    Ok((rows, stamp))
}

async fn count(
    reader: &Reader,
    model: &ModelEntry,
    query: &ListQuery,
    matching: &Predicate,
    totals: &Totals,
    stamp: Option<Stamp>,
) -> Result<(Option<u64>, bool)> {
    match query.count {
        Count::None => Ok((None, false)),
        Count::Exact => {
            let statement = select::count(reader.dialect(), model.schema, matching, None, Stamped::No);
            let row = reader.rows(&statement).await?;
            let total = row.first().map_or(Ok(0), |row| row.at::<i64>(0))?;
            Ok((Some(u64::try_from(total).unwrap_or(0)), false))
        }
        Count::Capped | Count::Only => {
            let total = totals.count(reader, model.schema, matching, stamp).await?;
            Ok((Some(total.min(CAP)), total > CAP))
        }
    }
}

fn next(model: &ModelEntry, query: &ListQuery, last: Option<&Row>) -> Result<Option<String>> {
    last.map(|row| cursor::write(model.schema, &query.sorts, row)).transpose()
}

fn render<'a>(
    model: &ModelEntry,
    query: &ListQuery,
    expanded: &Expanded<'_>,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(8192);
    out.push(b'[');
    for (position, row) in rows.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        query.visible.write_row(model.schema, row, expanded, &mut out)?;
    }
    out.push(b']');
    Ok(out)
}
