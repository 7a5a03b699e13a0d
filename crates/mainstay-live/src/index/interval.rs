use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

use mainstay_kernel::Value;
use mainstay_model::{Compare, order};

use super::access::shown;

/// The values from one to another, of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Where it begins.
    pub low: Bound<Value>,
    /// Where it ends.
    pub high: Bound<Value>,
}

impl Interval {
    /// The values that compare so with this one; nothing where they are none, or on both sides of it.
    pub(super) fn of(compare: Compare, value: &Value) -> Option<Self> {
        let (low, high) = match compare {
            Compare::Equal => (Bound::Included(value), Bound::Included(value)),
            Compare::NotEqual => return None,
            Compare::Less => (Bound::Unbounded, Bound::Excluded(value)),
            Compare::LessOrEqual => (Bound::Unbounded, Bound::Included(value)),
            Compare::Greater => (Bound::Excluded(value), Bound::Unbounded),
            Compare::GreaterOrEqual => (Bound::Included(value), Bound::Unbounded),
        };
        Some(Self { low: low.cloned(), high: high.cloned() })
    }

    /// The values of both.
    pub(super) fn and(self, other: Self) -> Self {
        let low = if lows(&self.low, &other.low).is_ge() { self.low } else { other.low };
        let high = if highs(&self.high, &other.high).is_le() { self.high } else { other.high };
        Self { low, high }
    }

    /// Whether it is one value.
    pub(super) fn single(&self) -> Option<&Value> {
        match (&self.low, &self.high) {
            (Bound::Included(low), Bound::Included(high)) if order(low, high) == Some(Ordering::Equal) => {
                Some(low)
            }
            _ => None,
        }
    }

    /// Whether no value is in it.
    pub(super) fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(low), Bound::Included(high)) => compared(low, high).is_gt(),
            (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => {
                compared(low, high).is_ge()
            }
        }
    }

    /// Whether it ends on both sides.
    pub(super) fn is_bounded(&self) -> bool {
        self.low != Bound::Unbounded && self.high != Bound::Unbounded
    }
}

/// Of one kind, so that they compare.
pub(super) fn compared(one: &Value, other: &Value) -> Ordering {
    order(one, other).unwrap_or(Ordering::Equal)
}

/// Which of two beginnings comes first.
pub(super) fn lows(one: &Bound<Value>, other: &Bound<Value>) -> Ordering {
    match (one, other) {
        (Bound::Unbounded, Bound::Unbounded) => Ordering::Equal,
        (Bound::Unbounded, _) => Ordering::Less,
        (_, Bound::Unbounded) => Ordering::Greater,
        (Bound::Included(a), Bound::Included(b)) | (Bound::Excluded(a), Bound::Excluded(b)) => compared(a, b),
        (Bound::Included(a), Bound::Excluded(b)) => compared(a, b).then(Ordering::Less),
        (Bound::Excluded(a), Bound::Included(b)) => compared(a, b).then(Ordering::Greater),
    }
}

/// Which of two ends comes first.
pub(super) fn highs(one: &Bound<Value>, other: &Bound<Value>) -> Ordering {
    match (one, other) {
        (Bound::Unbounded, Bound::Unbounded) => Ordering::Equal,
        (Bound::Unbounded, _) => Ordering::Greater,
        (_, Bound::Unbounded) => Ordering::Less,
        (Bound::Included(a), Bound::Included(b)) | (Bound::Excluded(a), Bound::Excluded(b)) => compared(a, b),
        (Bound::Included(a), Bound::Excluded(b)) => compared(a, b).then(Ordering::Greater),
        (Bound::Excluded(a), Bound::Included(b)) => compared(a, b).then(Ordering::Less),
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.low {
            Bound::Included(it) => write!(f, "[{}", shown(it))?,
            Bound::Excluded(it) => write!(f, "({}", shown(it))?,
            Bound::Unbounded => f.write_str("(")?,
        }
        f.write_str(", ")?;
        match &self.high {
            Bound::Included(it) => write!(f, "{}]", shown(it)),
            Bound::Excluded(it) => write!(f, "{})", shown(it)),
            Bound::Unbounded => f.write_str(")"),
        }
    }
}
