//! What the command line can do beside serving.

mod seed;

pub use seed::seed;
