//! Configuration: what the process, its folder and its `mainstay.toml` say, read once at start.
//!
//! A variable is looked up in the process environment, then `.env.local`, `.env` and
//! `mainstay.toml` of the project root; the first that has it decides. Everything is checked before
//! anything runs, and all faults are reported together.
//!
//! ```
//! use mainstay::config::{Config, Sources};
//!
//! let sources = Sources::new("blog", "/srv/blog")
//!     .environment([("PORT", "8080")])
//!     .toml("port = 4000\nserver = false");
//! let config = Config::from_sources(sources).unwrap();
//! assert_eq!(config.http.port, 8080);
//!
//! let faults = Config::from_sources(Sources::new("blog", "/srv/blog").environment([
//!     ("PORT", "eighty"),
//!     ("MAINSTAY_EVN", "production"),
//! ]));
//! let report = faults.unwrap_err().to_string();
//! assert!(report.contains("a whole number from 0 to 65535"));
//! assert!(report.contains("did you mean `MAINSTAY_ENV`"));
//! ```

mod choice;
mod collector;
mod fault;
mod from_variable;
mod list;
mod measure;
mod nearest;
mod network;
mod project;
mod reading;
mod root;
mod sampling;
mod secret;
mod settings;
mod shape;
mod sources;
mod table;
mod unknown;
mod variable;

#[cfg(test)]
mod tests;

pub use choice::{LogFormat, Mode, Role};
pub use fault::{Fault, Faults};
pub use from_variable::{FromVariable, Misfit, Secret};
pub use mainstay_web::Cidr;
pub(crate) use nearest::nearest;
pub use project::{Auth, Collector, Config, Database, Http, Log, Nats, Roles, Traces};
pub use settings::{Given, Setting, Settings, Values};
pub(crate) use settings::{SettingsEntry, given, rows};
pub use sources::{Layer, Sources};
pub use table::variables_table;
