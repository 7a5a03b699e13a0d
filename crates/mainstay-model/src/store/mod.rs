//! All SQL of the models.

pub(crate) mod aggregate;
mod atom;
pub(crate) mod bulk;
pub(crate) mod condition;
pub(crate) mod ddl;
pub(crate) mod introspect;
pub(crate) mod ledger;
pub(crate) mod search;
pub(crate) mod select;
pub(crate) mod sql;
pub(crate) mod suggested;
pub(crate) mod variants;
pub(crate) mod write;
