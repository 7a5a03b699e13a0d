//! Versions of inputs: what an earlier version of the program wrote is brought up to what this one reads.

use std::panic::catch_unwind;

use mainstay_kernel::{Error, Result};
use serde_json::Value;

/// Brings an input of an earlier version up to the current one. It is given the version that the input was written in,
/// and has to give the same for the same input: a task that is tried again is brought up again.
///
/// ```
/// use mainstay_kernel::Result;
/// use serde_json::{Value, json};
///
/// fn upgrade_welcome(from: u32, mut welcome: Value) -> Result<Value> {
///     if from < 2 {
///         welcome["language"] = json!("en");
///     }
///     Ok(welcome)
/// }
/// let upgrade: mainstay_queue::Upgrade = upgrade_welcome;
/// assert_eq!(upgrade(1, json!({ "user": 7 }))?, json!({ "user": 7, "language": "en" }));
/// # Ok::<(), mainstay_kernel::Error>(())
/// ```
pub type Upgrade = fn(from: u32, input: Value) -> Result<Value>;

/// The header that says in which version a call's input is written. Without it, it is in the current one.
pub const INPUT_VERSION: &str = "input-version";

/// The version of inputs that never changed.
pub(crate) const FIRST: u32 = 1;

/// Which inputs are read, and how those of earlier versions are.
#[derive(Clone, Copy)]
pub(crate) struct Versions {
    pub(crate) current: u32,
    pub(crate) upgrade: Option<Upgrade>,
}

impl Versions {
    /// An input of version `from`, as the current one has it. Where nothing brings it up it is read as it is.
    ///
    /// # Errors
    /// Bad request, when it is no JSON, or the author's function refuses it.
    pub(crate) fn bring_up(self, from: u32, input: String) -> Result<String> {
        let Some(upgrade) = self.upgrade.filter(|_| from < self.current) else { return Ok(input) };
        let refused = |why: &dyn std::fmt::Display| {
            let current = self.current;
            let message =
                format!("the input of version {from} could not be brought up to version {current}: {why}");
            Error::bad_request("bad_request", message)
        };
        let value = serde_json::from_str(&input).map_err(|error| refused(&error))?;
        match catch_unwind(|| upgrade(from, value)) {
            Ok(Ok(value)) => Ok(value.to_string()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(refused(&"it panicked")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add_language(from: u32, mut input: Value) -> Result<Value> {
        match from {
            1 => input["language"] = json!("en"),
            2 => return Err(Error::internal("there never was a version 2")),
            _ => panic!("as told"),
        }
        Ok(input)
    }

    #[test]
    fn an_older_input_is_brought_up_and_a_current_one_is_left_as_it_is() {
        let versions = Versions { current: 4, upgrade: Some(add_language) };
        assert_eq!(versions.bring_up(1, "{\"a\":1}".to_owned()).unwrap(), "{\"a\":1,\"language\":\"en\"}");
        assert_eq!(versions.bring_up(4, "{ \"a\": 1 }".to_owned()).unwrap(), "{ \"a\": 1 }");
        let plain = Versions { current: 4, upgrade: None };
        assert_eq!(plain.bring_up(1, "{ \"a\": 1 }".to_owned()).unwrap(), "{ \"a\": 1 }");
    }

    #[test]
    fn what_cannot_be_brought_up_says_why() {
        let versions = Versions { current: 4, upgrade: Some(add_language) };
        let said = |from, input: &str| versions.bring_up(from, input.to_owned()).unwrap_err().to_string();
        let before = "could not be brought up to version 4";
        assert_eq!(said(2, "{}"), format!("the input of version 2 {before}: there never was a version 2"));
        assert_eq!(said(3, "{}"), format!("the input of version 3 {before}: it panicked"));
        assert!(said(1, "{").contains("EOF"), "{}", said(1, "{"));
    }
}
