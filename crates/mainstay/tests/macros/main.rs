//! What the macros make of models, beside the same written by hand.

mod by_hand;
mod derived;
mod described;
mod look;
mod row;
mod rules;
mod schema;
