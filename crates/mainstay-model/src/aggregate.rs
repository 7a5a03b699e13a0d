use std::fmt;
use std::marker::PhantomData;

use mainstay_kernel::{Date, Error, Id, Result, Timestamp, Value};
use uuid::Uuid;

use crate::group::GroupSort;
use crate::{Column, Decimal, Field, ModelEnum, Ref};

/// What rows of `M` come to together, as an `O`: `Post::VIEWS.sum()`.
pub struct Aggregate<M, O> {
    term: Term,
    gives: PhantomData<fn() -> (M, O)>,
}

/// One aggregate, by the position of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// How the values become one.
    pub fold: Fold,
    /// The column whose values they are. Missing ones do not count.
    pub column: usize,
}

/// How many values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Fold {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
}

impl<M, O> Aggregate<M, O> {
    const fn new(fold: Fold, column: usize) -> Self {
        Self { term: Term { fold, column }, gives: PhantomData }
    }

    /// Groups with the smallest first; those where it is missing last.
    pub fn asc(self) -> GroupSort {
        GroupSort::least_first(self.term)
    }

    /// Groups with the largest first; those where it is missing last.
    pub fn desc(self) -> GroupSort {
        GroupSort::greatest_first(self.term)
    }
}

impl<M, O> Clone for Aggregate<M, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, O> Copy for Aggregate<M, O> {}

impl<M, O> fmt::Debug for Aggregate<M, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.term.fmt(f)
    }
}

impl<M, T> Column<M, T> {
    /// In how many rows it is not missing: of the id, how many rows there are.
    pub const fn count(self) -> Aggregate<M, i64> {
        Aggregate::new(Fold::Count, self.index())
    }
}

impl<M, T: Summed> Column<M, T> {
    /// The sum; of no rows it is zero. One that does not fit is an error: it is never rounded, wrapped or
    /// turned into a float.
    pub const fn sum(self) -> Aggregate<M, T::Sum> {
        Aggregate::new(Fold::Sum, self.index())
    }

    /// The mean: of integers as a float, of decimals with their digits, the last one rounded half away
    /// from zero. `None` of no rows.
    pub const fn avg(self) -> Aggregate<M, Option<T::Average>> {
        Aggregate::new(Fold::Average, self.index())
    }
}

impl<M, T: Ordered> Column<M, T> {
    /// The least. `None` of no rows.
    pub const fn min(self) -> Aggregate<M, Option<T>> {
        Aggregate::new(Fold::Least, self.index())
    }

    /// The greatest. `None` of no rows.
    pub const fn max(self) -> Aggregate<M, Option<T>> {
        Aggregate::new(Fold::Greatest, self.index())
    }
}

/// What can be summed.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` has no sum",
    label = "expected a column of integers, floats or decimals"
)]
pub trait Summed {
    /// What a sum of it is.
    type Sum: Field;
    /// What a mean of it is.
    type Average: Field;
}

macro_rules! summed {
    ($($of:ty => $sum:ty, $average:ty;)*) => {$(
        impl Summed for $of {
            type Sum = $sum;
            type Average = $average;
        }
    )*};
}

summed! {
    i64 => i64, f64;
    i32 => i64, f64;
    i16 => i64, f64;
    u32 => i64, f64;
    u16 => i64, f64;
    f64 => f64, f64;
}

impl<const SCALE: u8> Summed for Decimal<SCALE> {
    type Sum = Self;
    type Average = Self;
}

/// What has an order in the stores, so that it has a least and a greatest, and rows can be grouped by it.
#[diagnostic::on_unimplemented(message = "a column of `{Self}` has no order in the stores")]
pub trait Ordered: Field {}

macro_rules! ordered {
    ($($of:ty),*) => {$(impl Ordered for $of {})*};
}

ordered!(bool, i64, i32, i16, u32, u16, f64, String, Vec<u8>, Uuid, Timestamp, Date);

impl<M> Ordered for Id<M> {}
impl<M> Ordered for Ref<M> {}
impl<const SCALE: u8> Ordered for Decimal<SCALE> {}
impl<E: ModelEnum + Field> Ordered for E {}

/// One aggregate, or a tuple of up to six.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no aggregate of `{M}`",
    label = "expected `Post::VIEWS.sum()`, or a tuple of such"
)]
pub trait Terms<M> {
    /// What they come to.
    type Row;

    /// Each of them.
    fn terms(&self) -> Vec<Term>;

    /// What they came to, from one value for each.
    ///
    /// # Errors
    /// Internal, when a value is of another kind.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self::Row>;
}

impl<M, O: Field> Terms<M> for Aggregate<M, O> {
    type Row = O;

    fn terms(&self) -> Vec<Term> {
        vec![self.term]
    }

    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<O> {
        taken(values)
    }
}

macro_rules! terms {
    ($($name:ident $index:tt),*) => {
        impl<M, $($name: Field),*> Terms<M> for ($(Aggregate<M, $name>,)*) {
            type Row = ($($name,)*);

            fn terms(&self) -> Vec<Term> {
                vec![$(self.$index.term),*]
            }

            fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self::Row> {
                Ok(($(taken::<$name>(values)?,)*))
            }
        }
    };
}

terms!(A 0);
terms!(A 0, B 1);
terms!(A 0, B 1, C 2);
terms!(A 0, B 1, C 2, D 3);
terms!(A 0, B 1, C 2, D 3, E 4);
terms!(A 0, B 1, C 2, D 3, E 4, F 5);

/// The next value as this type.
pub(crate) fn taken<T: Field>(values: &mut dyn Iterator<Item = Value>) -> Result<T> {
    T::from_value(values.next().unwrap_or(Value::Null))
        .map_err(|expected| Error::internal(format!("an aggregate is not what it should be: {expected}")))
}
