use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use mainstay_kernel::{Caller, Db, Result};

use crate::env::Env;
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::request_id::RequestId;
use crate::site::Site;

/// One request on its way to a handler: what middleware and request hooks are given.
pub struct RequestCx {
    site: Site,
    pub(crate) parts: Parts,
    /// Behind a lock only so that the context may be shared across threads; never contended.
    body: Mutex<Body>,
}

impl RequestCx {
    pub(crate) fn new(site: Site, request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self { site, parts, body: Mutex::new(body) }
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// Its target.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Its headers, to be changed for whoever comes after.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.parts.headers
    }

    /// Its id.
    ///
    /// # Panics
    /// Behind no edge, which is our own bug.
    pub fn request_id(&self) -> RequestId {
        self.exchange().request_id().clone()
    }

    /// The template of its route, such as `/v1/posts/{id}`, once it is known.
    pub fn route(&self) -> String {
        self.exchange().route().to_owned()
    }

    fn exchange(&self) -> Arc<Exchange> {
        Exchange::of(&self.parts.extensions).map(Arc::clone).expect("requests come through the edge")
    }

    /// The application's variables.
    pub fn env(&self) -> &Env {
        self.site.env()
    }

    /// The database.
    pub fn db(&self) -> &Db {
        self.site.db()
    }

    /// The application.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Who asks. The credential is verified once for a request.
    ///
    /// # Errors
    /// Unauthenticated, when there is a credential and it does not hold.
    pub async fn caller(&mut self) -> Result<Caller> {
        self.site.verified(&mut self.parts).await
    }

    /// Keeps a value for those who come after: `Extension<T>` is given it.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.parts.extensions.insert(value)
    }

    /// A value that was kept.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    /// The body, once.
    pub(crate) fn take_body(&mut self) -> Body {
        std::mem::take(self.body.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The whole body, which stays for those who come after. The edge has limited its length and time.
    ///
    /// # Errors
    /// Bad request, when it breaks off; the edge answers for one that is too long.
    pub async fn bytes(&mut self) -> Result<Bytes, ApiError> {
        let body = to_bytes(self.take_body(), usize::MAX).await;
        let bytes = body.map_err(|_| ApiError::bad_request("the body broke off"))?;
        self.put_body(Body::from(bytes.clone()));
        Ok(bytes)
    }

    pub(crate) fn put_body(&mut self, body: Body) {
        self.body = Mutex::new(body);
    }

    /// The request as axum's extractors take it, with the body.
    pub(crate) fn request(&mut self) -> Request {
        let body = self.take_body();
        Request::from_parts(self.parts.clone(), body)
    }

    /// The request itself, leaving an empty one behind that still knows its head.
    pub(crate) fn hand_over(&mut self) -> Self {
        let body = self.take_body();
        Self { site: self.site.clone(), parts: self.parts.clone(), body: Mutex::new(body) }
    }
}
