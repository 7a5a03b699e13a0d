use std::marker::PhantomData;

use mainstay_kernel::{Caller, Value};

use crate::predicate::{Filter, Predicate};
use crate::{Action, Column, Model, Operand};

/// Which actions a scope has methods for. `#[scope]` notes it.
#[diagnostic::on_unimplemented(
    message = "the scope of `{Self}` lacks its attribute",
    label = "what it grants was not noted",
    note = "write `#[scope]` over `impl Scope for {Self}`"
)]
pub trait Granted: Model {
    /// The actions whose methods are written.
    const GRANTS: &'static [Action];
}

/// Who may do what with the rows of a model. An action without its method has no route.
///
/// Written with `#[scope]`, which notes the methods that are there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no scope",
    note = "write `#[scope] impl Scope for {Self} {{ … }}`; an empty one keeps the model without routes",
    note = "a struct that is no model yet needs `#[derive(Model)]` too"
)]
pub trait Scope: Granted {
    /// Which rows the caller may list and get.
    fn can_read(who: &Caller) -> Access<Self> {
        let _ = who;
        deny()
    }

    /// Which rows the caller may create.
    fn can_create(who: &Caller) -> Access<Self> {
        let _ = who;
        deny()
    }

    /// Which rows the caller may update; the row must be among them before and after.
    fn can_update(who: &Caller) -> Access<Self> {
        let _ = who;
        deny()
    }

    /// Which rows the caller may patch.
    fn can_patch(who: &Caller) -> Access<Self> {
        Self::can_update(who)
    }

    /// Which rows the caller may delete.
    fn can_delete(who: &Caller) -> Access<Self> {
        let _ = who;
        deny()
    }
}

/// What a scope answers: nothing, or these rows with these columns set.
pub struct Access<M> {
    pub(crate) grant: Option<Grant>,
    model: PhantomData<fn() -> M>,
}

/// The rows that an action may touch and the columns it sets by itself.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) rows: Predicate,
    pub(crate) sets: Vec<(usize, Value)>,
}

impl<M> Access<M> {
    fn new(grant: Option<Grant>) -> Self {
        Self { grant, model: PhantomData }
    }

    /// Both hold: the rows of both, the columns that either sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.grant.zip(other.grant).map(|(mut one, other)| {
            one.sets.extend(other.sets);
            Grant { rows: one.rows.and(other.rows), sets: one.sets }
        }))
    }
}

/// Not at all: 401 for the anonymous, 403 for everybody else.
pub fn deny<M>() -> Access<M> {
    Access::new(None)
}

/// Every row.
pub fn all<M>() -> Access<M> {
    rows(Filter::always())
}

/// The rows for which this holds.
pub fn rows<M>(filter: Filter<M>) -> Access<M> {
    Access::new(Some(Grant { rows: filter.into_predicate(), sets: Vec::new() }))
}

/// Every row, with this column set whatever the client says. A missing value denies.
pub fn set<M, T>(column: Column<M, T>, operand: impl Operand<T>) -> Access<M> {
    let Some(value) = operand.operand() else { return deny() };
    Access::new(Some(Grant { rows: Predicate::Always, sets: vec![(column.index(), value)] }))
}

/// Turns a missing access into a denied one.
pub trait OrDeny<M> {
    /// The access, or none at all.
    fn or_deny(self) -> Access<M>;
}

impl<M> OrDeny<M> for Option<Access<M>> {
    fn or_deny(self) -> Access<M> {
        self.unwrap_or_else(deny)
    }
}
