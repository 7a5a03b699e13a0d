//! Live queries: what was committed, and which subscriptions it concerns.
//!
//! The [feed](Feed) tells what was committed to live models, as rows before and after, in the order of the commits.

mod feed;
pub mod index;

pub use feed::{Change, Delta, Feed, FeedOptions, Reset, Resets, RowChange, Subscription};
