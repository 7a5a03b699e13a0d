//! Live queries: which subscriptions a change of a row concerns.

pub mod index;
