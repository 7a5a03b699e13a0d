//! I5: the effects of a key are in the order of its commits. A journal is in the order of its commits; its echo is
//! written by one task for each, which all have its name as their key.

use crate::history::History;

pub(super) fn faults(history: &History) -> Vec<String> {
    let pairs = history.state.journals.iter();
    pairs
        .filter_map(|(name, committed)| {
            let echoed = history.state.echoes.get(name).map(Vec::as_slice).unwrap_or_default();
            // What is missing or doubled is another invariant's.
            let ran: Vec<_> = committed.iter().filter(|it| echoed.contains(it)).collect();
            let first_time = echoed.iter().enumerate().filter(|(at, op)| !echoed[..*at].contains(op));
            let differs = ran.into_iter().zip(first_time).find(|(committed, (_, ran))| committed != ran);
            let (expected, (at, ran)) = differs?;
            Some(format!(
                "of the key {name}, task {at} was of {ran} and not of {expected}, which committed before"
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::sound;
    use super::*;

    #[test]
    fn tasks_of_a_key_that_ran_in_another_order_are_found() {
        let mut history = sound();
        history.state.echoes.get_mut("x").unwrap().reverse();
        assert_eq!(faults(&history), ["of the key x, task 0 was of b and not of a, which committed before"]);
    }
}
