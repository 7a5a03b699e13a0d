//! The description of an API in OpenAPI 3.1: as much of it as we say, and what is said of models and errors.
//!
//! One [`SchemaGenerator`](schemars::SchemaGenerator) describes the types of one document: [`generator`] makes it, whoever
//! has an operation describes it with [`Operation`], and [`Document::finish`] takes its definitions in.

mod crud;
mod document;
mod endpoint;
mod errors;
mod health;
mod operation;
mod ops;
mod plain;
mod security;
#[cfg(test)]
mod tests;

pub use crud::describe as describe_models;
pub use document::{Components, Document, Info, SecurityScheme, Tag, generator};
pub use endpoint::describe as describe_endpoint;
pub use errors::DeclaredError;
pub use health::describe as describe_health;
pub use operation::{
    Answer, Header, In, Link, Media, Operation, Parameter, RequestBody, Requirement, Response, Style,
};
pub use ops::describe as describe_operation;
pub use plain::describe as describe_plain;
pub use security::{requirements, schemes};
