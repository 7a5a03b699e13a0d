use std::fmt;

use axum::routing::MethodFilter;
pub use mainstay_kernel::Admits;
use mainstay_kernel::{Place, Rate};

/// What an endpoint says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The function's name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Its method and path, where the attribute gives them; else they come from its file.
    pub route: Option<(Method, &'static str)>,
    /// Whom it admits.
    pub admits: Admits,
    /// How often one caller may call it.
    pub rate: Option<Rate>,
    /// What a repeat under the same `Idempotency-Key` is answered.
    pub replay: Replay,
    /// When what it gives is checked against its schema.
    pub output: Checked,
    /// Whether it may stand in for a generated route.
    pub stands: Stands,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to say.
    pub description: &'static str,
    /// What it is listed under.
    pub tags: &'static [&'static str],
    /// What runs around it, the first outermost.
    pub middleware: &'static [super::MiddlewareEntry],
}

/// What a repeat of a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The answer of the first one.
    Kept,
    /// 409 `already_done`: the answer holds a secret and is not kept.
    Never,
}

/// When what an endpoint gives is checked against its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// In debug builds.
    InDebug,
    /// In every build.
    Always,
}

impl Checked {
    /// Whether it is in this build.
    pub const fn is_due(self) -> bool {
        match self {
            Self::InDebug => cfg!(debug_assertions),
            Self::Always => true,
        }
    }
}

/// How an endpoint stands to a generated route of its method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// There must be none.
    Alone,
    /// It takes its place.
    Instead,
}

/// A method of HTTP that endpoints answer. `HEAD` is answered wherever `GET` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// Its name, such as `GET`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// As routing takes it.
    pub const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
