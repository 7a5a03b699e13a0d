use mainstay_kernel::{Kind, Value};

use crate::{Atom, Predicate, Read, Schema, Searched, Subject};

/// Whether a predicate is decided in memory by a row as changes carry it, or what of it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// [`evaluate`](crate::evaluate()) says of each row what both databases say.
    Exact,
    /// Of some rows only the database can tell, for this reason; there may be more reasons.
    Undecided(Why),
}

/// Why a part of a predicate, or of an order, is the database's to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It looks at rows of other models.
    Elsewhere,
    /// It asks for the column at this position, which changes do not carry, since no client sees it.
    Unseen(usize),
    /// It compares the column at this position with what is not of its kind; or it compares JSON as a whole,
    /// which PostgreSQL does by its value and SQLite by its text.
    Unlike(usize),
}

/// Whether [`evaluate`](crate::evaluate()) decides this predicate.
pub fn exactness(schema: &Schema, predicate: &Predicate) -> Exactness {
    reason(schema, predicate).map_or(Exactness::Exact, Exactness::Undecided)
}

fn reason(schema: &Schema, predicate: &Predicate) -> Option<Why> {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().find_map(|it| reason(schema, it)),
        Predicate::Not(it) => reason(schema, it),
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Column(..)
        | Predicate::Exists(_)
        | Predicate::Search(_) => undecided(schema, predicate),
    }
}

/// Why a predicate without parts, or the negation of one, is not decided.
pub(crate) fn undecided(schema: &Schema, leaf: &Predicate) -> Option<Why> {
    match leaf {
        Predicate::Always | Predicate::Never | Predicate::Unknown => None,
        Predicate::Exists(_) => Some(Why::Elsewhere),
        Predicate::Search(it) => searched(schema, it),
        Predicate::Column(column, atom) => asked(schema, *column, atom),
        Predicate::Not(it) => undecided(schema, it),
        Predicate::And(_) | Predicate::Or(_) => reason(schema, leaf),
    }
}

/// A search is decided: its words are taken apart by the same rules everywhere.
fn searched(schema: &Schema, it: &Searched) -> Option<Why> {
    it.fields.iter().find_map(|field| match field {
        Subject::Value(_) => None,
        Subject::Column(column) if schema.column(*column).kind != Kind::Text => Some(Why::Unlike(*column)),
        Subject::Column(column) => unseen(schema, *column),
    })
}

fn asked(schema: &Schema, column: usize, atom: &Atom) -> Option<Why> {
    let kind = schema.column(column).kind;
    let is_alike = match atom {
        Atom::IsNull => true,
        Atom::Compare(_, value) => is_of(kind, value),
        Atom::In(values) => values.iter().all(|it| is_of(kind, it)),
        Atom::Like(_) => kind == Kind::Text,
        Atom::Contains(_) | Atom::PathIs(..) | Atom::PathIsNull(_) => kind == Kind::Json,
    };
    if is_alike { unseen(schema, column) } else { Some(Why::Unlike(column)) }
}

/// Why an order by this column is not decided.
pub(crate) fn unordered(schema: &Schema, column: usize) -> Option<Why> {
    match schema.column(column).kind {
        Kind::Json => Some(Why::Unlike(column)),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::Decimal(_)
        | Kind::Date
        | Kind::Enum(_) => unseen(schema, column),
    }
}

fn unseen(schema: &Schema, column: usize) -> Option<Why> {
    match schema.column(column).read {
        Read::Everyone | Read::Role(_) => None,
        Read::Private => Some(Why::Unseen(column)),
    }
}

/// Whether values of this kind are compared with this one in the same way by both databases and in memory.
fn is_of(kind: Kind, value: &Value) -> bool {
    match value {
        Value::Null | Value::Json(_) => false,
        Value::Bool(_) => kind == Kind::Bool,
        Value::Int(_) => kind == Kind::Int,
        // Any other cannot be bound.
        Value::Float(it) => kind == Kind::Float && it.is_finite(),
        Value::Text(_) => kind == Kind::Text,
        Value::Bytes(_) => kind == Kind::Bytes,
        Value::Uuid(_) => kind == Kind::Uuid,
        Value::Timestamp(_) => kind == Kind::Timestamp,
        Value::Decimal(it) => kind == Kind::Decimal(it.scale),
        Value::Date(_) => kind == Kind::Date,
        Value::Enum(it) => kind == Kind::Enum(it.of()),
    }
}

/// The predicate with each leaf replaced. Negations are moved inwards first, so that a leaf comes with its own.
pub(crate) fn each_leaf(predicate: &Predicate, replace: &impl Fn(Predicate) -> Predicate) -> Predicate {
    match predicate {
        Predicate::And(all) => {
            all.iter().map(|it| each_leaf(it, replace)).fold(Predicate::Always, Predicate::and)
        }
        Predicate::Or(any) => {
            any.iter().map(|it| each_leaf(it, replace)).fold(Predicate::Never, Predicate::or)
        }
        Predicate::Not(it) => match **it {
            Predicate::Column(..) | Predicate::Exists(_) | Predicate::Search(_) => replace(predicate.clone()),
            Predicate::Always
            | Predicate::Never
            | Predicate::Unknown
            | Predicate::And(_)
            | Predicate::Or(_)
            | Predicate::Not(_) => each_leaf(&!(**it).clone(), replace),
        },
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Column(..)
        | Predicate::Exists(_)
        | Predicate::Search(_) => replace(predicate.clone()),
    }
}
