//! What an application says of its API: one OpenAPI document for each prefix below which it has routes.

use axum::Router;
use mainstay_model::ModelEntry;
use mainstay_queue::OperationEntry;
use mainstay_web::endpoint::{EndpointEntry, Method};
use mainstay_web::openapi::{self, Document, Info};
use mainstay_web::reference::{self, Described};
use mainstay_web::{OperatorAccess, RouteEntry};

use crate::App;

/// What one document describes.
#[derive(Clone)]
pub(crate) struct Description {
    /// What all its paths begin with; empty where they begin with nothing in common.
    pub(crate) prefix: String,
    /// Whether routes without a prefix of their own are in it.
    is_usual: bool,
    name: &'static str,
    version: &'static str,
    models: Vec<&'static ModelEntry>,
    all: Vec<&'static ModelEntry>,
    endpoints: Vec<(EndpointEntry, Method, String)>,
    plain: Vec<(&'static str, String, &'static str)>,
    operations: Vec<OperationEntry>,
}

impl Description {
    /// One for each prefix of the application; the first is that of the API, `usual`.
    pub(crate) fn of(app: &App, usual: &str) -> Vec<Self> {
        let mut all: Vec<Self> = vec![Self::empty(app, usual, usual)];
        for part in app.parts() {
            let prefix = part.prefix_or(usual);
            let at = all.iter().position(|it| it.prefix == prefix).unwrap_or_else(|| {
                all.push(Self::empty(app, prefix, usual));
                all.len() - 1
            });
            // They are all below the API's own prefix, whichever part they are of.
            all[0].operations.extend(part.operations.iter().copied());
            all[at].models.extend(part.models.iter().map(|it| it.model));
            let plain = part.routes.iter().map(|it| (it.method, format!("{prefix}{}", it.path), it.name));
            all[at].plain.extend(plain);
            let endpoints = part.endpoints.iter().filter_map(|it| {
                let (method, path) = it.path(prefix)?;
                Some((it.endpoint, method, path))
            });
            all[at].endpoints.extend(endpoints);
        }
        all
    }

    fn empty(app: &App, prefix: &str, usual: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            is_usual: prefix == usual,
            name: app.name,
            version: app.version,
            models: Vec::new(),
            all: app.models(),
            endpoints: Vec::new(),
            plain: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// Where it is served: `/openapi.json`, and below a prefix of its own `/admin/openapi.json`.
    pub(crate) fn path(&self) -> String {
        if self.is_usual { "/openapi.json".to_owned() } else { format!("{}/openapi.json", self.prefix) }
    }

    fn title(&self) -> String {
        if self.is_usual { self.name.to_owned() } else { format!("{} {}", self.name, self.prefix) }
    }

    /// The document.
    pub(crate) fn document(&self) -> Document {
        let title = self.title();
        let mut document = Document::new(Info { title, version: self.version.to_owned(), description: None });
        let mut generator = openapi::generator();
        for (method, path, handler) in &self.plain {
            openapi::describe_plain(&mut document, method, path, handler);
        }
        // What types of the application are called is theirs, before anything is named for a model.
        for (endpoint, _, _) in &self.endpoints {
            let _named = endpoint.describe(&mut generator);
        }
        openapi::describe_models(&mut document, &mut generator, &self.models, &self.all, &self.prefix);
        for (endpoint, method, path) in &self.endpoints {
            openapi::describe_endpoint(&mut document, &mut generator, endpoint, *method, path);
        }
        for operation in &self.operations {
            openapi::describe_operation(&mut document, &mut generator, operation, &self.prefix);
        }
        if self.is_usual {
            openapi::describe_health(&mut document);
        }
        document.components.security_schemes = openapi::schemes();
        document.security =
            std::iter::once(openapi::Requirement::new()).chain(openapi::requirements()).collect();
        document.finish(generator)
    }
}

/// The documents and the page that shows them. Where a route of the application has one of their paths, it is the
/// application's.
pub(crate) fn router(all: Vec<Description>, routes: &[RouteEntry], access: OperatorAccess) -> Router {
    let is_taken = |path: &str| routes.iter().any(|it| it.path == path);
    if reference::PATHS.iter().any(|it| is_taken(it)) {
        return Router::new();
    }
    let served = all.into_iter().filter(|it| !is_taken(&it.path()));
    let described = served.map(|it| Described::new(it.path(), it.title(), Box::new(move || it.document())));
    reference::router(described.collect(), access)
}
