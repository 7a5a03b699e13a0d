//! All SQL of the models.

pub(crate) mod condition;
pub(crate) mod ddl;
pub(crate) mod introspect;
pub(crate) mod select;
pub(crate) mod sql;
pub(crate) mod write;
