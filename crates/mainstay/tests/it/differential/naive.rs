//! What holds of a row, read as simply as can be.

use mainstay::kernel::Value;
use mainstay::model::{Exists, Predicate, Record, Subject, evaluate};

use super::world::World;

/// Whether it does: true, false or unknown.
pub(super) fn holds(predicate: &Predicate, world: &World, row: &Record) -> Option<bool> {
    match predicate {
        Predicate::And(all) => every(all.iter().map(|it| holds(it, world, row))),
        Predicate::Or(any) => some(any.iter().map(|it| holds(it, world, row))),
        Predicate::Not(it) => holds(it, world, row).map(|it| !it),
        Predicate::Exists(it) => is_there(it, world, row),
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Search(_)
        | Predicate::Column(..) => evaluate(predicate, &row.0),
    }
}

/// Whether a row elsewhere is found; unknown when what is looked for is.
fn is_there(it: &Exists, world: &World, row: &Record) -> Option<bool> {
    let Subject::Column(subject) = it.subject else { panic!("a scope looks for what a column holds") };
    let another = world.elsewhere.as_ref().expect("a world beside this one");
    let wanted = &row.0[subject];
    if *wanted == Value::Null {
        return None;
    }
    let having = another.rows.iter().filter(|there| there.0[it.column] == *wanted);
    some(having.map(|there| holds(&it.rows, another, there)))
}

fn every(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    some(truths.map(|it| it.map(|it| !it))).map(|it| !it)
}

fn some(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let truths: Vec<_> = truths.collect();
    if truths.contains(&Some(true)) {
        return Some(true);
    }
    if truths.contains(&None) { None } else { Some(false) }
}
