//! Groups and what they come to: whatever is asked, the store answers what adding up in memory does.

use std::cmp::Ordering;

use mainstay::kernel::{Fixed, Kind, Value};
use mainstay::model::{
    Field as _, Fold, GroupSort, Groups, Predicate, Record, Schema, Sort, Term, additive, evaluate, groups,
};
use mainstay_test::Db;

use super::world::World;
use super::{question, values, worlds};
use crate::dice::Dice;

const QUESTIONS: usize = 25;

#[mainstay::test]
async fn every_group_is_what_memory_says(db: Db) {
    for seed in worlds() {
        let mut dice = Dice::new(seed);
        let mut world = World::with_another(&mut dice, seed);
        let _ = additive::apply(&db, &world.schemas()).await.expect("a table");
        world.fill(&db, &mut dice).await;
        for number in 0..QUESTIONS {
            let question = Asked::new(&mut dice, world.schema);
            let asked = format!("MAINSTAY_WORLD={seed}, question {number}: {question:?}");
            let answer = groups(&db.reader(), world.schema, &question.groups()).await;
            match question.answer(&world) {
                Some(expected) => {
                    let answer = answer.unwrap_or_else(|error| panic!("{error:?}, {asked}"));
                    assert_eq!(answer.len(), expected.len(), "{asked}");
                    let alike = answer.iter().flatten().zip(expected.iter().flatten());
                    for (is, should_be) in alike {
                        assert!(is_same(is, should_be), "{is:?} is not {should_be:?}, {asked}");
                    }
                }
                None => assert!(answer.is_err(), "a sum that does not fit is {answer:?}, {asked}"),
            }
        }
    }
}

#[derive(Debug)]
struct Asked {
    predicate: Predicate,
    keys: Vec<usize>,
    terms: Vec<Term>,
    /// By the position of a key, or behind them of a term.
    sorts: Vec<(usize, bool)>,
    limit: usize,
    offset: usize,
}

impl Asked {
    fn new(dice: &mut Dice, schema: &Schema) -> Self {
        let depth = dice.below(3);
        let predicate = question::predicate(dice, schema, depth);
        let mut keys = Vec::new();
        for _ in 0..dice.below(3) {
            let key = dice.below(schema.columns.len());
            if schema.columns[key].kind != Kind::Json && !keys.contains(&key) {
                keys.push(key);
            }
        }
        let terms: Vec<_> = (0..=dice.below(3)).map(|_| term(dice, schema)).collect();
        let may_sort = |it: &(usize, bool)| match it.0.checked_sub(keys.len()) {
            None => true,
            // Means that are equal in a float may differ in what they are compared by.
            Some(at) => terms[at].fold != Fold::Average && !is_float_sum(schema, terms[at]),
        };
        let sorts = (0..dice.below(3)).map(|_| (dice.below(keys.len() + terms.len()), dice.roll(2) == 0));
        let sorts = sorts.filter(may_sort).collect();
        let (limit, offset) = if keys.is_empty() { (1, 0) } else { (1 + dice.below(9), dice.below(3)) };
        Self { predicate, sorts, limit, offset, keys, terms }
    }

    fn groups(&self) -> Groups {
        let sort = |&(at, descending): &(usize, bool)| match at.checked_sub(self.keys.len()) {
            None => GroupSort::from(Sort { column: self.keys[at], descending }),
            Some(at) if descending => GroupSort::greatest_first(self.terms[at]),
            Some(at) => GroupSort::least_first(self.terms[at]),
        };
        Groups {
            predicate: self.predicate.clone(),
            keys: self.keys.clone(),
            terms: self.terms.clone(),
            sorts: self.sorts.iter().map(sort).collect(),
            limit: self.limit as u64,
            offset: self.offset as u64,
        }
    }

    /// The groups in their order; nothing when a sum does not fit.
    fn answer(&self, world: &World) -> Option<Vec<Vec<Value>>> {
        let mut groups: Vec<(Vec<Value>, Vec<&Record>)> = Vec::new();
        for row in world.rows.iter().filter(|row| evaluate(&self.predicate, &row.0) == Some(true)) {
            let keys: Vec<_> = self.keys.iter().map(|&key| row.0[key].clone()).collect();
            match groups.iter_mut().find(|(of, _)| *of == keys) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((keys, vec![row])),
            }
        }
        if self.keys.is_empty() && groups.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        let mut sized: Vec<(Vec<Value>, Vec<Folded>)> = groups
            .into_iter()
            .map(|(keys, rows)| (keys, self.terms.iter().map(|it| fold(world.schema, *it, &rows)).collect()))
            .collect();
        sized.sort_by(|one, other| self.order(one, other));
        let read = sized.into_iter().skip(self.offset).take(self.limit);
        read.map(|(mut keys, terms)| {
            for term in terms {
                keys.push(term.value?);
            }
            Some(keys)
        })
        .collect()
    }

    fn order(&self, one: &(Vec<Value>, Vec<Folded>), other: &(Vec<Value>, Vec<Folded>)) -> Ordering {
        let keys = (0..self.keys.len()).map(|at| (at, false));
        let orders = self.sorts.iter().copied().chain(keys).map(|(at, descending)| {
            match at.checked_sub(self.keys.len()) {
                None => values::order(&one.0[at], &other.0[at], descending),
                Some(at) => one.1[at].order(&other.1[at], descending),
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

fn is_float_sum(schema: &Schema, term: Term) -> bool {
    term.fold == Fold::Sum && schema.columns[term.column].kind == Kind::Float
}

fn term(dice: &mut Dice, schema: &Schema) -> Term {
    let column = dice.below(schema.columns.len());
    let fold = match schema.columns[column].kind {
        Kind::Json => Fold::Count,
        Kind::Int | Kind::Float | Kind::Decimal(_) => {
            dice.one(&[Fold::Count, Fold::Sum, Fold::Sum, Fold::Average, Fold::Least, Fold::Greatest])
        }
        Kind::Bool | Kind::Text | Kind::Bytes | Kind::Uuid | Kind::Timestamp | Kind::Date | Kind::Enum(_) => {
            dice.one(&[Fold::Count, Fold::Least, Fold::Greatest])
        }
    };
    Term { fold, column }
}

/// What a group comes to; a sum that does not fit has no value, and still an order.
#[derive(Clone)]
struct Folded {
    exact: Option<i128>,
    value: Option<Value>,
}

impl Folded {
    fn order(&self, other: &Self, descending: bool) -> Ordering {
        match (self.exact, other.exact) {
            (Some(one), Some(other)) if descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            _ => {
                let of = |it: &Self| it.value.clone().expect("only sums may have none");
                values::order(&of(self), &of(other), descending)
            }
        }
    }
}

fn fold(schema: &Schema, term: Term, rows: &[&Record]) -> Folded {
    let kind = schema.columns[term.column].kind;
    let mut there: Vec<&Value> =
        rows.iter().map(|row| &row.0[term.column]).filter(|it| !it.is_null()).collect();
    let known = |value: Value| Folded { exact: None, value: Some(value) };
    let count = there.len();
    match term.fold {
        Fold::Count => known(Value::Int(count as i64)),
        Fold::Least | Fold::Greatest => {
            there.sort_by(|one, other| values::order(one, other, false));
            let found = if term.fold == Fold::Least { there.first() } else { there.last() };
            known(found.map_or(Value::Null, |it| (*it).clone()))
        }
        Fold::Sum | Fold::Average => {
            let is_sum = term.fold == Fold::Sum;
            if kind == Kind::Float {
                let sum: f64 = there.iter().map(|it| float(it)).sum();
                return known(match (is_sum, count) {
                    (true, _) => Value::Float(sum),
                    (false, 0) => Value::Null,
                    (false, _) => Value::Float(sum / count as f64),
                });
            }
            let sum: i128 = there.iter().map(|it| units(it)).sum();
            match (is_sum, count) {
                (true, _) => {
                    Folded { exact: Some(sum), value: i64::try_from(sum).ok().map(|it| of(kind, it)) }
                }
                (false, 0) => known(Value::Null),
                (false, _) => known(mean(kind, sum, count as i128)),
            }
        }
    }
}

fn of(kind: Kind, units: i64) -> Value {
    if let Kind::Decimal(scale) = kind { Value::Decimal(Fixed { units, scale }) } else { Value::Int(units) }
}

fn units(value: &Value) -> i128 {
    if let Value::Decimal(it) = value {
        it.units.into()
    } else {
        i64::from_value(value.clone()).expect("a number").into()
    }
}

fn float(value: &Value) -> f64 {
    f64::from_value(value.clone()).expect("a float")
}

fn mean(kind: Kind, sum: i128, count: i128) -> Value {
    let Kind::Decimal(scale) = kind else { return Value::Float(sum as f64 / count as f64) };
    let (whole, rest) = (sum / count, sum % count);
    let units = if 2 * rest.abs() >= count { whole + sum.signum() } else { whole };
    Value::Decimal(Fixed { units: i64::try_from(units).expect("a mean fits"), scale })
}

/// Floats are added in whatever order the rows are read.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => (one - other).abs() <= 1e-12 * one.abs().max(other.abs()),
        (one, other) => one == other,
    }
}
