//! What the macros make of models, beside the same written by hand.

mod by_hand;
mod derived;
mod described;
mod look;
mod row;
mod rules;
mod schema;

/// Each file is a mistake; its `.stderr` is what the author reads.
#[test]
fn what_an_endpoint_cannot_take_or_give_is_told_at_its_type() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
