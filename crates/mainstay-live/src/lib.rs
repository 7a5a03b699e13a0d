//! Live queries: whoever subscribes is sent what a query gives, and then how that changes.
//!
//! The [feed](Feed) tells what was committed to live models, as rows before and after, in the order of the commits; the
//! [index] says whom it may concern. [`Live`] keeps what clients follow, once for all who follow the same.

mod cohort;
mod diff;
mod edit;
mod feed;
mod frame;
pub mod index;
mod live;
mod outbox;
mod session;
mod window;

pub use feed::{Change, Delta, Feed, Reset, Resets, RowChange};
pub use live::{Client, Live, LiveOptions};
pub use session::SubId;
