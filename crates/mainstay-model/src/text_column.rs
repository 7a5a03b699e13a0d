use mainstay_kernel::{Pattern, Value};

use crate::predicate::Filter;
use crate::{Atom, Column, Operand, Predicate};

impl<M> Column<M, String> {
    /// Fits the pattern: `%` stands for any characters, `_` for one, `\` takes the next for itself.
    /// Letters are only themselves.
    pub fn like(self, pattern: impl Operand<String>) -> Filter<M> {
        self.fits(pattern, Pattern::like)
    }

    /// As [`like`](Self::like), but ASCII letters stand for both cases.
    pub fn ilike(self, pattern: impl Operand<String>) -> Filter<M> {
        self.fits(pattern, Pattern::ilike)
    }

    /// Holds this text, in which nothing is special.
    pub fn contains(self, text: impl Operand<String>) -> Filter<M> {
        self.fits(text, Pattern::containing)
    }

    /// Begins with this text, in which nothing is special. An index over the column finds it.
    pub fn starts_with(self, prefix: impl Operand<String>) -> Filter<M> {
        Filter::new(match prefix.operand() {
            Some(Value::Text(it)) => Predicate::starts_with(self.index(), &it),
            Some(_) | None => Predicate::Unknown,
        })
    }

    fn fits(self, text: impl Operand<String>, pattern: fn(&str) -> Pattern) -> Filter<M> {
        match text.operand() {
            Some(Value::Text(it)) => self.is(Atom::Like(pattern(&it))),
            Some(_) | None => Filter::new(Predicate::Unknown),
        }
    }
}
