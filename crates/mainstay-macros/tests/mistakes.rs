//! What the macros say of mistakes. The framework's names are those of `ui/stub`, so that this needs
//! no more than the macros themselves.

/// Each file is a mistake; its `.stderr` is what the author reads.
#[test]
fn a_mistake_is_named_at_the_authors_token() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
