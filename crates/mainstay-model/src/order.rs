use std::cmp::Ordering;

use mainstay_kernel::{SeededBug, Value};

use crate::exactness::{Why, unordered};
use crate::{Schema, Sort, atom};

/// The order of a list in memory: that of both databases, with the primary key as its last sort.
///
/// Missing values come last in both directions. Texts, bytes and UUIDs compare by their bytes, false comes
/// before true, and a variant where its enum declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    sorts: Vec<Sort>,
}

impl Order {
    /// The order of these sorts, and by the primary key, smallest first, where none of them is by it.
    ///
    /// # Errors
    /// Why rows that changes carry cannot be put in this order: a column that changes do not carry, or JSON,
    /// which the two databases order differently.
    pub fn new(schema: &Schema, sorts: &[Sort]) -> Result<Self, Why> {
        let key = Sort { column: schema.id(), descending: false };
        let mut all: Vec<Sort> = Vec::with_capacity(sorts.len() + 1);
        for sort in sorts.iter().copied().chain([key]) {
            if let Some(why) = unordered(schema, sort.column) {
                return Err(why);
            }
            if !all.iter().any(|it| it.column == sort.column) {
                all.push(sort);
            }
        }
        Ok(Self { sorts: all })
    }

    /// How two rows compare; their values are in the order of the schema's columns. Only a row and itself
    /// are equal.
    pub fn compare<'a>(&self, one: &'a [Value], other: &'a [Value]) -> Ordering {
        let by = |sort: &Sort| {
            let at = |row: &'a [Value]| row.get(sort.column).filter(|it| !it.is_null());
            match (at(one), at(other)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) if SeededBug::LiveNullsFirst.is_on() => Ordering::Less,
                (Some(_), None) if SeededBug::LiveNullsFirst.is_on() => Ordering::Greater,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(other)) => {
                    // Of one column, so of one kind.
                    let order = atom::order(one, other).unwrap_or(Ordering::Equal);
                    if sort.descending { order.reverse() } else { order }
                }
            }
        };
        self.sorts.iter().map(by).find(|it| it.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// What it sorts by, in this order; the primary key is among them.
    pub fn sorts(&self) -> &[Sort] {
        &self.sorts
    }
}
