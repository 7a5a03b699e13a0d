//! I4: no task of a mutation that was rolled back.

use crate::history::History;

pub(super) fn faults(history: &History) -> Vec<String> {
    let state = &history.state;
    let deeds = state.deeds.iter().filter(|it| ["note", "ring"].contains(&it.kind.as_str()));
    let deeds = deeds.map(|it| (it.kind.as_str(), &it.op));
    let echoed = state.echoes.values().flatten().map(|op| ("echo", op));
    let left = state.dead.iter().chain(&state.waiting).map(|(name, op)| (name.as_str(), op));
    let tasks = deeds.chain(echoed).chain(left).filter(|(_, op)| !op.is_empty());
    let without = tasks.filter(|(_, op)| !history.committed(op));
    without.map(|(name, op)| format!("a task `{name}` of {op} exists, which did not commit")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn a_task_of_a_mutation_that_was_refused_is_found() {
        let mut history = sound();
        history.state.echoes.get_mut("x").unwrap().push("n".to_owned());
        deed(&mut history, "note", "u", Some("u"));
        let expected = [
            "a task `note` of u exists, which did not commit",
            "a task `echo` of n exists, which did not commit",
        ];
        assert_eq!(faults(&history), expected);
    }

    #[test]
    fn a_task_that_still_waits_is_one() {
        let mut history = sound();
        history.state.waiting.push(("note".to_owned(), "n".to_owned()));
        assert_eq!(faults(&history), ["a task `note` of n exists, which did not commit"]);
    }
}
