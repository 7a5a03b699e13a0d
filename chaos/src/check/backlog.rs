//! I9: once the faults stop, nothing is left to do but what a cron has just begun, and every request has an answer.

use crate::history::History;

pub(super) fn faults(history: &History) -> Vec<String> {
    let waiting = history.state.waiting.iter().filter(|(name, _)| name != "tick");
    let waiting = waiting.map(|(name, op)| format!("the task `{name}` of {op} is not done"));
    waiting.chain(history.unanswered.iter().map(|op| format!("{op} was never answered"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::sound;
    use super::*;

    #[test]
    fn a_task_that_nobody_runs_is_found() {
        let mut history = sound();
        history.state.waiting = [("tick", ""), ("note", "a")].map(|(a, b)| (a.into(), b.into())).into();
        history.unanswered.push("u".to_owned());
        assert_eq!(faults(&history), ["the task `note` of a is not done", "u was never answered"]);
    }
}
