//! The predicate index: a change asks it which subscriptions it may concern.
//!
//! A subscription is placed under a few accesses, such as "its `room` is this one" or "its `price` is between
//! these", one of which every row has for which its predicate can be true. So the cost of a change grows with
//! the subscriptions that it concerns, not with those that there are. What no access is found for is judged
//! row by row, and metered: see [`Residue`].
//!
//! What it names is a superset, never a subset. Who is named judges for itself, with a
//! [`Judge`](mainstay_model::Judge).

mod access;
mod candidates;
mod cover;
mod fingerprint;
mod interval;
mod mask;
mod postings;
mod ranges;
mod shelf;
mod slots;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::Hash;

use mainstay_kernel::Value;
use mainstay_model::{Predicate, Schema, widened};

pub use self::access::{Access, Placement, Step};
use self::candidates::Found;
use self::fingerprint::Fingerprint;
pub use self::interval::Interval;
pub use self::mask::Mask;
pub use self::shelf::Residue;
use self::shelf::Shelf;
use self::slots::{Slot, Slots};

/// Which subscriptions a change may concern. `K` names a subscription; one that looks at several models has a
/// key for each.
///
/// ```
/// # use mainstay_kernel::{Kind, Place, Value};
/// # use mainstay_model::{ColumnDef, Part, Schema};
/// use mainstay_live::index::{Images, Index, Mask};
/// use mainstay_model::Predicate;
/// # static COLUMNS: [ColumnDef; 2] =
/// #     [ColumnDef::new("id", Kind::Int, Part::Id), ColumnDef::new("room", Kind::Int, Part::Plain)];
/// # static MESSAGES: Schema = Schema::new("message", "messages", &COLUMNS, Place::at(file!(), line!()));
/// let mut index = Index::new();
/// for room in 0..1000 {
///     index.insert(&MESSAGES, room, &Predicate::same(1, &Value::Int(room)), Mask::every());
/// }
/// let message = [Value::Int(1), Value::Int(7)];
/// assert!(index.candidates("message", Images::Inserted(&message)).eq([7]));
/// ```
#[derive(Debug)]
pub struct Index<K> {
    shelves: HashMap<&'static str, Shelf>,
    slots: Slots<K>,
    fingerprint: Fingerprint,
    found: Found,
}

/// A row before and after a change, its values in the order of the schema's columns.
#[derive(Clone, Copy, Debug)]
pub enum Images<'a> {
    /// It was not there before.
    Inserted(&'a [Value]),
    /// It was there before and after.
    Updated {
        /// What it was.
        before: &'a [Value],
        /// What it is.
        after: &'a [Value],
    },
    /// It is there no more.
    Deleted(&'a [Value]),
    /// What changed is not known, such as when all rows went at once: it concerns each subscription to the
    /// model.
    Unknown,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self {
            shelves: HashMap::new(),
            slots: Slots::default(),
            fingerprint: Fingerprint::default(),
            found: Found::default(),
        }
    }
}

impl<K: Copy + Eq + Hash> Index<K> {
    /// One without subscriptions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a subscription to the rows of a model for which the predicate is true, and says where it was
    /// placed. The mask names the columns that its order and what it shows depend on; those of the
    /// predicate, and the key, are added. A subscription of this key that was there before is replaced.
    pub fn insert(
        &mut self,
        schema: &'static Schema,
        key: K,
        predicate: &Predicate,
        mask: Mask,
    ) -> Placement {
        self.remove(key);
        let wide = widened(schema, predicate);
        let accesses = cover::accesses(schema, &wide);
        let mask = mask.and_of(schema, predicate);
        let is_judged = accesses.contains(&Access::Residual);
        let judged = is_judged.then_some(wide);
        let placement = Placement { schema, accesses: accesses.clone() };
        let slot = self.slots.insert(Slot { key, model: schema.name, accesses, mask, judged });
        let shelf = self.shelves.entry(schema.name).or_default();
        for access in &placement.accesses {
            shelf.put(&self.fingerprint, access, slot);
        }
        placement
    }

    /// Forgets a subscription; whether it was there.
    pub fn remove(&mut self, key: K) -> bool {
        let Some((at, slot)) = self.slots.remove(key) else { return false };
        if let Some(shelf) = self.shelves.get_mut(slot.model) {
            for access in &slot.accesses {
                shelf.take(&self.fingerprint, access, at);
            }
            if shelf.is_empty() {
                self.shelves.remove(slot.model);
            }
        }
        true
    }

    /// The subscriptions that a change of a row of this model may concern, each once: those of which the
    /// predicate may be true before or after; of an update, if it changed a column of their masks.
    pub fn candidates(&mut self, model: &str, images: Images<'_>) -> impl Iterator<Item = K> + use<'_, K> {
        let Self { shelves, slots, fingerprint, found } = self;
        found.begin(slots.reach());
        match (shelves.get_mut(model), images) {
            (None, _) => {}
            (Some(_), Images::Unknown) => found.all(model, slots),
            (Some(shelf), Images::Inserted(row) | Images::Deleted(row)) => {
                shelf.probe(fingerprint, row, slots, found);
            }
            (Some(shelf), Images::Updated { before, after }) => {
                found.only_changed(before, after);
                shelf.probe(fingerprint, before, slots, found);
                shelf.probe_again(fingerprint, after, slots, found);
            }
        }
        found.slots().filter_map(|slot| slots.get(slot)).map(|it| it.key)
    }

    /// How many subscriptions there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is judged row by row of a model, and what that took since the index was made, or since the last
    /// subscription to the model went.
    pub fn residue(&self, model: &str) -> Residue {
        self.shelves.get(model).map_or_else(Residue::default, Shelf::residue)
    }
}
