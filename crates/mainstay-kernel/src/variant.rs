use std::cmp::Ordering;
use std::fmt;

/// A closed set of names, as a column holds it: a type of PostgreSQL's, a CHECK on SQLite.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// The type, such as `post_status`.
    pub name: &'static str,
    /// The names of its variants, smallest first.
    pub variants: &'static [&'static str],
}

/// One of the variants of an [`EnumType`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variant {
    of: &'static EnumType,
    index: usize,
}

impl EnumType {
    /// The variant at this position.
    ///
    /// # Panics
    /// When there are not as many.
    pub const fn at(&'static self, index: usize) -> Variant {
        assert!(index < self.variants.len(), "an enum has no such variant");
        Variant { of: self, index }
    }

    /// The variant of this name.
    pub fn find(&'static self, name: &str) -> Option<Variant> {
        self.variants.iter().position(|it| *it == name).map(|index| self.at(index))
    }
}

impl Variant {
    /// Its type.
    pub const fn of(self) -> &'static EnumType {
        self.of
    }

    /// Its name, the same in both stores and in JSON.
    pub fn name(self) -> &'static str {
        self.of.variants[self.index]
    }

    /// Its position among the variants.
    pub const fn index(self) -> usize {
        self.index
    }
}

/// In the order of the declaration; two types have none.
impl PartialOrd for Variant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.of == other.of).then(|| self.index.cmp(&other.index))
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
