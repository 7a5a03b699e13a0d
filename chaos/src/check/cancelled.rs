//! I7: what was taken back has no effect, and what was not has one.

use super::endings::cancelled;
use crate::history::{History, Wish};

pub(super) fn faults(history: &History) -> Vec<String> {
    let rung = history.tally("ring");
    let cancelled = cancelled(history);
    let had_effect = |op: &str| rung.contains_key(op) || history.state.dead.iter().any(|(_, of)| of == op);
    let ran = cancelled.iter().filter(|op| had_effect(op));
    let mut faults: Vec<String> = ran.map(|op| format!("{op} was taken back, and ran")).collect();
    for (op, call, _) in history.committed_calls() {
        if let Wish::Cancel { target, .. } = &call.wish
            && !cancelled.contains(target)
            && history.committed(target)
            && !had_effect(target)
            && !history.state.waiting.iter().any(|(_, of)| of == target)
        {
            faults.push(format!("{op} was told that {target} is not taken back, and it did not run"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn a_task_that_was_taken_back_and_ran_is_found() {
        let mut history = sound();
        deed(&mut history, "ring", "s", Some("s"));
        assert_eq!(faults(&history), ["s was taken back, and ran"]);
    }

    #[test]
    fn a_task_that_is_gone_though_nobody_took_it_back_is_found() {
        let mut history = sound();
        history.state.results.get_mut("c").unwrap().body = json!({ "cancelled": false });
        assert_eq!(faults(&history), ["c was told that s is not taken back, and it did not run"]);
    }
}
