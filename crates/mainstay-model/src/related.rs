use std::cell::Cell;
use std::fmt;

use mainstay_kernel::{Caller, Id, Value};

use crate::{Column, Filter, Model, Predicate, Ref, Schema, Scope};

/// How many scopes deep [`Column::readable_by`] follows: a scope that asks itself, such as that of a
/// folder in a folder, ends there.
const DEEPEST: u32 = 4;

/// A look for a row of another model: it has the subject's value in a column, and a condition holds
/// for it. A missing subject makes it unknown.
#[derive(Clone)]
pub struct Exists {
    /// What the other row must have.
    pub subject: Subject,
    /// The other model.
    pub schema: &'static Schema,
    /// Position of the other row's column. A row in which it is missing is not looked at.
    pub column: usize,
    /// What must hold for the other row.
    pub rows: Predicate,
}

/// What is looked for elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The value of the column at this position.
    Column(usize),
    /// This value; never `Value::Null`.
    Value(Value),
}

impl PartialEq for Exists {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
            && std::ptr::eq(self.schema, other.schema)
            && self.column == other.column
            && self.rows == other.rows
    }
}

impl fmt::Debug for Exists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format_args!("{}.{}", self.schema.table, self.schema.columns[self.column].name);
        write!(f, "{:?} in {place} where {:?}", self.subject, self.rows)
    }
}

impl<M, N: Model> Column<M, Ref<N>> {
    /// The row that it refers to is one of these. Never true of a missing reference, also under `!`.
    /// Such as `Comment::POST.within(Post::PUBLISHED.eq(true))`.
    pub fn within(self, rows: Filter<N>) -> Filter<M> {
        exists(self.index(), N::SCHEMA, N::SCHEMA.id(), rows)
    }
}

impl<M, N: Scope> Column<M, Ref<N>> {
    /// The row that it refers to is one that the caller may read. A scope that asks itself this way is
    /// followed four deep; what lies deeper is not readable.
    /// Such as `Comment::POST.readable_by(who)`.
    pub fn readable_by(self, who: &Caller) -> Filter<M> {
        let Some(_deeper) = Depth::enter() else { return Filter::new(Predicate::Never) };
        match N::can_read(who).grant {
            Some(grant) => self.within(Filter::new(grant.rows)),
            None => Filter::new(Predicate::Never),
        }
    }
}

impl<M, T> Column<M, T> {
    /// One of these rows of another model has the same value in that column.
    /// Such as `Project::ID.among(Membership::PROJECT, Membership::USER.eq(who.user_id()))`.
    pub fn among<N: Model, U: Alike<T>>(self, column: Column<N, U>, rows: Filter<N>) -> Filter<M> {
        exists(self.index(), N::SCHEMA, column.index(), rows)
    }
}

fn exists<M, N>(subject: usize, schema: &'static Schema, column: usize, rows: Filter<N>) -> Filter<M> {
    let (subject, rows) = (Subject::Column(subject), rows.into_predicate());
    Filter::new(Predicate::Exists(Box::new(Exists { subject, schema, column, rows })))
}

/// Columns of these two types hold the same values: an id and a reference to it do.
#[diagnostic::on_unimplemented(message = "a column of `{T}` never holds what a column of `{Self}` does")]
pub trait Alike<T> {}

impl<T> Alike<T> for T {}
impl<M> Alike<Id<M>> for Ref<M> {}
impl<M> Alike<Ref<M>> for Id<M> {}

/// One scope asking another, until it is dropped.
struct Depth;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

impl Depth {
    /// Nothing, where it is too deep.
    fn enter() -> Option<Self> {
        DEPTH.with(|depth| {
            (depth.get() < DEEPEST).then(|| {
                depth.set(depth.get() + 1);
                Self
            })
        })
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
