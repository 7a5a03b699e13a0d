//! What happens whenever a row is written.

mod comment;

pub use comment::trim_comment;
