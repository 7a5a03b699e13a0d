use std::fmt;
use std::marker::PhantomData;

use mainstay_kernel::{Date, Id, Timestamp, Value};
use uuid::Uuid;

use crate::predicate::Filter;
use crate::{Atom, Compare, Predicate, Ref, Sort};

/// A column of `M` that holds `T`s, such as `Post::TITLE`.
pub struct Column<M, T> {
    index: usize,
    holds: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.index)
    }
}

impl<M, T> Column<M, T> {
    /// The column at this position of `M`'s schema. The derive macro writes these.
    pub const fn new(index: usize) -> Self {
        Self { index, holds: PhantomData }
    }

    /// Its position in the schema.
    pub const fn index(self) -> usize {
        self.index
    }

    /// The column is missing.
    pub fn is_null(self) -> Filter<M> {
        self.is(Atom::IsNull)
    }

    /// The column is not missing.
    pub fn is_not_null(self) -> Filter<M> {
        !self.is_null()
    }

    /// Smallest first; missing values last.
    pub fn asc(self) -> Sort {
        Sort { column: self.index, descending: false }
    }

    /// Largest first; missing values last.
    pub fn desc(self) -> Sort {
        Sort { column: self.index, descending: true }
    }

    pub(crate) fn is(self, atom: Atom) -> Filter<M> {
        Filter::new(Predicate::Column(self.index, atom))
    }

    fn compare(self, compare: Compare, operand: Option<Value>) -> Filter<M> {
        Filter::new(Predicate::compare(self.index, compare, operand))
    }
}

macro_rules! compare {
    ($($(#[$doc:meta])* $name:ident => $compare:ident;)*) => {
        impl<M, T> Column<M, T> {$(
            $(#[$doc])*
            pub fn $name(self, operand: impl Operand<T>) -> Filter<M> {
                self.compare(Compare::$compare, operand.operand())
            }
        )*}
    };
}

compare! {
    /// Equal. Never true when one of the two is missing.
    eq => Equal;
    /// Not equal. Never true when one of the two is missing.
    ne => NotEqual;
    /// Less.
    lt => Less;
    /// Less or equal.
    lte => LessOrEqual;
    /// Greater.
    gt => Greater;
    /// Greater or equal.
    gte => GreaterOrEqual;
}

impl<M, T> Column<M, T> {
    /// One of these. A missing operand is unknown: with one, the others can make this true, but
    /// nothing makes it false.
    pub fn is_in<O: Operand<T>>(self, operands: impl IntoIterator<Item = O>) -> Filter<M> {
        let operands: Vec<_> = operands.into_iter().map(Operand::operand).collect();
        let unknown = operands.contains(&None);
        let found = self.is(Atom::In(operands.into_iter().flatten().collect()));
        if unknown { found.or(Filter::new(Predicate::Unknown)) } else { found }
    }

    /// None of these. Never true when the column or one of them is missing.
    pub fn not_in<O: Operand<T>>(self, operands: impl IntoIterator<Item = O>) -> Filter<M> {
        !self.is_in(operands)
    }

    /// From the one to the other, both included.
    pub fn between(self, low: impl Operand<T>, high: impl Operand<T>) -> Filter<M> {
        self.gte(low).and(self.lte(high))
    }
}

/// What a column of `T` can be compared with.
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` cannot be compared with `{Self}`",
    label = "expected something that stands for a `{T}`, or an `Option` of it",
    note = "a text is written in quotes, a row by its `Id`; convert the value, or compare another column"
)]
pub trait Operand<T> {
    /// The value; `None` when it is missing.
    fn operand(self) -> Option<Value>;
}

impl<T, O: Operand<T>> Operand<T> for Option<O> {
    fn operand(self) -> Option<Value> {
        self.and_then(Operand::operand)
    }
}

macro_rules! operand {
    ($($from:ty as $to:ty => |$it:ident| $make:expr;)*) => {$(
        impl Operand<$to> for $from {
            fn operand(self) -> Option<Value> {
                let $it = self;
                Some($make)
            }
        }
    )*};
}

operand! {
    bool as bool => |it| Value::Bool(it);
    i64 as i64 => |it| Value::Int(it);
    i32 as i64 => |it| Value::Int(it.into());
    i32 as i32 => |it| Value::Int(it.into());
    i16 as i16 => |it| Value::Int(it.into());
    u16 as u16 => |it| Value::Int(it.into());
    u32 as u32 => |it| Value::Int(it.into());
    f64 as f64 => |it| Value::Float(it);
    &str as String => |it| Value::Text(it.to_owned());
    String as String => |it| Value::Text(it);
    &String as String => |it| Value::Text(it.clone());
    Uuid as Uuid => |it| Value::Uuid(it);
    Timestamp as Timestamp => |it| Value::Timestamp(it);
    Date as Date => |it| Value::Date(it);
    Vec<u8> as Vec<u8> => |it| Value::Bytes(it);
}

macro_rules! id_operand {
    ($($from:ty as $to:ty => |$it:ident| $make:expr;)*) => {$(
        impl<M> Operand<$to> for $from {
            fn operand(self) -> Option<Value> {
                let $it = self;
                Some(Value::Uuid($make))
            }
        }
    )*};
}

id_operand! {
    Uuid as Id<M> => |it| it;
    Id<M> as Id<M> => |it| it.uuid();
    Uuid as Ref<M> => |it| it;
    Id<M> as Ref<M> => |it| it.uuid();
    Ref<M> as Ref<M> => |it| it.id().uuid();
}
