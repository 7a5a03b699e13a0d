//! The transaction, the store and the framework's own records.
//!
//! A change of any kind runs in one [`Tx`], opened by [`Db::write`] or, for a request that may be
//! repeated, by [`Db::write_kept`]. Reading needs a [`Reader`], writing needs `&mut Tx`.

mod attempts;
mod caller;
mod checksum;
mod civil;
mod clock;
mod conform;
mod control;
mod date;
mod db;
mod error;
mod error_set;
mod extension;
mod faults;
mod fixed;
mod id;
mod in_flight;
pub mod json;
mod json_schema;
mod migrating;
mod nearest;
mod options;
mod owned;
mod pattern;
mod place;
mod reader;
mod request;
mod row;
mod search;
mod sql;
mod statement;
mod store;
mod timestamp;
mod tx;
mod validate;
mod value;
mod variant;
mod watch;
mod words;

pub use caller::{Caller, Principal};
pub use checksum::checksum;
pub use clock::Clock;
pub use conform::conforms;
pub use control::{ControlClient, ControlServer, Frame, Handler};
pub use date::Date;
pub use db::{Boxed, Db, Env, Outcome, Written};
pub use error::{Declared, Error, ErrorKind, FieldFault, Result};
pub use error_set::{DeclaredError, ErrorSet, Retry, Shape};
pub use faults::{FaultPoint, Faults};
pub use fixed::{Fixed, FixedFault};
pub use id::Id;
pub use migrating::MigrationTurn;
pub use nearest::nearest;
pub use options::{DbOptions, StoreUrl};
pub use owned::Owned;
pub use pattern::{Case, Pattern};
pub use place::Place;
pub use reader::Reader;
pub use request::{Answer, Request};
pub use row::{FromRow, FromValue, Row};
pub use search::{Alternative, Last, NoSearch, Search, Term};
pub use sql::{Sql, WriteSql};
pub use statement::{Dialect, Statement};
pub use store::capture::Capture;
pub use store::postgres::words::WordFunctions;
pub use timestamp::Timestamp;
pub use tx::Tx;
pub use validate::{Flaws, Validate, valid};
#[doc(hidden)]
pub use validate::{LookPast, LookWithin, Nested};
pub use value::{IntoValue, Kind, Value, ValueRef};
pub use variant::{EnumType, Variant};
pub use words::words;
