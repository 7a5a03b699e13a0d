//! I8: the same request gets the identical answer; with other input it is refused. That the other input has no
//! effect is I2: its name is another.

use std::collections::BTreeSet;

use crate::history::{Answer, Call, History};

pub(super) fn faults(history: &History) -> Vec<String> {
    history.calls.iter().flat_map(|(op, call)| of_call(op, call)).collect()
}

fn of_call(op: &str, call: &Call) -> Vec<String> {
    let told: BTreeSet<_> = call.answers.iter().filter(|it| it.is_final()).map(said).collect();
    let mut faults = Vec::new();
    if told.len() > 1 {
        faults.push(format!("{op} was answered in different ways: {told:?}"));
    }
    let conflicts = call.answers.iter().filter(|it| it.code() == "request_id_conflict");
    faults.extend(conflicts.map(|_| format!("{op} was taken for another input than its own")));
    let taken = call.others.iter().filter(|it| it.is_final() || it.status < 400);
    faults.extend(taken.map(|it| format!("another input under the id of {op} was answered {}", it.status)));
    faults
}

/// What has to be the same each time: all of a success; of an error its code, for it names the exchange too.
fn said(answer: &Answer) -> (u16, String) {
    let said = if answer.status == 200 { answer.body.clone() } else { answer.code() };
    (answer.status, said)
}

#[cfg(test)]
mod tests {
    use super::super::sample::sound;
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.to_owned() }
    }

    #[test]
    fn a_repeat_that_is_answered_otherwise_is_found() {
        let mut history = sound();
        history.calls.get_mut("n").unwrap().answers.push(answer(200, "null"));
        let expected = r#"n was answered in different ways: {(200, "null"), (409, "refused")}"#;
        assert_eq!(faults(&history), [expected]);
    }

    #[test]
    fn another_input_that_is_not_refused_is_found() {
        let mut history = sound();
        history.calls.get_mut("t").unwrap().others.push(answer(200, "null"));
        assert_eq!(faults(&history), ["another input under the id of t was answered 200"]);
    }

    #[test]
    fn an_answer_to_come_again_says_nothing() {
        let mut history = sound();
        let call = history.calls.get_mut("t").unwrap();
        call.answers.insert(0, answer(503, "{}"));
        call.answers.push(answer(409, r#"{"error":"request_in_progress"}"#));
        call.others.push(answer(503, "{}"));
        assert!(faults(&history).is_empty());
    }
}
