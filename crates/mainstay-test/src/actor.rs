use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use mainstay::web::EdgeService;
use serde_json::Value;

use crate::Answer;

/// Somebody who sends requests to an application, without a socket.
#[derive(Clone)]
pub struct Actor {
    service: EdgeService,
    headers: HeaderMap,
}

impl Actor {
    pub(crate) fn new(service: EdgeService, authorization: Option<String>) -> Self {
        let actor = Self { service, headers: HeaderMap::new() };
        match authorization {
            Some(value) => actor.header(AUTHORIZATION.as_str(), &value),
            None => actor,
        }
    }

    /// The same actor, sending this header too.
    ///
    /// # Panics
    /// When it is no header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        self.headers.append(name, HeaderValue::try_from(value).expect("a header's value"));
        self
    }

    /// The same actor, sending this `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, body.to_string()).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body.to_string()).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "").await
    }

    /// Any request with any bytes as its body; a body that is not empty is sent as `application/json`
    /// unless the actor's headers say otherwise. Dropping the future is hanging up.
    ///
    /// # Panics
    /// When the path is none, or the answer cannot be read.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let is_empty = body.is_empty();
        let mut request =
            Request::builder().method(&method).uri(path).body(Full::new(body)).expect("a request");
        *request.headers_mut() = self.headers.clone();
        if !is_empty && !self.headers.contains_key(CONTENT_TYPE) {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let response = self.service.answer(request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a readable answer").to_bytes();
        Answer::new(format!("{method} {path}"), head.status, head.headers, body)
    }
}
