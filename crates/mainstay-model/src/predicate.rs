use std::marker::PhantomData;

use mainstay_kernel::Value;

/// A condition on the rows of one model, in the three-valued logic of SQL: a comparison with a
/// missing value is neither true nor false, and so is its negation.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Every row.
    Always,
    /// No row.
    Never,
    /// A comparison. A missing operand (`None`) is unknown: never true, under `Not` neither.
    Compare {
        /// Position of the column.
        column: usize,
        /// How.
        compare: Compare,
        /// With what; never `Value::Null`.
        operand: Option<Value>,
    },
    /// The column is one of these values.
    In {
        /// Position of the column.
        column: usize,
        /// None of them `Value::Null`.
        values: Vec<Value>,
    },
    /// The column is missing.
    IsNull(usize),
    /// All of them.
    And(Vec<Predicate>),
    /// At least one of them.
    Or(Vec<Predicate>),
    /// Not it.
    Not(Box<Predicate>),
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Predicate {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, it) | (it, Self::Always) => it,
            (Self::And(mut all), Self::And(more)) => {
                all.extend(more);
                Self::And(all)
            }
            (Self::And(mut all), it) => {
                all.push(it);
                Self::And(all)
            }
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// At least one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, it) | (it, Self::Never) => it,
            (Self::Or(mut any), it) => {
                any.push(it);
                Self::Or(any)
            }
            (one, other) => Self::Or(vec![one, other]),
        }
    }

    /// The column has this value, or is missing when the value is.
    pub fn same(column: usize, value: &Value) -> Self {
        if value.is_null() {
            Self::IsNull(column)
        } else {
            Self::Compare { column, compare: Compare::Equal, operand: Some(value.clone()) }
        }
    }

    /// What this says of a row once these columns have these values: the predicate that must hold
    /// before an update for this one to hold after it.
    #[must_use]
    pub fn after(self, assignments: &[(usize, Value)]) -> Self {
        let assigned =
            |column: usize| assignments.iter().find(|(it, _)| *it == column).map(|(_, value)| value);
        match self {
            Self::Always | Self::Never => self,
            Self::And(all) => all.into_iter().map(|it| it.after(assignments)).fold(Self::Always, Self::and),
            Self::Or(any) => any.into_iter().map(|it| it.after(assignments)).fold(Self::Never, Self::or),
            Self::Not(it) => !it.after(assignments),
            Self::Compare { column, .. } | Self::In { column, .. } | Self::IsNull(column) => {
                match assigned(column) {
                    None => self,
                    Some(value) => Self::settled(crate::evaluate::atom(&self, value), column),
                }
            }
        }
    }

    /// A truth value as a predicate. Unknown stays unknown, also under `Not`.
    fn settled(truth: Option<bool>, column: usize) -> Self {
        match truth {
            Some(true) => Self::Always,
            Some(false) => Self::Never,
            None => Self::Compare { column, compare: Compare::Equal, operand: None },
        }
    }
}

impl std::ops::Not for Predicate {
    type Output = Self;

    fn not(self) -> Self {
        if self == Self::Always {
            Self::Never
        } else if self == Self::Never {
            Self::Always
        } else {
            Self::Not(Box::new(self))
        }
    }
}

/// A [`Predicate`] on the rows of `M`, made from `M`'s column tokens.
#[derive(Debug)]
pub struct Filter<M> {
    pub(crate) predicate: Predicate,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for Filter<M> {
    fn clone(&self) -> Self {
        Self::new(self.predicate.clone())
    }
}

impl<M> Filter<M> {
    pub(crate) fn new(predicate: Predicate) -> Self {
        Self { predicate, model: PhantomData }
    }

    /// Every row.
    pub fn always() -> Self {
        Self::new(Predicate::Always)
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.predicate.and(other.predicate))
    }

    /// At least one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(self.predicate.or(other.predicate))
    }

    /// The condition itself.
    pub fn into_predicate(self) -> Predicate {
        self.predicate
    }
}

impl<M> std::ops::Not for Filter<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(!self.predicate)
    }
}
