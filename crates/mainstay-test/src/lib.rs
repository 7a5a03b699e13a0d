//! An application per test: its own SQLite file or its own PostgreSQL schema, a clock that tests
//! move, and actors that speak HTTP to it.

mod actor;
mod answer;
mod app;
mod attack;
mod database;
mod run;
mod store;

pub use actor::Actor;
pub use answer::Answer;
pub use app::TestApp;
pub use attack::{Attacker, attack};
pub use database::TestDatabase;
pub use mainstay::kernel::Db;
pub use run::{TestStore, run, run_db};
