use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_kernel::{Clock, Error, Limiter, Quota, Result, nearest};
use prometheus_client::registry::Registry;

use super::answers::Answers;
use super::path::misspelled;
use super::{MiddlewareEntry, Operation, OperationEntry, OperationPath};

/// The operations of an application, found by their paths. Clones share.
///
/// They are attached to the database ([`Db::extend`](mainstay_kernel::Db::extend)): whoever has that calls them, with
/// what is around them.
#[derive(Clone, Debug)]
pub struct Operations(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    all: Vec<Arc<Mounted>>,
    answers: Answers,
}

/// An operation with what is around it.
#[derive(Debug)]
pub struct Mounted {
    /// The operation.
    pub entry: OperationEntry,
    /// Its middleware, the outermost first.
    pub around: Vec<MiddlewareEntry>,
    pub(super) answers: Answers,
    path: OperationPath,
}

/// An operation and the parameters of a call's path.
#[derive(Clone, Debug)]
pub struct Found {
    /// The operation.
    pub operation: Arc<Mounted>,
    /// The parameters, by their names.
    pub params: BTreeMap<String, String>,
}

impl Operations {
    /// All of them, each with the middleware around it beside its own. Answers are given again as long as the clock says.
    ///
    /// # Errors
    /// Internal, when a path is none, or two of them are one: it names both places.
    pub fn new(
        entries: impl IntoIterator<Item = (OperationEntry, Vec<MiddlewareEntry>)>,
        clock: &Clock,
    ) -> Result<Self> {
        let mut known: Vec<Arc<Mounted>> = Vec::new();
        let answers = Answers::new(clock.clone());
        for (entry, around) in entries {
            let spec = entry.spec;
            let path = OperationPath::read(spec.path).map_err(|message| {
                Error::internal(format!("the operation `{}` ({}): {message}", spec.name, spec.place))
            })?;
            if let Some(other) = known.iter().find(|it| it.path.is_like(&path)) {
                let other = other.entry.spec;
                return Err(Error::internal(format!(
                    "two operations have the path `{}`: `{}` at {} and `{}` at {}: give one of them another path",
                    spec.path, other.name, other.place, spec.name, spec.place
                )));
            }
            let around = around.into_iter().chain(spec.middleware.iter().copied()).collect();
            known.push(Arc::new(Mounted { entry, around, answers: answers.clone(), path }));
        }
        known.sort_by_key(|it| std::cmp::Reverse(it.path.words()));
        Ok(Self(Arc::new(Shared { all: known, answers })))
    }

    /// The operation that a call means.
    ///
    /// # Errors
    /// Not found; it names the nearest path. Bad request, when an escape of a segment is none.
    pub fn find(&self, called: &str) -> Result<Found> {
        if let Some(segment) = misspelled(called) {
            let message = format!("`{segment}` in the path `{called}` is not percent-encoded UTF-8");
            return Err(Error::bad_request("bad_request", message));
        }
        let found = self.iter().find_map(|it| Some((it, it.path.matches(called)?)));
        found.map(|(operation, params)| Found { operation: Arc::clone(operation), params }).ok_or_else(|| {
            let paths = self.iter().map(|it| it.entry.spec.path);
            let hint =
                nearest(called, paths).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            Error::http(404, "not_found", format!("there is no operation `{called}`{hint}"))
        })
    }

    /// `O` with what is around it.
    ///
    /// # Errors
    /// Internal, when it is not mounted.
    pub fn of<O: Operation>(&self) -> Result<Arc<Mounted>> {
        let found = self.iter().find(|it| it.entry.spec.path == O::SPEC.path);
        found.cloned().ok_or_else(|| {
            let (name, place) = (O::SPEC.name, O::SPEC.place);
            Error::internal(format!(
                "the operation `{name}` ({place}) is not mounted: add it by `App::operation`"
            ))
        })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Mounted>> {
        self.0.all.iter()
    }

    /// Adds what is counted of them to an exposition.
    pub fn register(&self, registry: &mut Registry) {
        self.0.answers.register(registry);
    }
}

impl Mounted {
    /// Takes one of the calls that its rate admits for `who`; none where it has no rate. Tasks are not asked.
    ///
    /// # Errors
    /// Rate limited.
    pub async fn admit(&self, limiter: &Limiter, who: &str) -> Result<Option<Quota>> {
        let Some(rate) = self.entry.spec.rate else { return Ok(None) };
        limiter.take(self.entry.spec.path, who, rate).await.map(Some)
    }
}
