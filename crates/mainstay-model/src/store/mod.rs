//! All SQL of the models.

mod atom;
pub(crate) mod condition;
pub(crate) mod ddl;
pub(crate) mod introspect;
pub(crate) mod select;
pub(crate) mod sql;
pub(crate) mod variants;
pub(crate) mod write;
