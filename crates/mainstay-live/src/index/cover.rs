//! Accesses of which every row has one for which a predicate is true, chosen to be had by few others.
//!
//! Of an `and`, one part is enough: the one that fewest rows are expected to fulfil. Of an `or`, each part is
//! needed. That reaches what the disjunctive normal form would, but for a choice within each of its terms,
//! and never grows beyond the predicate.

use std::collections::BTreeMap;

use mainstay_kernel::{Kind, Value, Variant};
use mainstay_model::{Atom, Compare, Predicate, Schema};
use serde_json::Value as Json;

use super::fingerprint::is_scalar;
use super::{Access, Interval, Step};

/// The most accesses of one subscription; with more it is judged row by row.
const MOST: usize = 256;

/// How many of a million rows are expected to have an access.
mod share {
    pub(super) const UUID: u64 = 1;
    pub(super) const VALUE: u64 = 10;
    pub(super) const ELEMENT: u64 = 1_000;
    pub(super) const BETWEEN: u64 = 10_000;
    pub(super) const MISSING: u64 = 100_000;
    pub(super) const BEYOND: u64 = 300_000;
    pub(super) const ALL: u64 = 1_000_000;
}

#[derive(Debug)]
struct Cover {
    accesses: Vec<Access>,
    share: u64,
}

/// The accesses of a widened predicate; none if it is true of no row.
pub(super) fn accesses(schema: &Schema, wide: &Predicate) -> Vec<Access> {
    let Cover { accesses, .. } = of(schema, wide);
    if accesses.contains(&Access::Residual) { vec![Access::Residual] } else { accesses }
}

fn of(schema: &Schema, predicate: &Predicate) -> Cover {
    match predicate {
        Predicate::Never | Predicate::Unknown => Cover::nothing(),
        Predicate::Always | Predicate::Exists(_) | Predicate::Search(_) => Cover::all(),
        Predicate::Or(any) => any.iter().map(|it| of(schema, it)).fold(Cover::nothing(), Cover::or),
        Predicate::And(all) => every(schema, all),
        Predicate::Column(column, atom) => Leaf::of(schema, *column, atom, Said::So).cover(schema, *column),
        Predicate::Not(it) => match &**it {
            Predicate::Column(column, atom) => {
                Leaf::of(schema, *column, atom, Said::Not).cover(schema, *column)
            }
            Predicate::Always
            | Predicate::Never
            | Predicate::Unknown
            | Predicate::Exists(_)
            | Predicate::Search(_)
            | Predicate::And(_)
            | Predicate::Or(_)
            | Predicate::Not(_) => Cover::all(),
        },
    }
}

/// The best of all parts. Those that bound one column are one interval.
fn every(schema: &Schema, all: &[Predicate]) -> Cover {
    let mut intervals: BTreeMap<usize, Interval> = BTreeMap::new();
    let mut best = Cover::all();
    let mut parts: Vec<&Predicate> = all.iter().collect();
    while let Some(part) = parts.pop() {
        if let Predicate::And(more) = part {
            parts.extend(more);
            continue;
        }
        if let Some((column, interval)) = bounds(schema, part) {
            let both = match intervals.remove(&column) {
                Some(other) => other.and(interval),
                None => interval,
            };
            intervals.insert(column, both);
        } else {
            best = best.better(of(schema, part));
        }
    }
    let intervals = intervals.into_iter().map(|(column, it)| Leaf::Range(it).cover(schema, column));
    intervals.fold(best, Cover::better)
}

/// The interval in which a part has a column.
fn bounds(schema: &Schema, part: &Predicate) -> Option<(usize, Interval)> {
    let (column, atom, said) = match part {
        Predicate::Column(column, atom) => (*column, atom, Said::So),
        Predicate::Not(it) => match &**it {
            Predicate::Column(column, atom) => (*column, atom, Said::Not),
            Predicate::Always
            | Predicate::Never
            | Predicate::Unknown
            | Predicate::Exists(_)
            | Predicate::Search(_)
            | Predicate::And(_)
            | Predicate::Or(_)
            | Predicate::Not(_) => return None,
        },
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Exists(_)
        | Predicate::Search(_)
        | Predicate::And(_)
        | Predicate::Or(_) => return None,
    };
    match Leaf::of(schema, column, atom, said) {
        Leaf::Range(interval) => Some((column, interval)),
        Leaf::Values(_) | Leaf::Missing | Leaf::Element(..) | Leaf::Other => None,
    }
}

impl Cover {
    fn nothing() -> Self {
        Self { accesses: Vec::new(), share: 0 }
    }

    fn all() -> Self {
        Self::one(Access::Residual, share::ALL)
    }

    fn one(access: Access, share: u64) -> Self {
        Self { accesses: vec![access], share }
    }

    fn or(mut self, other: Self) -> Self {
        if self.accesses.len() + other.accesses.len() > MOST {
            return Self::all();
        }
        self.share = self.share.saturating_add(other.share);
        for access in other.accesses {
            if !self.accesses.contains(&access) {
                self.accesses.push(access);
            }
        }
        self
    }

    fn better(self, other: Self) -> Self {
        let rank =
            |it: &Self| (it.accesses.contains(&Access::Residual) || it.accesses.len() > MOST, it.share);
        if rank(&other) < rank(&self) { other } else { self }
    }
}

/// Whether a part is said of a column or denied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    So,
    Not,
}

/// What is asked of one column. Of a missing value none of it is true but `Missing`.
enum Leaf {
    Values(Vec<Value>),
    Missing,
    Range(Interval),
    Element(Vec<Step>, Json),
    Other,
}

impl Leaf {
    fn of(schema: &Schema, column: usize, atom: &Atom, said: Said) -> Self {
        let kind = schema.column(column).kind;
        match (atom, said) {
            (Atom::Compare(compare, value), _) => {
                let compare = if said == Said::So { *compare } else { opposite(*compare) };
                Self::compared(compare, value)
            }
            (Atom::In(values), Said::So) => Self::Values(values.clone()),
            // The opposite of being one of none is true of what is missing, too.
            (Atom::In(values), Said::Not) if values.is_empty() => Self::Other,
            (Atom::In(values), Said::Not) => match all_of(kind) {
                Some(all) => Self::Values(all.into_iter().filter(|it| !values.contains(it)).collect()),
                None => Self::Other,
            },
            (Atom::IsNull, Said::So) => Self::Missing,
            (Atom::PathIsNull(path), Said::So) if path.is_empty() => Self::Missing,
            (Atom::Like(pattern), Said::So) => begins(&pattern.prefix()),
            (Atom::Contains(json), Said::So) => element(json, Vec::new()),
            (Atom::PathIs(path, json), Said::So) => {
                element(json, path.iter().cloned().map(Step::Key).collect())
            }
            (Atom::PathIsNull(_), Said::So)
            | (
                Atom::IsNull | Atom::PathIsNull(_) | Atom::Like(_) | Atom::Contains(_) | Atom::PathIs(..),
                Said::Not,
            ) => Self::Other,
        }
    }

    fn compared(compare: Compare, value: &Value) -> Self {
        if let Some(all) = kind_of_few(value) {
            let admits = |it: &Value| mainstay_model::order(it, value).is_some_and(|it| compare.admits(it));
            return Self::Values(all.into_iter().filter(admits).collect());
        }
        match (compare, Interval::of(compare, value)) {
            (Compare::Equal, _) => Self::Values(vec![value.clone()]),
            (_, Some(interval)) => Self::Range(interval),
            (_, None) => Self::Other,
        }
    }

    fn cover(self, schema: &Schema, column: usize) -> Cover {
        match self {
            Self::Values(values) => {
                let share = share_of_value(schema.column(column).kind);
                let each = values.into_iter().map(|value| Cover::one(Access::Equal { column, value }, share));
                each.fold(Cover::nothing(), Cover::or)
            }
            Self::Missing => Cover::one(Access::Missing { column }, share::MISSING),
            Self::Range(interval) if interval.is_empty() => Cover::nothing(),
            Self::Range(interval) => match interval.single() {
                Some(value) => Self::Values(vec![value.clone()]).cover(schema, column),
                None => {
                    let share = if interval.is_bounded() { share::BETWEEN } else { share::BEYOND };
                    Cover::one(Access::Range { column, interval }, share)
                }
            },
            Self::Element(path, value) => Cover::one(Access::Element { column, path, value }, share::ELEMENT),
            Self::Other => Cover::all(),
        }
    }
}

fn share_of_value(kind: Kind) -> u64 {
    match kind {
        Kind::Uuid => share::UUID,
        Kind::Bool => share::ALL / 2,
        Kind::Enum(of) => share::ALL / (of.variants.len() as u64).max(1),
        Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Timestamp
        | Kind::Json
        | Kind::Decimal(_)
        | Kind::Date => share::VALUE,
    }
}

/// What holds of a value that is there when this comparison does not.
fn opposite(compare: Compare) -> Compare {
    match compare {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::GreaterOrEqual,
        Compare::LessOrEqual => Compare::Greater,
        Compare::Greater => Compare::LessOrEqual,
        Compare::GreaterOrEqual => Compare::Less,
    }
}

/// All values of a kind that has few.
fn all_of(kind: Kind) -> Option<Vec<Value>> {
    match kind {
        Kind::Bool => kind_of_few(&Value::Bool(false)),
        Kind::Enum(of) if of.variants.is_empty() => Some(Vec::new()),
        Kind::Enum(of) => kind_of_few(&Value::Enum(of.at(0))),
        Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::Json
        | Kind::Decimal(_)
        | Kind::Date => None,
    }
}

/// All values of this one's kind, where they are few.
fn kind_of_few(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Bool(_) => Some(vec![Value::Bool(false), Value::Bool(true)]),
        Value::Enum(it) => {
            let of = Variant::of(*it);
            Some((0..of.variants.len()).map(|index| Value::Enum(of.at(index))).collect())
        }
        Value::Null
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Uuid(_)
        | Value::Timestamp(_)
        | Value::Json(_)
        | Value::Decimal(_)
        | Value::Date(_) => None,
    }
}

/// The texts that begin so, as an interval.
fn begins(prefix: &str) -> Leaf {
    if prefix.is_empty() {
        return Leaf::Other;
    }
    let mut interval = Interval { low: std::ops::Bound::Unbounded, high: std::ops::Bound::Unbounded };
    let mut parts = vec![Predicate::starts_with(0, prefix)];
    while let Some(part) = parts.pop() {
        match part {
            Predicate::And(all) => parts.extend(all),
            Predicate::Column(_, Atom::Compare(compare, value)) => {
                if let Some(other) = Interval::of(compare, &value) {
                    interval = interval.and(other);
                }
            }
            Predicate::Always
            | Predicate::Never
            | Predicate::Unknown
            | Predicate::Column(..)
            | Predicate::Exists(_)
            | Predicate::Search(_)
            | Predicate::Or(_)
            | Predicate::Not(_) => {}
        }
    }
    Leaf::Range(interval)
}

/// A value that JSON has in which this is found at this place: the one that says the most.
fn element(part: &Json, path: Vec<Step>) -> Leaf {
    let mut found = Vec::new();
    scalars(part, path, &mut found);
    let telling = |(_, it): &(Vec<Step>, Json)| match it {
        Json::String(it) => (2, it.len()),
        Json::Number(_) => (1, 0),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => (0, 0),
    };
    found.into_iter().max_by_key(telling).map_or(Leaf::Other, |(path, it)| Leaf::Element(path, it))
}

fn scalars(json: &Json, path: Vec<Step>, found: &mut Vec<(Vec<Step>, Json)>) {
    let deeper = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
    match json {
        Json::Array(items) => items.iter().for_each(|it| scalars(it, deeper(Step::Item), found)),
        Json::Object(members) => {
            members.iter().for_each(|(key, it)| scalars(it, deeper(Step::Key(key.clone())), found));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            debug_assert!(is_scalar(json), "lists and objects are told apart above");
            found.push((path, json.clone()));
        }
    }
}
