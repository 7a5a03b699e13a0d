use std::fmt;

use mainstay_kernel::Place;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// One route of an application, as `routes` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteEntry {
    /// The method.
    pub method: &'static str,
    /// The whole path, such as `/v1/posts/{id}`.
    pub path: String,
    /// What answers.
    pub serves: Serves,
    /// Where that is declared.
    pub place: Place,
}

/// What answers a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serves {
    /// The generated route of a model.
    Model {
        /// The model, such as `post`.
        model: &'static str,
        /// `list`, `get`, `create`, `update`, `patch` or `delete`.
        verb: &'static str,
    },
    /// An endpoint.
    Endpoint {
        /// The function's name, or that of its file where it is called `handler`.
        name: &'static str,
    },
    /// A handler of axum's.
    Handler {
        /// Its path, such as `blog::endpoints::hello`.
        name: &'static str,
    },
}

impl Serves {
    /// What kind of thing it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Model { .. } => "model",
            Self::Endpoint { .. } => "endpoint",
            Self::Handler { .. } => "handler",
        }
    }
}

/// `post.list`, or the path of the function.
impl fmt::Display for Serves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { model, verb } => f.pad(&format!("{model}.{verb}")),
            Self::Endpoint { name } | Self::Handler { name } => f.pad(name),
        }
    }
}

/// `GET /v1/posts`
impl fmt::Display for RouteEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Serialize for RouteEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut route = serializer.serialize_struct("RouteEntry", 6)?;
        route.serialize_field("method", self.method)?;
        route.serialize_field("path", &self.path)?;
        route.serialize_field("kind", self.serves.kind())?;
        route.serialize_field("serves", &self.serves.to_string())?;
        route.serialize_field("file", self.place.file)?;
        route.serialize_field("line", &self.place.line)?;
        route.end()
    }
}
