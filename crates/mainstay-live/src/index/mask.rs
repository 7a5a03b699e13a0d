use mainstay_kernel::Value;
use mainstay_model::{Predicate, Read, Schema, Subject};

/// The columns that a subscription depends on: an update that changes none of them does not concern it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Columns);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Columns {
    Every,
    /// A bit for each position.
    These(Bits),
}

/// A set of positions; small models need no second word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    first: u64,
    more: Vec<u64>,
}

impl Bits {
    /// The columns in which two rows differ, instead of what was there.
    pub(super) fn differences(&mut self, before: &[Value], after: &[Value]) {
        self.first = 0;
        self.more.clear();
        for column in 0..before.len().max(after.len()) {
            if before.get(column) != after.get(column) {
                self.set(column);
            }
        }
    }

    pub(super) fn has(&self, column: usize) -> bool {
        let (word, bit) = (column / 64, column % 64);
        let word = if word == 0 { Some(&self.first) } else { self.more.get(word - 1) };
        word.is_some_and(|it| it & (1 << bit) != 0)
    }

    fn set(&mut self, column: usize) {
        let (word, bit) = (column / 64, column % 64);
        if word == 0 {
            self.first |= 1 << bit;
            return;
        }
        if self.more.len() < word {
            self.more.resize(word, 0);
        }
        self.more[word - 1] |= 1 << bit;
    }

    fn meets(&self, other: &Self) -> bool {
        self.first & other.first != 0
            || self.more.iter().zip(&other.more).any(|(one, other)| one & other != 0)
    }
}

impl Mask {
    /// Each update concerns it.
    pub fn every() -> Self {
        Self(Columns::Every)
    }

    /// The columns at these positions.
    pub fn of(columns: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Bits::default();
        for column in columns {
            bits.set(column);
        }
        Self(Columns::These(bits))
    }

    /// With the columns of a predicate, and the key. A change does not say whether a private column changed.
    pub(super) fn and_of(self, schema: &Schema, predicate: &Predicate) -> Self {
        let Columns::These(mut bits) = self.0 else { return self };
        bits.set(schema.id());
        each_column(predicate, &mut |column| bits.set(column));
        let is_private = |(column, it): (usize, &mainstay_model::ColumnDef)| match it.read {
            Read::Private => bits.has(column),
            Read::Everyone | Read::Role(_) => false,
        };
        if schema.columns.iter().enumerate().any(is_private) {
            Self::every()
        } else {
            Self(Columns::These(bits))
        }
    }

    /// Whether one of these changed columns is among them.
    pub(super) fn meets(&self, changed: &Bits) -> bool {
        match &self.0 {
            Columns::Every => true,
            Columns::These(bits) => bits.meets(changed),
        }
    }
}

fn each_column(predicate: &Predicate, see: &mut impl FnMut(usize)) {
    let of = |subject: &Subject| match subject {
        Subject::Column(column) => Some(*column),
        Subject::Value(_) => None,
    };
    match predicate {
        Predicate::Always | Predicate::Never | Predicate::Unknown => {}
        Predicate::Column(column, _) => see(*column),
        Predicate::Exists(it) => of(&it.subject).into_iter().for_each(see),
        Predicate::Search(it) => it.fields.iter().filter_map(of).for_each(see),
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|it| each_column(it, see)),
        Predicate::Not(it) => each_column(it, see),
    }
}
