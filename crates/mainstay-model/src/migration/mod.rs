//! Migrations that an application writes: what its models cannot say of the tables.
//!
//! A [`Migration`] is SQL in a folder of its own, or two functions of Rust. [`Migrations`] are all that a
//! program knows, in order; a [`Migrator`] compares them with those that a database has, and runs them.

mod folder;
mod history;
mod lint;
mod marks;
mod migrator;
mod name;
mod script;
mod skeleton;
mod source;

pub use folder::{Embedded, EmbeddedFolder, Folder};
pub use history::{Entry, History, State};
pub use lint::{Hazard, Warning};
pub use marks::{Condition, Marks};
pub use migrator::{Done, Marked, Migrator, Order, Outcome, Report, Steps};
pub use name::{LedgerName, is_name, name_of};
pub use script::{Statement, statements};
pub use skeleton::{Skeleton, skeleton};
pub use source::{Migration, Migrations, Runs, Script, Step, Work};
