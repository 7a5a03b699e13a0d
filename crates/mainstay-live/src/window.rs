//! The first rows of a query, kept as rows change.

use mainstay_kernel::Value;
use mainstay_model::{Order, Record};
use uuid::Uuid;

/// How many rows more than are shown are held, so that one that goes is followed by the next without a question to the
/// database.
const OVERSCAN: usize = 20;

/// The rows that a query shows, and some that follow them, in its order.
///
/// What it holds is always a beginning of all rows that match. A row that changes is taken out as it was and put in as it is;
/// where so many go that some to be shown are not held, it is [drained](Self::is_drained), and the rows behind its
/// [last](Self::last) are to be read.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    order: Order,
    key: usize,
    offset: usize,
    limit: usize,
    rows: Vec<Record>,
    /// Whether others may follow, which are not held.
    more: bool,
}

impl Window {
    /// One that shows `limit` rows behind the first `offset`, and holds nothing yet. The primary key is the column `key`.
    pub(crate) fn new(order: Order, key: usize, offset: usize, limit: usize) -> Self {
        Self { order, key, offset, limit, rows: Vec::new(), more: true }
    }

    /// Its order.
    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// How many rows are to be read behind those that it holds.
    pub(crate) fn missing(&self) -> usize {
        (self.full() + 1).saturating_sub(self.rows.len())
    }

    /// The row behind which others are to be read; from the first, where there is none.
    pub(crate) fn last(&self) -> Option<&Record> {
        self.rows.last()
    }

    /// The rows that follow those it holds, of which so many were asked for.
    pub(crate) fn extend(&mut self, rows: Vec<Record>, asked: usize) {
        self.more = rows.len() >= asked;
        self.rows.extend(rows);
        self.shorten();
    }

    /// A row that matched has gone, or matches no more; whether it was held.
    pub(crate) fn take(&mut self, id: Uuid) -> bool {
        let is_it = |row: &Record| matches!(row.0.get(self.key), Some(Value::Uuid(it)) if *it == id);
        match self.rows.iter().position(is_it) {
            Some(place) => {
                self.rows.remove(place);
                true
            }
            None => false,
        }
    }

    /// A row matches that is not held. Where it stands behind all that are, others may stand between: it is not held then.
    pub(crate) fn put(&mut self, row: Record) {
        let place = self.rows.partition_point(|held| self.order.compare(&held.0, &row.0).is_lt());
        if place < self.rows.len() || !self.more {
            self.rows.insert(place, row);
            self.shorten();
        }
    }

    /// Whether rows are to be shown that it does not hold, or may not.
    pub(crate) fn is_drained(&self) -> bool {
        self.more && self.rows.len() < self.offset + self.limit
    }

    /// The rows that are shown.
    pub(crate) fn shown(&self) -> &[Record] {
        let end = self.rows.len().min(self.offset + self.limit);
        self.rows.get(self.offset..end).unwrap_or_default()
    }

    fn full(&self) -> usize {
        self.offset + self.limit + OVERSCAN
    }

    fn shorten(&mut self) {
        if self.rows.len() > self.full() {
            self.rows.truncate(self.full());
            self.more = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::{Kind, Place};
    use mainstay_model::{ColumnDef, Part, Schema, Sort};
    use proptest::prelude::*;

    use super::*;

    static COLUMNS: [ColumnDef; 2] = [
        ColumnDef::new("id", Kind::Uuid, Part::Id),
        ColumnDef { optional: true, ..ColumnDef::new("rank", Kind::Int, Part::Plain) },
    ];

    static SCHEMA: Schema = Schema::new("thing", "things", &COLUMNS, Place::at(file!(), line!()));

    /// What the database has: rows that match, by their key.
    #[derive(Default)]
    struct Table(std::collections::BTreeMap<u8, Option<i64>>);

    fn record(key: u8, rank: Option<i64>) -> Record {
        Record(vec![Value::Uuid(Uuid::from_u128(key.into())), rank.map_or(Value::Null, Value::Int)])
    }

    impl Table {
        fn sorted(&self, order: &Order) -> Vec<Record> {
            let mut rows: Vec<_> = self.0.iter().map(|(key, rank)| record(*key, *rank)).collect();
            rows.sort_by(|one, other| order.compare(&one.0, &other.0));
            rows
        }
    }

    /// Reads what is missing; how many rows that were.
    fn refill(window: &mut Window, table: &Table) {
        let asked = window.missing();
        let order = window.order.clone();
        let behind = |row: &Record| window.last().is_none_or(|last| order.compare(&last.0, &row.0).is_lt());
        let rows = table.sorted(&order).into_iter().filter(behind).take(asked).collect();
        window.extend(rows, asked);
    }

    fn orders() -> impl Strategy<Value = Order> {
        any::<(bool, bool)>().prop_map(|(by_rank, descending)| {
            let sorts: &[Sort] = if by_rank { &[Sort { column: 1, descending }] } else { &[] };
            Order::new(&SCHEMA, sorts).unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_window_shows_what_the_query_would(
            order in orders(),
            offset in 0..4usize,
            limit in 1..6usize,
            changes in proptest::collection::vec((0..60u8, proptest::option::weighted(0.5, proptest::option::of(0..9i64))), 0..200),
        ) {
            let mut table = Table((0..40).map(|key| (key, Some(i64::from(key % 7)))).collect());
            let mut window = Window::new(order.clone(), 0, offset, limit);
            refill(&mut window, &table);
            for (key, now) in changes {
                if table.0.remove(&key).is_some() {
                    window.take(Uuid::from_u128(key.into()));
                }
                if let Some(rank) = now {
                    table.0.insert(key, rank);
                    window.put(record(key, rank));
                }
                if window.is_drained() {
                    refill(&mut window, &table);
                }
                let all = table.sorted(&order);
                let expected: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
                prop_assert_eq!(window.shown(), expected.as_slice());
            }
        }
    }

    #[test]
    fn a_row_that_goes_is_followed_without_a_question() {
        let table = Table((0..100).map(|key| (key, None)).collect());
        let mut window = Window::new(Order::new(&SCHEMA, &[]).unwrap(), 0, 0, 5);
        refill(&mut window, &table);
        for key in 0..20 {
            assert!(window.take(Uuid::from_u128(key)));
            assert!(!window.is_drained());
        }
        assert_eq!(window.shown().len(), 5);
        assert!(window.take(Uuid::from_u128(20)));
        assert!(window.is_drained(), "what follows is not known any more");
    }

    #[test]
    fn a_row_behind_all_that_are_held_is_held_only_where_nothing_stands_between() {
        let order = Order::new(&SCHEMA, &[]).unwrap();
        let mut few = Window::new(order.clone(), 0, 0, 2);
        few.extend(vec![record(1, None)], 22);
        few.put(record(9, None));
        assert_eq!(few.shown(), [record(1, None), record(9, None)]);
        let mut many = Window::new(order, 0, 0, 30);
        many.extend(vec![record(1, None)], 1);
        many.put(record(9, None));
        assert_eq!(many.shown(), [record(1, None)]);
    }
}
