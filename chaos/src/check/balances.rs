//! I11: money neither comes nor goes, and moves as it was told to.

use std::collections::BTreeMap;

use crate::history::{History, Wish};

pub(super) fn faults(history: &History) -> Vec<String> {
    let mut expected: BTreeMap<&str, i64> =
        history.state.accounts.keys().map(|name| (name.as_str(), history.opening_balance)).collect();
    for (_, call, _) in history.committed_calls() {
        if let Wish::Transfer { from, to, amount, .. } = &call.wish {
            *expected.entry(from).or_default() -= amount;
            *expected.entry(to).or_default() += amount;
        }
    }
    let differs =
        history.state.accounts.iter().filter(|(name, balance)| expected[name.as_str()] != **balance);
    let told =
        differs.map(|(name, is)| format!("{is} are in {name}, where {} should be", expected[name.as_str()]));
    let overdrawn = history.state.accounts.iter().filter(|(_, balance)| **balance < 0);
    told.chain(overdrawn.map(|(name, _)| format!("{name} is overdrawn"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::sound;
    use super::*;

    #[test]
    fn money_that_came_or_went_is_found() {
        let mut history = sound();
        history.state.accounts.insert("q".into(), 100);
        assert_eq!(faults(&history), ["100 are in q, where 130 should be"]);
    }

    #[test]
    fn money_that_was_not_there_is_found() {
        let mut history = sound();
        history.opening_balance = 0;
        history.state.accounts = [("p".into(), -30), ("q".into(), 30)].into();
        assert_eq!(faults(&history), ["p is overdrawn"]);
    }
}
