use std::borrow::Cow;

use crate::{IntoValue, Value};

/// The SQL a store speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL, placeholders `$1`
    Postgres,
    /// SQLite, placeholders `?1`
    Sqlite,
}

impl Dialect {
    /// What OpenTelemetry calls the system that speaks it.
    pub(crate) const fn system(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Sqlite => "sqlite",
        }
    }
}

/// SQL text in the store's dialect with the values bound to its placeholders.
#[derive(Clone, Debug)]
pub struct Statement {
    text: Cow<'static, str>,
    params: Vec<Value>,
}

impl Statement {
    /// A statement without values yet.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), params: Vec::new() }
    }

    /// A statement with all its values, in the order of their placeholders.
    pub fn with(text: impl Into<Cow<'static, str>>, params: Vec<Value>) -> Self {
        Self { text: text.into(), params }
    }

    /// Binds the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl IntoValue) -> Self {
        self.params.push(value.into_value());
        self
    }

    /// The SQL.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bound values.
    pub fn params(&self) -> &[Value] {
        &self.params
    }
}
