use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use mainstay_kernel::{Caller, Error, ErrorKind, Principal, Result, Validate, input};
use serde::de::DeserializeOwned;

use super::Found;
use crate::worker::TaskCx;

/// One call of an operation, whichever way it came: what its function is given beside the transaction or the reader.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    path: String,
    params: BTreeMap<String, String>,
    input: String,
    caller: Caller,
    headers: BTreeMap<String, String>,
    attempt: u32,
}

impl Asked {
    /// A call with this input, as JSON; nothing is `null`.
    pub fn new(found: &Found, input: impl Into<String>, caller: Caller) -> Self {
        let input: String = input.into();
        Self {
            path: found.entry.spec.path.to_owned(),
            params: found.params.clone(),
            input: if input.trim().is_empty() { "null".to_owned() } else { input },
            caller,
            headers: BTreeMap::new(),
            attempt: 1,
        }
    }

    /// With a header, such as `user-agent`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    pub(super) fn by_task(cx: &TaskCx) -> Self {
        Self {
            path: cx.name.clone(),
            params: cx.meta.params.clone(),
            input: cx.body.clone(),
            caller: cx.caller.clone(),
            headers: BTreeMap::new(),
            attempt: cx.attempt,
        }
    }

    /// The operation's path, with its parameters as they are declared.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// For whom it runs.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// A header of the call, by its name in lower case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Which attempt this is, from 1: more than 1 only in a task.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The input as it was sent.
    pub fn input_text(&self) -> &str {
        &self.input
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// Bad request, when it has another shape.
    pub fn param<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T> {
        let Some(value) = self.params.get(name) else {
            return Err(Error::bad_request(
                "bad_request",
                format!("the parameter `{name}` of the path is missing"),
            ));
        };
        value.parse().map_err(|error| {
            Error::bad_request(
                "bad_request",
                format!("the parameter `{name}` of the path, `{value}`: {error}"),
            )
        })
    }

    /// The input.
    ///
    /// # Errors
    /// Bad request, when it is no JSON; invalid, when it has another shape or breaks a rule.
    pub fn input<T: DeserializeOwned + Validate>(&self) -> Result<T> {
        input::read(self.input.as_bytes())
    }
}

/// What an operation can ask for beside its input and its parameters.
pub trait FromAsked: Sized {
    /// Takes it from the call.
    ///
    /// # Errors
    /// Unauthenticated or forbidden, when the caller is somebody else.
    fn from_asked(asked: &Asked) -> Result<Self>;
}

impl FromAsked for Caller {
    fn from_asked(asked: &Asked) -> Result<Self> {
        Ok(asked.caller.clone())
    }
}

impl FromAsked for Principal {
    fn from_asked(asked: &Asked) -> Result<Self> {
        match &asked.caller {
            Caller::User(principal) => Ok((**principal).clone()),
            Caller::Anonymous => Err(Error::new(ErrorKind::Unauthenticated("sign in to do this".to_owned()))),
            Caller::Service(_) | Caller::System => {
                Err(Error::new(ErrorKind::Forbidden("this is for persons, not for services".to_owned())))
            }
        }
    }
}

impl FromAsked for Option<Principal> {
    fn from_asked(asked: &Asked) -> Result<Self> {
        Ok(asked.caller.user().cloned())
    }
}
