//! The application behind the edge, and a server that runs it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use mainstay_web::{
    ApiError, CallerId, Edge, EdgeConfig, EdgeService, Exchange, RequestId, Server, ServerConfig, Shutdown,
    TraceContext, respond,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::wire::{Answer, Client, in_time};

/// What a handler's panic says, and no client may read.
pub(crate) const SECRET: &str = "password=hunter2";

#[derive(Deserialize, Serialize)]
struct Draft {
    title: String,
}

/// Steps that handlers report, and the gate they wait at.
#[derive(Clone)]
pub(crate) struct Stage {
    steps: mpsc::UnboundedSender<&'static str>,
    pub(crate) gate: Arc<Semaphore>,
}

struct Leaving(mpsc::UnboundedSender<&'static str>);

impl Drop for Leaving {
    fn drop(&mut self) {
        let _nobody_listens = self.0.send("left");
    }
}

pub(crate) fn stage() -> (Stage, mpsc::UnboundedReceiver<&'static str>) {
    let (steps, reported) = mpsc::unbounded_channel();
    (Stage { steps, gate: Arc::new(Semaphore::new(0)) }, reported)
}

pub(crate) fn router() -> Router {
    staged_router(stage().0)
}

pub(crate) fn staged_router(stage: Stage) -> Router {
    Router::new()
        .route("/hello", get(async || respond::ok(json!({ "hello": "world" }))))
        .route("/posts/{id}", get(async |Path(id): Path<String>| id))
        .route("/numbers/{number}", get(async |Path(number): Path<u32>| number.to_string()))
        .route("/search", get(async |Query(query): Query<HashMap<String, String>>| Json(query)))
        .route("/json", post(async |Json(value): Json<Value>| Json(value)))
        .route("/drafts", post(async |Json(draft): Json<Draft>| respond::created("/drafts/1", draft)))
        .route("/bytes", post(async |body: Bytes| body.len().to_string()))
        .route("/unread", post(async || "not read"))
        .route("/panic", get(panics))
        .route("/bare-500", get(async || (StatusCode::INTERNAL_SERVER_ERROR, SECRET)))
        .route("/bare-404", get(async || StatusCode::NOT_FOUND))
        .route("/bare-409", get(async || (StatusCode::CONFLICT, "<b>taken</b>")))
        .route("/bare-401", get(async || StatusCode::UNAUTHORIZED))
        .route("/own-503", get(async || (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "mine": true })))))
        .route("/internal", get(async || ApiError::internal(SECRET)))
        .route("/names", get(names))
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
        .route("/big", get(async || Json(vec!["the same again"; 1000])))
        .route("/events", get(async || ([(CONTENT_TYPE, "text/event-stream")], "data: x\n\n".repeat(1000))))
        .route("/endless", get(endless))
        .route("/waits", get(waits).post(waits))
        .route("/see-other", get(async || respond::see_other("/hello")))
        .route("/nothing", get(async || respond::no_content()))
        .layer(Extension(stage))
}

async fn panics() -> Response {
    panic!("{SECRET}")
}

async fn names(id: RequestId, trace: TraceContext, request: Request) -> Json<Value> {
    let extensions: &Extensions = request.extensions();
    let exchange = Exchange::of(extensions).expect("the edge is in front");
    exchange.set_caller(CallerId(Some("user-7".to_owned())));
    Json(json!({
        "id": id.as_str(),
        "current": RequestId::current().expect("answering a request").as_str(),
        "trace": trace.trace_id(),
        "parent": trace.parent_id(),
        "traceparent": trace.to_string(),
    }))
}

async fn endless(Extension(stage): Extension<Stage>) -> Response {
    let leaving = Leaving(stage.steps.clone());
    let chunks = futures_util::stream::repeat_with(move || {
        let _kept = &leaving;
        Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 65536]))
    });
    Body::from_stream(chunks).into_response()
}

async fn waits(Extension(stage): Extension<Stage>) -> &'static str {
    let _leaving = Leaving(stage.steps.clone());
    let _nobody_listens = stage.steps.send("entered");
    let _permit = stage.gate.acquire().await;
    "finished"
}

pub(crate) fn edge() -> EdgeService {
    Edge::new(EdgeConfig::default()).wrap(router())
}

/// A server of its own, on a port of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    serving: JoinSet<()>,
}

impl Running {
    pub(crate) async fn start(edge: EdgeService, config: ServerConfig) -> Self {
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), config).await.expect("a free port");
        let address = server.local_addr();
        let shutdown = edge.shutdown().clone();
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(edge));
        Self { address, shutdown, serving }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Waits for `serve` to return.
    pub(crate) async fn stopped(mut self) {
        in_time(self.serving.join_next()).await.expect("was serving").expect("did not panic");
    }
}

pub(crate) async fn running() -> Running {
    Running::start(edge(), ServerConfig::default()).await
}

/// A server with short limits, for tests that wait for them.
pub(crate) fn impatient() -> ServerConfig {
    let short = Duration::from_millis(100);
    ServerConfig {
        header_timeout: short,
        write_stall_timeout: short,
        drain_timeout: short,
        ..ServerConfig::default()
    }
}

/// One request on a connection of its own.
pub(crate) async fn ask(running: &Running, head: &str) -> Answer {
    let mut client = running.client().await;
    client.send(format!("{head}\r\nhost: test\r\n\r\n")).await;
    client.answer().await
}
