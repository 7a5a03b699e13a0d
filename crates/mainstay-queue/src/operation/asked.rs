use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use mainstay_kernel::{Caller, Error, ErrorKind, Principal, Result, Validate, input};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Extension, Found, OperationSpec};
use crate::version::{FIRST, INPUT_VERSION};
use crate::worker::TaskCx;

/// One call of an operation, whichever way it came: what its function is given beside the transaction or the reader.
#[derive(Clone, Debug)]
pub struct Asked {
    call: Arc<Call>,
    values: Values,
}

#[derive(Clone, Debug)]
struct Call {
    path: String,
    params: BTreeMap<String, String>,
    input: String,
    caller: Caller,
    headers: BTreeMap<String, String>,
    metadata: Map<String, Value>,
    attempt: u32,
}

/// What middleware put in, one value of each type.
#[derive(Clone, Default)]
struct Values(Vec<Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.0.len())
    }
}

impl Asked {
    /// A call with this input, as JSON; nothing is `null`.
    pub fn new(found: &Found, input: impl Into<String>, caller: Caller) -> Self {
        let input: String = input.into();
        Self::of(Call {
            path: found.operation.entry.spec.path.to_owned(),
            params: found.params.clone(),
            input: if input.trim().is_empty() { "null".to_owned() } else { input },
            caller,
            headers: BTreeMap::new(),
            metadata: Map::new(),
            attempt: 1,
        })
    }

    /// With a header, such as `user-agent`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.call).headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// The call with its input as the current version has it; as it is where it does not say another one.
    ///
    /// # Errors
    /// Bad request, when it says a version that is none or is not known here, or the input cannot be brought up.
    pub(super) fn brought_up(&self, spec: &OperationSpec) -> Result<Cow<'_, Self>> {
        let Some(said) = self.header_value(INPUT_VERSION) else { return Ok(Cow::Borrowed(self)) };
        let refused = |message| Error::bad_request("bad_request", message);
        let version = said.trim().parse().ok().filter(|it| *it >= FIRST).ok_or_else(|| {
            refused(format!("`Input-Version` is `{said}`, expected a whole number from 1 on"))
        })?;
        let versions = spec.versions();
        if version > versions.current {
            let (path, known) = (spec.path, versions.current);
            let message = format!(
                "the input is of version {version}, and `{path}` is known here up to version {known}"
            );
            return Err(refused(message));
        }
        let mut brought_up = self.clone();
        let input = versions.bring_up(version, self.call.input.clone())?;
        Arc::make_mut(&mut brought_up.call).input = input;
        Ok(Cow::Owned(brought_up))
    }

    pub(super) fn by_task(cx: &TaskCx) -> Self {
        Self::of(Call {
            path: cx.name.clone(),
            params: cx.meta.params.clone(),
            input: cx.body.clone(),
            caller: cx.caller.clone(),
            headers: BTreeMap::new(),
            metadata: cx.meta.metadata.clone(),
            attempt: cx.attempt,
        })
    }

    fn of(call: Call) -> Self {
        Self { call: Arc::new(call), values: Values::default() }
    }

    /// The same call, to be run anew: nothing of the run before is there.
    pub(super) fn again(&self) -> Self {
        Self { call: Arc::clone(&self.call), values: Values::default() }
    }

    /// The operation's path, with its parameters as they are declared.
    pub fn path(&self) -> &str {
        &self.call.path
    }

    /// For whom it runs.
    pub fn caller(&self) -> &Caller {
        &self.call.caller
    }

    /// A header of the call, by its name in lower case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.call.headers.get(name).map(String::as_str)
    }

    /// What the author of a task gave along.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.call.metadata
    }

    /// Which attempt this is, from 1: more than 1 only in a task.
    pub fn attempt(&self) -> u32 {
        self.call.attempt
    }

    /// A value that a middleware put in.
    pub fn value<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.0.iter().find_map(|it| it.downcast_ref())
    }

    /// A value that a middleware put in, as JSON: for answers that depend on it.
    ///
    /// # Errors
    /// Internal, when there is none, or it cannot be written.
    pub fn value_as_json<T: Serialize + Clone + Send + Sync + 'static>(&self) -> Result<String> {
        let Extension(value) = Extension::<T>::from_asked(self)?;
        serde_json::to_string(&value).map_err(|error| {
            Error::internal("what a cached answer depends on cannot be written").caused_by(error)
        })
    }

    pub(super) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.0.retain(|it| !it.is::<T>());
        self.values.0.push(Arc::new(value));
    }

    pub(super) fn params(&self) -> &BTreeMap<String, String> {
        &self.call.params
    }

    /// The input as it was sent.
    pub fn input_text(&self) -> &str {
        &self.call.input
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// Bad request, when it has another shape.
    pub fn param<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T> {
        let Some(value) = self.call.params.get(name) else {
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
        input::read(self.call.input.as_bytes())
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
        Ok(asked.call.caller.clone())
    }
}

impl FromAsked for Principal {
    fn from_asked(asked: &Asked) -> Result<Self> {
        match &asked.call.caller {
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
        Ok(asked.call.caller.user().cloned())
    }
}
