//! I3: each committed task ends exactly once (done, dead or taken back), and done means one effect.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::history::{Call, History, Wish};

pub(super) fn faults(history: &History) -> Vec<String> {
    let rung = history.tally("ring");
    let cancelled = cancelled(history);
    let mut faults = unexpected_letters(history);
    faults.extend(notes(history));
    for (op, call, _) in history.committed_calls() {
        faults.extend(echoes(history, op, call));
        if let Wish::Remind { dies, .. } = &call.wish
            && !cancelled.contains(op)
            && !waits(history, op)
        {
            let letters = history.state.dead.iter().filter(|(_, of)| of == op).count();
            let ended = (rung.get(op.as_str()).copied().unwrap_or(0), letters);
            let expected = if *dies { (0, 1) } else { (1, 0) };
            if ended != expected {
                faults.push(format!("the reminder of {op} rang and died {ended:?} times, not {expected:?}"));
            }
        }
    }
    faults
}

/// The reminders that were taken back.
pub(super) fn cancelled(history: &History) -> BTreeSet<&String> {
    let committed = history.committed_calls();
    let taken = committed.filter_map(|(_, call, answer)| match &call.wish {
        Wish::Cancel { target, .. } if answer["cancelled"] == Value::Bool(true) => Some(target),
        Wish::Append { .. } | Wish::Transfer { .. } | Wish::Remind { .. } | Wish::Cancel { .. } => None,
    });
    taken.collect()
}

fn waits(history: &History, op: &str) -> bool {
    history.state.waiting.iter().any(|(_, of)| of == op)
}

fn echoes(history: &History, op: &str, call: &Call) -> Vec<String> {
    let count = |name: &String| {
        history.state.echoes.get(name).map_or(0, |ops| ops.iter().filter(|it| *it == op).count())
    };
    let names = call.wish.writes().iter().filter(|name| count(name) != 1 && !waits(history, op));
    names.map(|name| format!("the task of {op} for {name} had {} effects", count(name))).collect()
}

/// A worker without a transaction has its effect at least once, always under one task.
fn notes(history: &History) -> Vec<String> {
    let notes = history.state.deeds.iter().filter(|it| it.kind == "note");
    let tasks: BTreeSet<(&str, Option<&str>)> =
        notes.map(|it| (it.op.as_str(), it.task.as_deref())).collect();
    let appends = history.committed_calls().filter(|(_, call, _)| matches!(call.wish, Wish::Append { .. }));
    let mut faults = Vec::new();
    for (op, _, _) in appends.filter(|(op, ..)| !waits(history, op)) {
        let count = tasks.range((op.as_str(), None)..).take_while(|(of, _)| of == op).count();
        if count != 1 {
            faults.push(format!("{op} was noted by {count} tasks"));
        }
    }
    faults
}

fn unexpected_letters(history: &History) -> Vec<String> {
    let was_to_die = |op: &String| {
        history.calls.get(op).is_some_and(|it| matches!(it.wish, Wish::Remind { dies: true, .. }))
    };
    let letters = history.state.dead.iter().filter(|(_, op)| !was_to_die(op));
    letters.map(|(name, op)| format!("the task `{name}` of {op} died")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn a_task_that_was_lost_is_found() {
        let mut history = sound();
        history.state.echoes.get_mut("y").unwrap().clear();
        history.state.deeds.retain(|it| it.kind != "note" || it.op != "a");
        history.state.deeds.retain(|it| it.kind != "ring");
        let expected = [
            "a was noted by 0 tasks",
            "the task of b for y had 0 effects",
            "the reminder of r rang and died (0, 0) times, not (1, 0)",
        ];
        assert_eq!(faults(&history), expected);
    }

    #[test]
    fn a_task_that_ran_twice_is_found() {
        let mut history = sound();
        history.state.echoes.get_mut("y").unwrap().push("b".to_owned());
        assert_eq!(faults(&history), ["the task of b for y had 2 effects"]);
        let mut history = sound();
        deed(&mut history, "ring", "r", Some("r"));
        assert_eq!(faults(&history), ["the reminder of r rang and died (2, 0) times, not (1, 0)"]);
    }

    #[test]
    fn a_task_that_ended_in_two_ways_is_found() {
        let mut history = sound();
        history.state.dead.push(("echo".to_owned(), "b".to_owned()));
        history.state.dead.push(("ring".to_owned(), "d".to_owned()));
        let expected =
            ["the task `echo` of b died", "the reminder of d rang and died (0, 2) times, not (0, 1)"];
        assert_eq!(faults(&history), expected);
    }

    #[test]
    fn a_worker_outside_of_a_transaction_may_run_twice() {
        let mut history = sound();
        deed(&mut history, "note", "a", Some("a"));
        assert!(faults(&history).is_empty());
        deed(&mut history, "note", "a", Some("another"));
        assert_eq!(faults(&history), ["a was noted by 2 tasks"]);
    }
}
