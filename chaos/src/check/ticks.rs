//! I6: one run for each tick of a cron, and no tick is left out.

use crate::history::History;

/// The name of the cron's tasks.
const TICK: &str = "tick";

pub(super) fn faults(history: &History) -> Vec<String> {
    let state = &history.state;
    let mut faults = Vec::new();
    let mut ticks = state.ticks.clone();
    ticks.sort_unstable();
    for pair in ticks.windows(2).filter(|pair| pair[1] != pair[0] + 1) {
        faults.push(format!(
            "between the ticks at {} and at {} are {} s",
            pair[0],
            pair[1],
            pair[1] - pair[0]
        ));
    }
    let ran = state.deeds.iter().filter(|it| it.kind == TICK).count();
    let waiting = state.waiting.iter().filter(|(name, _)| name == TICK).count();
    if ran + waiting != ticks.len() {
        faults.push(format!("{} ticks were run {ran} times, and {waiting} wait", ticks.len()));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::sample::{deed, sound};
    use super::*;

    #[test]
    fn a_tick_that_ran_twice_is_found() {
        let mut history = sound();
        deed(&mut history, "tick", "", Some("another"));
        assert_eq!(faults(&history), ["3 ticks were run 4 times, and 0 wait"]);
    }

    #[test]
    fn a_tick_that_was_left_out_is_found() {
        let mut history = sound();
        history.state.ticks.remove(1);
        let expected = ["between the ticks at 11 and at 13 are 2 s", "2 ticks were run 3 times, and 0 wait"];
        assert_eq!(faults(&history), expected);
    }
}
