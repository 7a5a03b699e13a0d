use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mainstay::web::EdgeService;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Answer;

/// Somebody who sends requests to an application: without a socket, unless told otherwise.
#[derive(Clone)]
pub struct Actor {
    service: EdgeService,
    headers: HeaderMap,
    address: Option<SocketAddr>,
}

impl Actor {
    pub(crate) fn new(service: EdgeService, authorization: Option<String>) -> Self {
        let actor = Self { service, headers: HeaderMap::new(), address: None };
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

    /// The same actor, sending over a socket to this address, such as the one that
    /// [`TestApp::listen`](crate::TestApp::listen) gives.
    #[must_use]
    pub fn over(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// What it sends with each request.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
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
        let (head, body) = match self.address {
            Some(address) => over_a_socket(address, request).await,
            None => read(self.service.answer(request).await).await,
        };
        Answer::new(format!("{method} {path}"), head.status, head.headers, body)
    }
}

async fn over_a_socket(address: SocketAddr, mut request: Request<Full<Bytes>>) -> (response::Parts, Bytes) {
    let host = HeaderValue::try_from(address.to_string()).expect("an address is a host");
    request.headers_mut().insert(HOST, host);
    let stream = TcpStream::connect(address).await.expect("the application listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    let exchange = async move { read(sender.send_request(request).await.expect("an answer")).await };
    // The connection ends with its sender.
    let (answer, _ended) = futures_util::join!(exchange, connection);
    answer
}

async fn read<B>(response: Response<B>) -> (response::Parts, Bytes)
where
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let (head, body) = response.into_parts();
    (head, body.collect().await.expect("a readable answer").to_bytes())
}
