use std::collections::BTreeMap;
use std::marker::PhantomData;

use mainstay_kernel::Value;

use crate::related::{Exists, Subject};
use crate::search::Searched;
use crate::{Atom, Compare, Schema};

/// A condition on the rows of one model, in the three-valued logic of SQL: a comparison with a
/// missing value is neither true nor false, and so is its negation.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Every row.
    Always,
    /// No row.
    Never,
    /// Neither true nor false, under `Not` neither: a comparison with a missing operand.
    Unknown,
    /// What the column at this position is like.
    Column(usize, Atom),
    /// A row of another model. In memory it is unknown: only the database can tell.
    Exists(Box<Exists>),
    /// Texts in which a search finds its words.
    Search(Box<Searched>),
    /// All of them.
    And(Vec<Predicate>),
    /// At least one of them.
    Or(Vec<Predicate>),
    /// Not it. `!` moves the negation inwards, so that an [`Exists`] stands directly under one.
    Not(Box<Predicate>),
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
        let atom = if value.is_null() { Atom::IsNull } else { Atom::Compare(Compare::Equal, value.clone()) };
        Self::Column(column, atom)
    }

    /// The column compares so with this; unknown when that is missing.
    pub fn compare(column: usize, compare: Compare, operand: Option<Value>) -> Self {
        operand.map_or(Self::Unknown, |it| Self::Column(column, Atom::Compare(compare, it)))
    }

    /// The column is a text that begins with this one: a range, which an index can find.
    pub fn starts_with(column: usize, prefix: &str) -> Self {
        let from = Some(Value::Text(prefix.to_owned()));
        let to = after_all_with(prefix)
            .map_or(Self::Always, |it| Self::compare(column, Compare::Less, Some(Value::Text(it))));
        Self::compare(column, Compare::GreaterOrEqual, from).and(to)
    }

    /// What this says of a row once these columns have these values: the predicate that must hold
    /// before an update for this one to hold after it.
    #[must_use]
    pub fn after(self, assignments: &[(usize, Value)]) -> Self {
        match self {
            Self::Always | Self::Never | Self::Unknown => self,
            Self::And(all) => all.into_iter().map(|it| it.after(assignments)).fold(Self::Always, Self::and),
            Self::Or(any) => any.into_iter().map(|it| it.after(assignments)).fold(Self::Never, Self::or),
            Self::Not(it) => !it.after(assignments),
            Self::Search(it) => it.after(assignments),
            Self::Column(column, ref atom) => match assigned(assignments, column) {
                None => self,
                Some(value) => Self::settled(atom.holds(value)),
            },
            Self::Exists(mut it) => {
                let Subject::Column(column) = it.subject else { return Self::Exists(it) };
                match assigned(assignments, column) {
                    None => Self::Exists(it),
                    Some(Value::Null) => Self::Unknown,
                    Some(value) => {
                        it.subject = Subject::Value(value.clone());
                        Self::Exists(it)
                    }
                }
            }
        }
    }

    /// The other models whose rows it looks at.
    pub(crate) fn models(&self, models: &mut BTreeMap<&'static str, &'static Schema>) {
        match self {
            Self::Exists(it) => {
                models.insert(it.schema.name, it.schema);
                it.rows.models(models);
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|it| it.models(models)),
            Self::Not(it) => it.models(models),
            Self::Always | Self::Never | Self::Unknown | Self::Column(..) | Self::Search(_) => {}
        }
    }

    /// Whether it looks at rows of other models, which only the database can do.
    pub fn looks_elsewhere(&self) -> bool {
        match self {
            Self::Exists(_) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::looks_elsewhere),
            Self::Not(it) => it.looks_elsewhere(),
            Self::Always | Self::Never | Self::Unknown | Self::Column(..) | Self::Search(_) => false,
        }
    }

    fn settled(truth: Option<bool>) -> Self {
        match truth {
            Some(true) => Self::Always,
            Some(false) => Self::Never,
            None => Self::Unknown,
        }
    }
}

fn assigned(assignments: &[(usize, Value)], column: usize) -> Option<&Value> {
    assignments.iter().find(|(it, _)| *it == column).map(|(_, value)| value)
}

/// The first text by bytes that comes after all that begin with this one; none after those of the
/// last character there is.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // A range of characters leaves out the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

impl std::ops::Not for Predicate {
    type Output = Self;

    /// By De Morgan's laws, which hold for the unknown too.
    fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Unknown => Self::Unknown,
            Self::Not(it) => *it,
            Self::And(all) => all.into_iter().map(|it| !it).fold(Self::Never, Self::or),
            Self::Or(any) => any.into_iter().map(|it| !it).fold(Self::Always, Self::and),
            Self::Column(..) | Self::Exists(_) | Self::Search(_) => Self::Not(Box::new(self)),
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
