//! Routes beside those of the models.

mod hello;

pub use hello::hello;
