use std::fmt;

use mainstay_kernel::Value;
use mainstay_model::Schema;
use serde_json::Value as Json;

use super::Interval;

/// What a row has that concerns a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// The column has this value.
    Equal {
        /// Its position.
        column: usize,
        /// Never `Value::Null`.
        value: Value,
    },
    /// The column is missing; of JSON, missing or null.
    Missing {
        /// Its position.
        column: usize,
    },
    /// The column has a value in this interval. Texts that begin alike are one, too.
    Range {
        /// Its position.
        column: usize,
        /// From where to where.
        interval: Interval,
    },
    /// The column is JSON that has this value at this place.
    Element {
        /// Its position.
        column: usize,
        /// How the value is reached.
        path: Vec<Step>,
        /// No list and no object.
        value: Json,
    },
    /// Any row: each is judged.
    Residual,
}

impl Access {
    /// The column that it is about.
    pub(super) fn column(&self) -> Option<usize> {
        match self {
            Self::Equal { column, .. }
            | Self::Missing { column }
            | Self::Range { column, .. }
            | Self::Element { column, .. } => Some(*column),
            Self::Residual => None,
        }
    }
}

/// One step into JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Under this key of an object.
    Key(String),
    /// At any place of a list.
    Item,
}

/// Where the index has a subscription: a change concerns it if a row has one of these. Without any, none does.
#[derive(Clone, Debug)]
pub struct Placement {
    pub(super) schema: &'static Schema,
    /// One for each alternative of the predicate.
    pub accesses: Vec<Access>,
}

impl Placement {
    /// Whether each change of the model has to be judged for it.
    pub fn is_residual(&self) -> bool {
        self.accesses.contains(&Access::Residual)
    }
}

/// As an operator reads it: `room = 7, price in [1, 5)`. It shows what the subscription asks for.
impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.accesses.is_empty() {
            return f.write_str("no row");
        }
        for (position, access) in self.accesses.iter().enumerate() {
            f.write_str(if position > 0 { ", " } else { "" })?;
            let field = |column: usize| self.schema.column(column).field;
            match access {
                Access::Equal { column, value } => write!(f, "{} = {}", field(*column), shown(value))?,
                Access::Missing { column } => write!(f, "{} is null", field(*column))?,
                Access::Range { column, interval } => write!(f, "{} in {interval}", field(*column))?,
                Access::Element { column, path, value } => {
                    f.write_str(field(*column))?;
                    for step in path {
                        match step {
                            Step::Key(key) => write!(f, ".{key}")?,
                            Step::Item => f.write_str("[]")?,
                        }
                    }
                    write!(f, " = {value}")?;
                }
                Access::Residual => f.write_str("every row")?,
            }
        }
        Ok(())
    }
}

/// A value as it stands in a placement.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => it.to_string(),
        Value::Float(it) => it.to_string(),
        Value::Text(it) => format!("{it:?}"),
        Value::Bytes(it) => format!("{} bytes", it.len()),
        Value::Uuid(it) => it.to_string(),
        Value::Timestamp(it) => it.to_string(),
        Value::Json(it) => it.to_string(),
        Value::Decimal(it) => it.to_string(),
        Value::Date(it) => it.to_string(),
        Value::Enum(it) => it.name().to_owned(),
    }
}
