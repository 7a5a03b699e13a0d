use std::fmt;

use mainstay_kernel::{Error, Kind, Pattern, Result};
use serde_json::Value as Json;

use super::operand::Given;
use super::{bad, shown};
use crate::{Atom, ColumnDef, Compare, Predicate, suggest};

/// The longest pattern, in characters.
pub const MAX_PATTERN: usize = 1000;

/// What a condition is about: a column, or with a path a place within its JSON.
pub(super) struct Field {
    pub(super) column: usize,
    pub(super) def: &'static ColumnDef,
    pub(super) path: Vec<String>,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.def.field)?;
        self.path.iter().try_for_each(|key| write!(f, ".{}", shown(key)))
    }
}

/// How a client compares a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Between,
    Null,
    Like,
    ILike,
    Prefix,
    Contains,
}

use Operator::{
    Between, Contains, Equal, Greater, GreaterOrEqual, ILike, In, Less, LessOrEqual, Like, NotEqual, NotIn,
    Null, Prefix,
};

const NAMES: [(&str, Operator); 14] = [
    ("eq", Equal),
    ("ne", NotEqual),
    ("lt", Less),
    ("lte", LessOrEqual),
    ("gt", Greater),
    ("gte", GreaterOrEqual),
    ("in", In),
    ("nin", NotIn),
    ("between", Between),
    ("null", Null),
    ("like", Like),
    ("ilike", ILike),
    ("prefix", Prefix),
    ("contains", Contains),
];

const SIGNS: [(&str, Operator); 7] = [
    ("=", Equal),
    ("!=", NotEqual),
    ("<>", NotEqual),
    ("<", Less),
    ("<=", LessOrEqual),
    (">", Greater),
    (">=", GreaterOrEqual),
];

impl Operator {
    /// The operator of this name.
    pub(super) fn named(name: &str) -> Result<Self> {
        found(&NAMES, name).ok_or_else(|| {
            let names = NAMES.iter().map(|(name, _)| *name);
            Error::bad_request("unknown_operator", suggest::unknown("operator", name, names))
        })
    }

    /// The operator of this name or sign, such as `<=`.
    pub(super) fn spelt(text: &str) -> Result<Self> {
        found(&SIGNS, text).map_or_else(|| Self::named(text), Ok)
    }

    fn name(self) -> &'static str {
        NAMES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }

    fn applies_to(self, field: &Field) -> bool {
        match field.def.kind {
            Kind::Json if field.path.is_empty() => matches!(self, Contains | Null),
            Kind::Json => matches!(self, Equal | NotEqual | In | NotIn | Null),
            Kind::Text => true,
            Kind::Bool
            | Kind::Int
            | Kind::Float
            | Kind::Bytes
            | Kind::Uuid
            | Kind::Timestamp
            | Kind::Date
            | Kind::Decimal(_)
            | Kind::Enum(_) => !matches!(self, Like | ILike | Prefix | Contains),
        }
    }
}

/// The operators that a field takes in a filter.
pub fn operators(def: &'static ColumnDef) -> Vec<&'static str> {
    let field = Field { column: 0, def, path: Vec::new() };
    NAMES.iter().filter(|(_, it)| it.applies_to(&field)).map(|(name, _)| *name).collect()
}

fn found(operators: &[(&str, Operator)], name: &str) -> Option<Operator> {
    operators.iter().find(|(it, _)| *it == name).map(|(_, operator)| *operator)
}

/// One condition. An argument that is null means what is missing.
pub(super) fn read(field: &Field, operator: Operator, given: &Given<'_>) -> Result<Predicate> {
    if !operator.applies_to(field) {
        let takes = NAMES.iter().filter(|(_, it)| it.applies_to(field)).map(|(name, _)| *name);
        let takes = takes.collect::<Vec<_>>().join(", ");
        let why = format!("`{field}` does not take `{}`, expected one of {takes}", operator.name());
        return Err(Error::bad_request("unknown_operator", why));
    }
    if given.is_null() && matches!(operator, Equal | NotEqual) {
        return Ok(turned(operator, missing(field)));
    }
    if field.path.is_empty() { of_column(field, operator, given) } else { of_path(field, operator, given) }
}

fn null(field: &Field, given: &Given<'_>) -> Result<Predicate> {
    Ok(if given.truth(field)? { missing(field) } else { !missing(field) })
}

fn missing(field: &Field) -> Predicate {
    let atom = if field.path.is_empty() { Atom::IsNull } else { Atom::PathIsNull(field.path.clone()) };
    Predicate::Column(field.column, atom)
}

/// Turned around where the operator is a negation.
fn turned(operator: Operator, predicate: Predicate) -> Predicate {
    if matches!(operator, NotEqual | NotIn) { !predicate } else { predicate }
}

fn of_column(field: &Field, operator: Operator, given: &Given<'_>) -> Result<Predicate> {
    let is = |atom| Ok(Predicate::Column(field.column, atom));
    let compare = |compare| is(Atom::Compare(compare, given.value(field)?));
    match operator {
        Equal => compare(Compare::Equal),
        NotEqual => compare(Compare::NotEqual),
        Less => compare(Compare::Less),
        LessOrEqual => compare(Compare::LessOrEqual),
        Greater => compare(Compare::Greater),
        GreaterOrEqual => compare(Compare::GreaterOrEqual),
        In | NotIn => Ok(turned(operator, Predicate::Column(field.column, Atom::In(given.values(field)?)))),
        Between => between(field, given),
        Like => is(Atom::Like(Pattern::like(&pattern(field, given)?))),
        ILike => is(Atom::Like(Pattern::ilike(&pattern(field, given)?))),
        Contains if field.def.kind == Kind::Json => is(Atom::Contains(given.json(field)?)),
        Contains => is(Atom::Like(Pattern::containing(&pattern(field, given)?))),
        Prefix => Ok(Predicate::starts_with(field.column, &given.text_value(field)?)),
        Null => null(field, given),
    }
}

fn pattern(field: &Field, given: &Given<'_>) -> Result<String> {
    let text = given.text_value(field)?;
    if text.chars().count() > MAX_PATTERN {
        return Err(bad(format!("`{field}` is compared with more than {MAX_PATTERN} characters")));
    }
    Ok(text)
}

fn between(field: &Field, given: &Given<'_>) -> Result<Predicate> {
    let [low, high] = <[_; 2]>::try_from(given.values(field)?)
        .map_err(|_| bad("`between` takes two values, as in `1,10`"))?;
    let bound = |compare, value| Predicate::Column(field.column, Atom::Compare(compare, value));
    Ok(bound(Compare::GreaterOrEqual, low).and(bound(Compare::LessOrEqual, high)))
}

fn of_path(field: &Field, operator: Operator, given: &Given<'_>) -> Result<Predicate> {
    if operator == Null {
        return null(field, given);
    }
    let is_list = matches!(operator, In | NotIn);
    let wanted = if is_list { given.jsons(field)? } else { vec![given.json(field)?] };
    let is = |json: Json| {
        if json.is_null() {
            return missing(field);
        }
        Predicate::Column(field.column, Atom::PathIs(field.path.clone(), json))
    };
    Ok(turned(operator, wanted.into_iter().map(is).fold(Predicate::Never, Predicate::or)))
}
