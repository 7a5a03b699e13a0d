//! A backend framework with nothing to install: models, endpoints and live data on embedded SQLite,
//! and the same application on PostgreSQL by configuration.
//!
//! ```no_run
//! use mainstay::prelude::*;
//!
//! /// A note.
//! #[derive(Model, Clone, Debug)]
//! pub struct Note {
//!     /// Its key.
//!     pub id: Id<Note>,
//!     /// What it says.
//!     #[garde(length(min = 1, max = 200))]
//!     #[model(write)]
//!     pub text: String,
//! }
//!
//! #[scope]
//! impl Scope for Note {
//!     fn can_read(_: &Caller) -> Access<Note> {
//!         all()
//!     }
//!     fn can_create(who: &Caller) -> Access<Note> {
//!         who.user().map(|_| all()).or_deny()
//!     }
//! }
//!
//! #[mainstay::main]
//! async fn main() -> mainstay::Result<()> {
//!     App::new("notes").model::<Note>().run().await
//! }
//! ```

pub mod config;
pub mod prelude;
pub mod runtime;

mod app;
mod arguments;
mod around;
mod assembly;
mod broker;
mod clash;
mod command;
mod declared;
mod description;
mod hooked;
mod listing;
mod log;
mod migrate;
mod mount;
mod ops;
#[cfg_attr(not(feature = "otlp"), path = "otlp/off.rs")]
mod otlp;
mod route;
mod running;
mod serve;
mod token;
mod work;

pub use app::App;
pub use around::Around;
pub use assembly::Assembly;
pub use command::{CommandCx, Output};
pub use declared::Declared;
pub use hooked::Hooked;
pub use mainstay_auth as auth;
pub use mainstay_kernel::{self as kernel, Error, ErrorKind, Result, write_tx};
pub use mainstay_macros::{
    Config, ErrorSet, FromRow, Model, ModelEnum, Validate, cron, data, endpoint, hook, main, middleware,
    migrations, mutation, query, request_hook, scope, test, worker,
};
pub use mainstay_model as model;
#[cfg(feature = "nats")]
pub use mainstay_nats as nats;
pub use mainstay_queue as queue;
pub use mainstay_web::endpoint::Method;
pub use mainstay_web::{self as web, Env, State};
pub use mount::{Mount, mount};
pub use route::{Route, delete, get, head, options, patch, post, put};
pub use running::Running;
pub use {axum, clap, schemars, serde, serde_json};
