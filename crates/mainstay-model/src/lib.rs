//! Models: schema, scopes, predicates, queries and the CRUD operations.
//!
//! A model is data (a [`Schema`]) and a few functions; the operations work on any model through its
//! [`ModelEntry`], so that they compile once.

pub mod additive;
pub mod bulk;
pub mod create;
pub mod delete;
pub mod door;
pub mod expand;
pub mod get;
pub mod hook;
pub mod json_schema;
pub mod list;
pub mod migration;
pub mod patch;
pub mod rows;
pub mod update;
pub mod upsert;

mod about;
mod aggregate;
mod atom;
mod change;
mod column;
mod cursor;
mod decimal;
mod describe;
mod difference;
mod entry;
mod evaluate;
mod exactness;
mod field;
mod fuzz;
mod group;
mod index;
mod input;
mod json;
mod json_column;
mod judge;
mod model;
mod model_enum;
mod order;
mod overflow;
mod params;
mod predicate;
mod query;
mod raw;
mod record;
mod reference;
mod related;
mod render;
mod revise;
mod rules;
mod schema;
mod scope;
mod search;
mod standing;
mod store;
mod suggest;
mod text_column;
mod total;
mod truth;
mod undeclared;
mod violation;

pub use about::{About, Bound, Measure, Rule, SchemaOf};
pub use aggregate::{Aggregate, Fold, Ordered, Summed, Term, Terms};
pub use atom::{Atom, Compare, order};
pub use bulk::{Assignment, Counted, Edit, Settable};
pub use change::{Addition, Change, Divergence, Plan};
pub use column::{Column, Operand};
pub use decimal::Decimal;
pub use describe::describe;
pub use entry::{Action, ModelEntry};
pub use evaluate::evaluate;
pub use exactness::{Exactness, Why, exactness};
pub use expand::{Expand, Expanded};
pub use field::{Field, Json, Ref};
#[doc(hidden)]
pub use fuzz::{fuzz_input, fuzz_list_parameters, fuzz_patch};
pub use garde;
pub use group::{GroupSort, Grouped, Groups, KeyOf, Keys, Reads, groups};
pub use hook::{Hook, HookCx, HookEntry, HookPoint, Hooks, Written};
pub use index::{Index, Is, Only};
pub use input::{Assignments, Input};
pub use json_column::JsonPath;
pub use judge::{Judge, Verdict, widened};
pub use mainstay_kernel::{self as kernel, Kind, Place};
pub use model::{Insert, Model, Upsert};
pub use model_enum::ModelEnum;
pub use order::Order;
pub use overflow::Overflow;
pub use params::{
    Count, DEFAULT_LIMIT, ListQuery, MAX_LIMIT, MAX_PATTERN, MAX_SORTS, METHODS, Sort, operators, parse_list,
};
pub use predicate::{Filter, Predicate};
pub use query::{Query, Window};
pub use record::Record;
pub use related::{Alike, Exists, Subject};
pub use render::{Visible, serialize_row};
pub use rules::{Broken, broken, unfit};
pub use schema::{ColumnDef, DefaultValue, OnDelete, Part, Read, Reference, Schema, Write, Writer};
pub use schemars;
pub use scope::{Access, Granted, OrDeny, Scope, all, deny, rows, set};
pub use search::{Searched, search};
pub use serde;
pub use standing::{Standing, Total};
pub use suggest::nearest;
pub use total::{CAP as MAX_TOTAL, Totals};
#[doc(hidden)]
pub use truth::truths;
