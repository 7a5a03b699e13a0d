//! An application per test: its own SQLite file or its own PostgreSQL schema, a clock that tests
//! move, and actors that speak HTTP to it.

mod actor;
mod answer;
mod app;
mod attack;
mod database;
mod factory;
mod fixtures;
mod log;
mod pattern;
mod proxy;
mod run;
mod snapshot;
mod store;
mod tasks;

pub use actor::Actor;
pub use answer::Answer;
pub use app::TestApp;
pub use attack::{Attacker, attack};
pub use database::TestDatabase;
pub use fixtures::Fixtures;
pub use insta;
pub use mainstay::kernel::{Db, FaultPoint};
pub use pattern::{Difference, differences};
pub use proxy::Proxy;
pub use run::{TestStore, run, run_db};
pub use tasks::{Left, Tasks};
