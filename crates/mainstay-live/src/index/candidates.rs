use mainstay_kernel::Value;

use super::mask::Bits;
use super::slots::Slots;

/// The subscriptions found for one change, each once. Kept from change to change, so that a change allocates
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Found {
    slots: Vec<u32>,
    /// The last change that found each.
    seen: Vec<u64>,
    change: u64,
    changed: Changed,
    bits: Bits,
}

/// Which columns a change changed.
#[derive(Debug, Default)]
enum Changed {
    /// The row came or went.
    #[default]
    All,
    /// Those of the bits.
    Some,
}

impl Found {
    pub(super) fn begin(&mut self, reach: usize) {
        self.slots.clear();
        self.change += 1;
        self.changed = Changed::All;
        self.seen.resize(reach.max(self.seen.len()), 0);
    }

    /// From here on only those whose mask has a column in which the two differ.
    pub(super) fn only_changed(&mut self, before: &[Value], after: &[Value]) {
        self.bits.differences(before, after);
        self.changed = Changed::Some;
    }

    /// Takes it in, if it is not there yet and the change concerns it.
    pub(super) fn add<K>(&mut self, slot: u32, slots: &Slots<K>) {
        if self.is_new(slot, slots) {
            self.slots.push(slot);
        }
    }

    /// Whether it is not there yet and may be concerned; it is not asked again for this change.
    fn is_new<K>(&mut self, slot: u32, slots: &Slots<K>) -> bool {
        let seen = &mut self.seen[slot as usize];
        if *seen == self.change {
            return false;
        }
        *seen = self.change;
        self.is_concerned(slot, slots)
    }

    /// Whether it is not there yet, and its mask has a changed column.
    pub(super) fn may_add<K>(&self, slot: u32, slots: &Slots<K>) -> bool {
        self.seen[slot as usize] != self.change && self.is_concerned(slot, slots)
    }

    fn is_concerned<K>(&self, slot: u32, slots: &Slots<K>) -> bool {
        match self.changed {
            Changed::All => true,
            Changed::Some => slots.get(slot).is_some_and(|it| it.mask.meets(&self.bits)),
        }
    }

    /// Whether the change changed this column, or may have.
    pub(super) fn is_changed(&self, column: usize) -> bool {
        match self.changed {
            Changed::All => true,
            Changed::Some => self.bits.has(column),
        }
    }

    pub(super) fn all<K>(&mut self, model: &str, slots: &Slots<K>) {
        self.slots.extend(slots.of(model));
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().copied()
    }
}
