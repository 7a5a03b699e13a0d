use std::fmt;

use std::time::Duration;

use mainstay_kernel::{Admits, Place, Rate};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::json;

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
    /// Under which terms.
    pub terms: Terms,
}

/// The terms under which a route answers, as far as its attribute says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whom it admits.
    pub admits: Admits,
    /// Of an operation: the queue that reaches it.
    pub queue: Option<&'static str>,
    /// How often one caller may call it.
    pub rate: Option<Rate>,
    /// How long its answer is given again.
    pub cache: Option<Duration>,
    /// The names of what is around it beside what is around every route, the outermost first.
    pub middleware: Vec<&'static str>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { admits: Admits::Everyone, queue: None, rate: None, cache: None, middleware: Vec::new() }
    }
}

/// `auth(admin) rate_limit=100/60s`; nothing where there is nothing to say.
impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { admits, queue, rate, cache, middleware } = self;
        let mut words = Vec::new();
        match admits {
            Admits::Everyone => {}
            Admits::SignedIn => words.push("auth".to_owned()),
            Admits::Roles(roles) => words.push(format!("auth({})", roles.join(","))),
        }
        words.extend(queue.map(|it| format!("queue={it}")));
        words.extend(rate.map(|it| format!("rate_limit={it}")));
        words.extend(cache.map(|it| format!("cache={it:?}")));
        if !middleware.is_empty() {
            words.push(format!("middleware={}", middleware.join(",")));
        }
        f.pad(&words.join(" "))
    }
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
    /// An operation.
    Operation {
        /// The function's name.
        name: &'static str,
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
            Self::Operation { .. } => "operation",
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
            Self::Operation { name } | Self::Endpoint { name } | Self::Handler { name } => f.pad(name),
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
        let Terms { admits, queue, rate, cache, middleware } = &self.terms;
        let admits = match admits {
            Admits::Everyone => json!("everyone"),
            Admits::SignedIn => json!("signedIn"),
            Admits::Roles(roles) => json!({ "roles": roles }),
        };
        let mut route = serializer.serialize_struct("RouteEntry", 11)?;
        route.serialize_field("method", self.method)?;
        route.serialize_field("path", &self.path)?;
        route.serialize_field("kind", self.serves.kind())?;
        route.serialize_field("serves", &self.serves.to_string())?;
        route.serialize_field("file", self.place.file)?;
        route.serialize_field("line", &self.place.line)?;
        route.serialize_field("admits", &admits)?;
        route.serialize_field("queue", queue)?;
        route.serialize_field("rateLimit", &rate.map(|it| it.to_string()))?;
        route.serialize_field("cacheSeconds", &cache.map(|it| it.as_secs_f64()))?;
        route.serialize_field("middleware", middleware)?;
        route.end()
    }
}
