//! The description of an API in OpenAPI 3.1: as much of it as we say, and what is said of models and errors.
//!
//! One [`SchemaGenerator`](schemars::SchemaGenerator) describes the types of one document: [`generator`] makes it, whoever
//! has an operation describes it with [`Operation`], and [`Document::finish`] takes its definitions in.

mod document;
mod errors;
mod operation;
#[cfg(test)]
mod tests;

pub use document::{Components, Document, Info, SecurityScheme, Tag, generator};
pub use errors::DeclaredError;
pub use operation::{Header, In, Media, Operation, Parameter, RequestBody, Requirement, Response, Style};
