//! I1: each acknowledged request has one result and its effects.

use crate::history::{Call, History};

pub(super) fn faults(history: &History) -> Vec<String> {
    let done = history.tally("done");
    let mut faults = Vec::new();
    for (op, call) in &history.calls {
        let kept = history.state.results.get(op).map(|it| it.status);
        let told = call.answer().map(|it| it.status);
        if told.is_some() && told != kept {
            faults.push(format!("{op} was answered {told:?}, and {kept:?} is kept"));
        }
        if let (Some(answer), Some(kept)) = (call.answer(), history.state.results.get(op))
            && answer.status == 200
            && serde_json::from_str(&answer.body).ok().as_ref() != Some(&kept.body)
        {
            faults.push(format!("{op} was answered {}, and {} is kept", answer.body, kept.body));
        }
        // Whoever committed has its effects, heard or not.
        if told == Some(200) || kept == Some(200) {
            faults.extend(missing(history, op, call, done.get(op.as_str()).copied().unwrap_or(0)));
        }
    }
    faults
}

fn missing(history: &History, op: &str, call: &Call, done: usize) -> Vec<String> {
    let mut faults = Vec::new();
    if done != 1 {
        faults.push(format!("{op} was acknowledged and done {done} times"));
    }
    for name in call.wish.writes() {
        let entries = history.state.journals.get(name).map(Vec::as_slice).unwrap_or_default();
        let count = entries.iter().filter(|it| *it == op).count();
        if count != 1 {
            faults.push(format!("{op} was acknowledged and is {count} times in the journal {name}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn an_acknowledged_write_that_is_gone_is_found() {
        let mut history = sound();
        history.state.journals.get_mut("x").unwrap().retain(|it| it != "b");
        assert_eq!(faults(&history), ["b was acknowledged and is 0 times in the journal x"]);
        let mut history = sound();
        history.state.results.remove("t");
        assert_eq!(faults(&history), ["t was answered Some(200), and None is kept"]);
    }

    #[test]
    fn a_write_that_was_done_twice_is_found() {
        let mut history = sound();
        deed(&mut history, "done", "t", None);
        assert_eq!(faults(&history), ["t was acknowledged and done 2 times"]);
    }
}
