use std::collections::{BTreeSet, HashMap};

/// Subscriptions by the fingerprint of what they ask for.
#[derive(Debug, Default)]
pub(super) struct Postings(HashMap<u64, Posting>);

/// Most values are asked for by one: what asks alike shares a window.
#[derive(Debug)]
enum Posting {
    One(u32),
    Several(BTreeSet<u32>),
}

impl Postings {
    pub(super) fn insert(&mut self, fingerprint: u64, slot: u32) {
        let posting = self.0.entry(fingerprint).or_insert(Posting::One(slot));
        match posting {
            Posting::One(other) if *other == slot => {}
            Posting::One(other) => *posting = Posting::Several(BTreeSet::from([*other, slot])),
            Posting::Several(slots) => {
                slots.insert(slot);
            }
        }
    }

    pub(super) fn remove(&mut self, fingerprint: u64, slot: u32) {
        let is_last = match self.0.get_mut(&fingerprint) {
            None => false,
            Some(Posting::One(other)) => *other == slot,
            Some(Posting::Several(slots)) => {
                slots.remove(&slot);
                slots.is_empty()
            }
        };
        if is_last {
            self.0.remove(&fingerprint);
        }
    }

    pub(super) fn each(&self, fingerprint: u64, find: &mut impl FnMut(u32)) {
        match self.0.get(&fingerprint) {
            None => {}
            Some(Posting::One(slot)) => find(*slot),
            Some(Posting::Several(slots)) => slots.iter().copied().for_each(find),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
