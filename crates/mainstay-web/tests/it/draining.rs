use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use mainstay_web::{BindError, Edge, EdgeConfig, Server, ServerConfig};
use tokio::net::TcpStream;

use crate::application::{Running, edge, impatient, running, stage, staged_router};
use crate::wire::in_time;

#[tokio::test]
async fn draining_lets_a_running_request_finish_and_closes_idle_connections() {
    let (stage, mut steps) = stage();
    let edge = Edge::new(EdgeConfig::default()).wrap(staged_router(stage.clone()));
    let header_timeout = Duration::from_secs(600);
    let running = Running::start(edge, ServerConfig { header_timeout, ..ServerConfig::default() }).await;
    let mut idle = running.client().await;
    assert_eq!(idle.get("/hello").await.status, 200);
    let mut silent = running.client().await;
    let mut busy = running.client().await;
    busy.send("GET /waits HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(in_time(steps.recv()).await, Some("entered"));

    running.shutdown.begin();
    running.shutdown.begin();
    assert_eq!(idle.rest().await, b"");
    assert_eq!(silent.rest().await, b"");
    let address = running.address;
    assert!(TcpStream::connect(address).await.is_err(), "a draining server accepts no more");

    stage.gate.add_permits(1);
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.text()), (200, "finished"));
    assert_eq!(busy.rest().await, b"");
    running.stopped().await;
}

#[tokio::test]
async fn draining_is_bounded() {
    let (stage, mut steps) = stage();
    let edge = Edge::new(EdgeConfig::default()).wrap(staged_router(stage));
    let running = Running::start(edge, impatient()).await;
    let mut busy = running.client().await;
    busy.send("GET /waits HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(in_time(steps.recv()).await, Some("entered"));
    running.shutdown.begin();
    running.stopped().await;
    assert_eq!(in_time(steps.recv()).await, Some("left"));
    assert_eq!(busy.rest().await, b"");
}

#[tokio::test]
async fn a_request_that_arrives_while_draining_is_sent_away() {
    let running = running().await;
    let mut late = running.client().await;
    late.send("GET /hello HTTP/1.1\r\nhost: test\r\n").await;
    let mut other = running.client().await;
    assert_eq!(other.get("/hello").await.status, 200, "so the half head before it was read, too");
    running.shutdown.begin();
    assert_eq!(other.rest().await, b"");
    late.send("\r\n").await;
    let answer = late.answer().await;
    answer.expect_error(503, "draining");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    running.stopped().await;
}

#[tokio::test]
async fn every_request_but_a_probe_is_refused_once_draining() {
    let edge = edge();
    edge.shutdown().begin();
    for (path, status) in [("/hello", 503), ("/nowhere", 503), ("/healthz", 404), ("/readyz", 404)] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = edge.answer(request).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_server_without_connections_stops_at_once() {
    let running = running().await;
    running.shutdown.begin();
    running.stopped().await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_fix() {
    let running = running().await;
    let error = Server::bind(running.address, ServerConfig::default()).await.expect_err("it is taken");
    assert!(matches!(error, BindError::InUse(_)));
    let message = error.to_string();
    assert!(
        message.contains(&format!("port {} on 127.0.0.1 is in use", running.address.port())),
        "{message}"
    );
    assert!(message.contains("choose another port"), "{message}");
}

#[tokio::test]
async fn an_address_of_another_machine_is_named_with_the_fix() {
    let address = std::net::SocketAddr::from(([192, 0, 2, 1], 0));
    let error = Server::bind(address, ServerConfig::default()).await.expect_err("not ours");
    assert!(error.to_string().starts_with("192.0.2.1 is not an address of this machine"), "{error}");
}
