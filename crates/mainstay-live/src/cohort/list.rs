use std::collections::HashMap;
use std::sync::Arc;

use mainstay_kernel::{Error, Reader, Result};
use mainstay_model::{Exactness, Judge, Order, Record, Standing, Total, Verdict};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::View;
use crate::diff::Shown;
use crate::feed::Change;
use crate::window::Window;

/// The furthest row that a window holds. Beyond it each look is the database's.
const FURTHEST: usize = 1000;

/// The rows of a query.
pub(super) struct List {
    rows: Rows,
    total: Option<Total>,
    counts: Counts,
    is_touched: bool,
}

enum Rows {
    /// Kept as they change, since memory decides which they are and in which order.
    Held { window: Box<Window>, judge: Judge, shown: Texts, start_again: bool },
    /// Read again whenever they may be others.
    Read(Vec<Shown>),
}

/// How the total is known.
enum Counts {
    /// It is not asked for, or stands.
    No,
    /// It changes with the rows, as far as it is not capped.
    By(Judge),
    /// It is counted anew.
    Again,
}

/// The first rows of a query, and how many there are.
pub(crate) enum Read {
    /// The beginning of all of them, of which so many were asked for.
    Records { records: Vec<Record>, asked: usize, total: Option<Total> },
    /// Those that are shown.
    Page { rows: Vec<Shown>, total: Option<Total> },
}

/// Whether its rows can be kept in memory: in which order, and by what judge.
fn keeps(standing: &Standing) -> Option<(Order, Judge)> {
    let judge = Judge::new(standing.model.schema, &standing.rows);
    let near = standing.offset() + standing.limit() <= FURTHEST;
    let decides = judge.exactness() == Exactness::Exact;
    (decides && near && standing.is_plain()).then(|| Some((standing.order()?, judge)))?
}

fn window(standing: &Standing, order: Order) -> Window {
    Window::new(order, standing.model.schema.id(), standing.offset(), standing.limit())
}

impl Read {
    /// Reads what a cohort begins with.
    pub(crate) async fn first(standing: &Standing, reader: &Reader) -> Result<Self> {
        let total = if standing.counts() { Some(standing.total(reader).await?) } else { None };
        match keeps(standing) {
            Some((order, _)) => {
                let asked = window(standing, order).missing();
                let records = standing.records(reader, None, asked).await?;
                Ok(Self::Records { records, asked, total })
            }
            None => Ok(Self::Page { rows: page(standing, reader).await?, total }),
        }
    }
}

async fn page(standing: &Standing, reader: &Reader) -> Result<Vec<Shown>> {
    let rows = standing.page(reader).await?.into_iter();
    rows.map(|(id, body)| Ok(Shown { id, body: raw(body)? })).collect()
}

fn raw(body: Vec<u8>) -> Result<Box<RawValue>> {
    serde_json::from_slice(&body)
        .map_err(|error| Error::internal("a row that is shown is no JSON").caused_by(error))
}

impl List {
    pub(super) fn new(standing: &Standing, read: Read) -> Self {
        let counts = |total: Option<Total>| match total {
            None => Counts::No,
            Some(_) => {
                let judge = Judge::new(standing.model.schema, &standing.matching);
                if judge.exactness() == Exactness::Exact { Counts::By(judge) } else { Counts::Again }
            }
        };
        match (read, keeps(standing)) {
            (Read::Records { records, asked, total }, Some((order, judge))) => {
                let mut window = window(standing, order);
                window.extend(records, asked);
                let rows = Rows::Held {
                    window: Box::new(window),
                    judge,
                    shown: Texts::default(),
                    start_again: false,
                };
                Self { rows, total, counts: counts(total), is_touched: false }
            }
            (Read::Page { rows, total }, _) => {
                Self { rows: Rows::Read(rows), total, counts: counts(total), is_touched: false }
            }
            (Read::Records { total, .. }, None) => {
                Self { rows: Rows::Read(Vec::new()), total, counts: counts(total), is_touched: true }
            }
        }
    }

    pub(super) fn is_touched(&self) -> bool {
        self.is_touched
    }

    pub(super) fn start_again(&mut self) {
        self.is_touched = true;
        if let Rows::Held { start_again, .. } = &mut self.rows {
            *start_again = true;
        }
        if let Counts::By(_) = &self.counts {
            // Counted anew, once.
            self.total = None;
        }
    }

    /// This was committed. A row is taken out as it was, and put in as it is.
    pub(super) fn note(&mut self, standing: &Standing, change: &Change) {
        if change.model.name != standing.model.schema.name {
            self.is_touched = true;
            return;
        }
        self.count(change);
        match &mut self.rows {
            Rows::Read(_) => self.is_touched = true,
            Rows::Held { window, judge, .. } => {
                let held = window.take(change.id());
                let comes = change.after().filter(|it| judge.judge(&it.0) == Verdict::Holds);
                if let Some(after) = comes {
                    window.put(after.clone());
                }
                self.is_touched |= held || comes.is_some();
            }
        }
    }

    fn count(&mut self, change: &Change) {
        let Counts::By(judge) = &self.counts else { return };
        let holds = |row: Option<&Record>| row.is_some_and(|it| judge.judge(&it.0) == Verdict::Holds);
        let (was, is) = (holds(change.before()), holds(change.after()));
        if was == is {
            return;
        }
        self.is_touched = true;
        self.total = match self.total {
            Some(Total { count, capped: false }) => {
                Some(Total { count: if is { count + 1 } else { count.saturating_sub(1) }, capped: false })
            }
            // How far it is beyond the cap is not known.
            Some(Total { capped: true, .. }) | None => None,
        };
    }

    /// Reads what is not known by what was noted.
    pub(super) async fn settle(&mut self, standing: &Standing, reader: &Reader) -> Result<()> {
        if !self.is_touched {
            return Ok(());
        }
        match &mut self.rows {
            Rows::Read(rows) => *rows = page(standing, reader).await?,
            Rows::Held { window: held, start_again, .. } => {
                if *start_again {
                    let order = held.order().clone();
                    **held = window(standing, order);
                    *start_again = false;
                }
                if held.is_drained() {
                    let asked = held.missing();
                    held.extend(standing.records(reader, held.last(), asked).await?, asked);
                }
            }
        }
        let is_open = match &self.counts {
            Counts::No => false,
            Counts::By(_) => self.total.is_none_or(|it| it.count > mainstay_model::MAX_TOTAL),
            Counts::Again => true,
        };
        if is_open {
            self.total = Some(standing.total(reader).await?);
        }
        self.is_touched = false;
        Ok(())
    }

    /// What it shows.
    pub(super) fn view(&mut self, standing: &Standing) -> Result<View> {
        let rows = match &mut self.rows {
            Rows::Read(rows) => rows.as_slice().into(),
            Rows::Held { window, shown, .. } => shown.show(standing, window)?,
        };
        Ok(View { rows, total: self.total })
    }

    /// What it showed before these changes; none where that is not known. They are undone, the last one first: a window is a
    /// beginning of all rows in both directions.
    pub(super) fn before(&self, standing: &Standing, changes: &[&Change]) -> Result<Option<View>> {
        if changes.is_empty() {
            let rows = match &self.rows {
                Rows::Read(rows) => rows.as_slice().into(),
                Rows::Held { window, shown, .. } => shown.clone().show(standing, window)?,
            };
            return Ok(Some(View { rows, total: self.total }));
        }
        let Rows::Held { window, judge, shown, .. } = &self.rows else { return Ok(None) };
        let mut window = window.clone();
        for change in changes.iter().rev() {
            window.take(change.id());
            if let Some(before) = change.before().filter(|it| judge.judge(&it.0) == Verdict::Holds) {
                window.put(before.clone());
            }
        }
        if window.is_drained() {
            return Ok(None);
        }
        // What it was is not counted: it is told anew.
        Ok(Some(View { rows: shown.clone().show(standing, &window)?, total: None }))
    }
}

/// Rows of a window as they are shown. Those that are as they were keep the text that they had.
#[derive(Clone, Default)]
struct Texts(HashMap<Uuid, (Record, Shown)>);

impl Texts {
    fn show(&mut self, standing: &Standing, window: &Window) -> Result<Arc<[Shown]>> {
        let mut known = std::mem::take(&mut self.0);
        for record in window.shown() {
            let id = record.id(standing.model.schema);
            let shown = match known.remove(&id) {
                Some((old, shown)) if old == *record => shown,
                Some(_) | None => Shown { id, body: raw(standing.show(record))? },
            };
            self.0.insert(id, (record.clone(), shown));
        }
        let at =
            |record: &Record| self.0.get(&record.id(standing.model.schema)).map(|(_, shown)| shown.clone());
        Ok(window.shown().iter().filter_map(at).collect())
    }
}
