use syn::{Path, parse_quote};

/// Where the framework is, as an application sees it.
pub(crate) fn facade() -> Path {
    parse_quote!(::mainstay)
}

/// Where the test harness is.
pub(crate) fn harness() -> Path {
    parse_quote!(::mainstay_test)
}
