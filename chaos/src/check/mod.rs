//! What must hold of any history, one file for each. Pure functions: each can be shown a history by hand.

mod acknowledged;
mod backlog;
mod balances;
mod cancelled;
mod cycles;
mod effects;
mod endings;
mod graph;
mod key_order;
mod repeats;
mod rolled_back;
#[cfg(test)]
mod sample;
mod ticks;

use std::fmt;

use crate::history::History;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// Each acknowledged request has one result and its effects.
    I1,
    /// No effect without a result.
    I2,
    /// Each committed task ends exactly once, and succeeded means one effect.
    I3,
    /// No task of a mutation that was rolled back.
    I4,
    /// The effects of a key are in the order of its commits.
    I5,
    /// One run for each tick of a cron, and no tick is left out.
    I6,
    /// What was taken back has no effect.
    I7,
    /// The same request gets the identical answer; with other input a refusal, and has no effect.
    I8,
    /// Once the faults stop, nothing is left to do.
    I9,
    /// Money neither comes nor goes, and the transactions have an order.
    I11,
}

/// An invariant that does not hold, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) of: Invariant,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.of, self.what)
    }
}

/// Everything that does not hold.
pub(crate) fn violations(history: &History) -> Vec<Violation> {
    let by_invariant = [
        (Invariant::I1, acknowledged::faults(history)),
        (Invariant::I2, effects::faults(history)),
        (Invariant::I3, endings::faults(history)),
        (Invariant::I4, rolled_back::faults(history)),
        (Invariant::I5, key_order::faults(history)),
        (Invariant::I6, ticks::faults(history)),
        (Invariant::I7, cancelled::faults(history)),
        (Invariant::I8, repeats::faults(history)),
        (Invariant::I9, backlog::faults(history)),
        (Invariant::I11, balances::faults(history)),
        (Invariant::I11, cycles::faults(history)),
    ];
    let each = by_invariant.into_iter();
    each.flat_map(|(of, faults)| faults.into_iter().map(move |what| Violation { of, what })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_history_violates_nothing() {
        assert_eq!(violations(&sample::sound()), []);
    }
}
