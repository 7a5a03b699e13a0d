//! I2: no effect without a result.

use crate::history::History;

pub(super) fn faults(history: &History) -> Vec<String> {
    let state = &history.state;
    let done = state.deeds.iter().filter(|it| it.kind == "done").map(|it| ("done", &it.op));
    let listed = state.journals.iter().flat_map(|(name, ops)| ops.iter().map(|op| (name.as_str(), op)));
    let without = done.chain(listed).filter(|(_, op)| !history.committed(op));
    let mut faults: Vec<String> =
        without.map(|(place, op)| format!("{op} has an effect ({place}) and no result")).collect();
    if state.strange_results > 0 {
        faults.push(format!("{} results are of requests that nobody made", state.strange_results));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn an_effect_of_a_refused_request_is_found() {
        let mut history = sound();
        history.state.journals.get_mut("x").unwrap().push("n".to_owned());
        assert_eq!(faults(&history), ["n has an effect (x) and no result"]);
    }

    #[test]
    fn an_effect_of_other_input_under_the_same_id_is_found() {
        let mut history = sound();
        deed(&mut history, "done", "a-other", None);
        assert_eq!(faults(&history), ["a-other has an effect (done) and no result"]);
    }
}
