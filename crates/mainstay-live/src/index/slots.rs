use std::collections::HashMap;
use std::hash::Hash;

use mainstay_model::Predicate;

use super::{Access, Mask};

/// One subscription.
#[derive(Debug)]
pub(super) struct Slot<K> {
    pub(super) key: K,
    pub(super) model: &'static str,
    pub(super) accesses: Vec<Access>,
    pub(super) mask: Mask,
    /// What has to be true of a row, where no access tells.
    pub(super) judged: Option<Predicate>,
}

/// All subscriptions, by small numbers.
#[derive(Debug)]
pub(super) struct Slots<K> {
    slots: Vec<Option<Slot<K>>>,
    free: Vec<u32>,
    numbers: HashMap<K, u32>,
}

impl<K> Default for Slots<K> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), numbers: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash> Slots<K> {
    pub(super) fn insert(&mut self, slot: Slot<K>) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("fewer subscriptions than 2^32")
        });
        self.numbers.insert(slot.key, number);
        self.slots[number as usize] = Some(slot);
        number
    }

    pub(super) fn remove(&mut self, key: K) -> Option<(u32, Slot<K>)> {
        let number = self.numbers.remove(&key)?;
        let slot = self.slots[number as usize].take()?;
        self.free.push(number);
        Some((number, slot))
    }
}

impl<K> Slots<K> {
    pub(super) fn get(&self, number: u32) -> Option<&Slot<K>> {
        self.slots.get(number as usize)?.as_ref()
    }

    /// Those of a model.
    pub(super) fn of<'a>(&'a self, model: &'a str) -> impl Iterator<Item = u32> + 'a {
        let of = move |(number, slot): (u32, &'a Option<Slot<K>>)| {
            slot.as_ref().filter(|it| it.model == model).map(|_| number)
        };
        (0..).zip(&self.slots).filter_map(of)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// One more than the greatest number.
    pub(super) fn reach(&self) -> usize {
        self.slots.len()
    }
}
