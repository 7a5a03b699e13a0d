//! What a client asks of a list: flat parameters (`flat`), or a builder's steps (`steps`). Both end in
//! the same [`ListQuery`], through the same checks (`asked`, `condition`, `operand`).

mod asked;
mod condition;
mod flat;
mod operand;
mod steps;

use mainstay_kernel::{Caller, Error, Result};

use self::asked::Asked;
pub use self::asked::{Count, DEFAULT_LIMIT, ListQuery, MAX_LIMIT, MAX_SORTS, Sort};
pub use self::condition::{MAX_PATTERN, operators};
pub use self::steps::METHODS;
use crate::ModelEntry;

/// Reads the parameters of a list: `limit page cursor sort direction select search expand count where[…]` and
/// `__query`.
///
/// # Errors
/// Bad request, naming the parameter and what was expected; unknown field or operator, naming the
/// nearest valid one. A field that the caller may not see is unknown.
pub fn parse_list(
    model: &ModelEntry,
    models: &[&'static ModelEntry],
    who: &Caller,
    pairs: &[(String, String)],
) -> Result<ListQuery> {
    let mut asked = Asked::new(model, models, who);
    flat::read(&mut asked, pairs)?;
    asked.finish()
}

fn bad(description: impl Into<String>) -> Error {
    Error::bad_request("bad_request", description)
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
