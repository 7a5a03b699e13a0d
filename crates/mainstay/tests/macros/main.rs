//! What the macros make of models, beside the same written by hand, and what they say of mistakes.

mod by_hand;
mod derived;
mod look;
mod row;
mod rules;
mod schema;

/// Each file is a mistake; its `.stderr` is what the author reads.
#[test]
fn mistakes_are_named_at_the_authors_token() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
