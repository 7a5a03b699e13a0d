//! Errors that an endpoint or an operation declares.

use std::fmt;

use schemars::{Schema, SchemaGenerator};

use crate::Error;

/// The errors that an endpoint or an operation can answer with, beside those of the framework. Derive it.
///
/// They are part of its description, with their statuses, codes and data; the framework's own
/// [`Error`] declares none.
pub trait ErrorSet: Sized + Send + 'static {
    /// What is declared.
    const DECLARED: &'static [DeclaredError];

    /// The error as it is answered.
    fn into_error(self) -> Error;
}

/// One declared error.
#[derive(Clone, Copy)]
pub struct DeclaredError {
    /// HTTP status, 400–599.
    pub status: u16,
    /// Stable `snake_case` code.
    pub code: &'static str,
    /// For people, with `{name}` where a datum stands.
    pub message: &'static str,
    /// The data that come with it, by their names.
    pub data: &'static [(&'static str, Shape)],
    /// Whether it says when another try makes sense.
    pub retry: Retry,
}

/// Makes the schema of a datum.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// Whether an error says when another try makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It does, in `Retry-After`.
    After,
    /// It does not.
    Unsaid,
}

impl fmt::Debug for DeclaredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl ErrorSet for Error {
    const DECLARED: &'static [DeclaredError] = &[];

    fn into_error(self) -> Error {
        self
    }
}
