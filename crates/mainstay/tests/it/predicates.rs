//! Predicates: what a scope says of a row in memory is what it says in the store.

use std::collections::BTreeSet;

use mainstay::model::{Assignments, Filter, Predicate, evaluate};
use mainstay::prelude::*;
use mainstay_test::TestApp;
use uuid::Uuid;

use crate::app;
use crate::dice::Dice;
use crate::models::Thing;
use crate::walks;

/// A comparison of one column with one of these values, or with a missing one.
macro_rules! compared {
    ($dice:ident, $column:expr, $values:expr) => {{
        let values = $values;
        let operand = $dice.pick(&values);
        match $dice.roll(10) {
            7 => $column.not_in([operand, $dice.pick(&values)]),
            8 => $column.between(operand, $dice.pick(&values)),
            0 => $column.eq(operand),
            1 => $column.ne(operand),
            2 => $column.lt(operand),
            3 => $column.lte(operand),
            4 => $column.gt(operand),
            5 => $column.gte(operand),
            6 => $column.is_in([operand, $dice.pick(&values)]),
            _ => $column.is_null(),
        }
    }};
}

fn atom(dice: &mut Dice) -> Filter<Thing> {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    match dice.roll(10) {
        7 => spelt(dice),
        8 => documented(dice),
        0 => compared!(dice, Thing::TEXT, ["", "a", "A", "é", "b"]),
        1 => compared!(dice, Thing::BIG, [0_i64, 1, 2]),
        2 => compared!(dice, Thing::FLAG, [true, false]),
        3 => compared!(dice, Thing::RATIO, [0.1, 2.0 / 3.0, 0.0, 1e300]),
        4 => compared!(dice, Thing::AREA, ["a0", "a1", "a"]),
        5 => compared!(dice, Thing::MAYBE_BIG, [i64::MAX, i64::MAX - 1, 0]),
        6 => {
            let times = ["2026-01-31T12:00:00.123450Z", "2026-01-31T12:00:00.123451Z"];
            compared!(dice, Thing::AT, times.map(at))
        }
        _ => {
            let key = |last: u128| Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0000 + last);
            compared!(dice, Thing::KEY, [key(0), key(1), key(2)])
        }
    }
}

/// A question that only texts are asked.
fn spelt(dice: &mut Dice) -> Filter<Thing> {
    let text = dice.pick(&["", "%", "a%", "A_", "_", "%\u{1}", "é", "É", r"\%", "b"]);
    match dice.roll(4) {
        0 => Thing::TEXT.like(text),
        1 => Thing::MAYBE_TEXT.ilike(text),
        2 => Thing::MAYBE_TEXT.contains(text),
        _ => Thing::AREA.starts_with(text),
    }
}

/// A question that only JSON is asked.
fn documented(dice: &mut Dice) -> Filter<Thing> {
    let json = dice.pick(&[json!({}), json!({"a": 1.0}), json!({"b": [2]}), json!("x"), json!([])]);
    let json = json.unwrap_or_default();
    let column = Thing::MAYBE_DOC;
    match dice.roll(5) {
        0 => column.contains(json),
        1 => column.path(["a"]).eq(1),
        2 => column.path(["b", "c"]).ne(dice.pick(&["x", "y"])),
        3 => column.path(["b"]).is_null(),
        _ => column.path(["b"]).eq(json!([1, 2])),
    }
}

fn filter(dice: &mut Dice, depth: u32) -> Filter<Thing> {
    if depth == 0 {
        return atom(dice);
    }
    let one = filter(dice, depth - 1);
    match dice.roll(4) {
        0 => one.and(filter(dice, depth - 1)),
        1 => one.or(filter(dice, depth - 1)),
        2 => !one,
        _ => one,
    }
}

#[mainstay::test(app = app)]
async fn a_predicate_means_the_same_in_memory_and_in_the_store(app: TestApp) {
    let _ = walks::scatter(&app).await;
    let reader = app.db().reader();
    let all = Thing::filter(Filter::always()).all(&reader).await.expect("things");
    let rows: Vec<_> = all.into_iter().map(|thing| (thing.id.uuid(), thing.into_record())).collect();
    let mut dice = Dice::new(7);
    for round in 0..400 {
        let filter = filter(&mut dice, round % 4);
        let predicate = filter.clone().into_predicate();
        let stored = Thing::filter(filter).all(&reader).await.expect("things");
        let stored: BTreeSet<Uuid> = stored.iter().map(|thing| thing.id.uuid()).collect();
        let true_of = |it: &&(Uuid, _)| evaluate(&predicate, &record(it).0) == Some(true);
        let evaluated: BTreeSet<Uuid> = rows.iter().filter(true_of).map(|(id, _)| *id).collect();
        assert_eq!(evaluated, stored, "{predicate:?}");
    }
}

fn record(row: &(Uuid, mainstay::model::Record)) -> &mainstay::model::Record {
    &row.1
}

/// What must hold before an update for a scope to hold after it.
#[mainstay::test(app = app)]
async fn a_scope_after_an_update_is_the_scope_of_the_updated_row(app: TestApp) {
    let _ = walks::scatter(&app).await;
    let all = Thing::filter(Filter::always()).all(&app.db().reader()).await.expect("things");
    let rows: Vec<_> = all.into_iter().map(Thing::into_record).collect();
    let mut dice = Dice::new(11);
    for round in 0..400 {
        let predicate = filter(&mut dice, round % 4).into_predicate();
        let source = &rows[usize::try_from(dice.roll(40)).unwrap_or(0)];
        let assignments: Assignments =
            source.0.iter().cloned().enumerate().skip(1).filter(|_| dice.roll(3) == 0).collect();
        let before: Predicate = predicate.clone().after(&assignments);
        for row in &rows {
            let mut updated = row.clone();
            for (column, value) in &assignments {
                updated.0[*column] = value.clone();
            }
            assert_eq!(evaluate(&before, &row.0), evaluate(&predicate, &updated.0), "{predicate:?}");
        }
    }
}
