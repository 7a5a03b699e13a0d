use mainstay_kernel::Value;
use mainstay_model::{Predicate, Read, Schema, Subject};

/// The columns that a subscription depends on: an update that changes none of them does not concern it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Columns);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Columns {
    Every,
    /// A bit for each position.
    These(Vec<u64>),
}

impl Mask {
    /// Each update concerns it.
    pub fn every() -> Self {
        Self(Columns::Every)
    }

    /// The columns at these positions.
    pub fn of(columns: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Vec::new();
        for column in columns {
            set(&mut bits, column);
        }
        Self(Columns::These(bits))
    }

    /// With the columns of a predicate, and the key. A change does not say whether a private column changed.
    pub(super) fn and_of(self, schema: &Schema, predicate: &Predicate) -> Self {
        let Columns::These(mut bits) = self.0 else { return self };
        set(&mut bits, schema.id());
        each_column(predicate, &mut |column| set(&mut bits, column));
        let is_private = |(column, it): (usize, &mainstay_model::ColumnDef)| match it.read {
            Read::Private => has(&bits, column),
            Read::Everyone | Read::Role(_) => false,
        };
        if schema.columns.iter().enumerate().any(is_private) {
            Self::every()
        } else {
            Self(Columns::These(bits))
        }
    }

    /// Whether one of these changed columns is among them.
    pub(super) fn meets(&self, changed: &[u64]) -> bool {
        match &self.0 {
            Columns::Every => true,
            Columns::These(bits) => bits.iter().zip(changed).any(|(one, other)| one & other != 0),
        }
    }
}

/// The columns in which two rows differ, into `bits`.
pub(super) fn differences(before: &[Value], after: &[Value], bits: &mut Vec<u64>) {
    bits.clear();
    for column in 0..before.len().max(after.len()) {
        if before.get(column) != after.get(column) {
            set(bits, column);
        }
    }
}

fn set(bits: &mut Vec<u64>, column: usize) {
    let (word, bit) = (column / 64, column % 64);
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << bit;
}

fn has(bits: &[u64], column: usize) -> bool {
    bits.get(column / 64).is_some_and(|word| word & (1 << (column % 64)) != 0)
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
