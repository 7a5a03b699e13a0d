use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use mainstay_web::{BodyLimit, Edge, EdgeConfig, ServerConfig};

use crate::application::{Running, impatient, router, running, stage, staged_router};
use crate::wire::in_time;

async fn with_body_limit(body_limit: BodyLimit) -> Running {
    let edge = Edge::new(EdgeConfig { body_limit, ..EdgeConfig::default() }).wrap(router());
    Running::start(edge, ServerConfig::default()).await
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_before_anything_is_read() {
    let running = running().await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 1048577\r\n\r\n").await;
    let answer = client.answer().await;
    answer.expect_error(413, "payload_too_large");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_client_that_sends_all_of_a_refused_body_still_reads_the_refusal() {
    let running = running().await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 8388608\r\n\r\n").await;
    client.send(vec![b'x'; 8 * 1024 * 1024]).await;
    client.answer().await.expect_error(413, "payload_too_large");
    drop(client);
    assert_eq!(running.client().await.get("/hello").await.status, 200);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_not_to_send() {
    let running = running().await;
    let mut client = running.client().await;
    let head =
        "POST /bytes HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 2000000\r\n\r\n";
    client.send(head).await;
    client.answer().await.expect_error(413, "payload_too_large");
}

#[tokio::test]
async fn a_chunked_body_is_refused_where_it_passes_the_limit() {
    let running = with_body_limit(BodyLimit { max_bytes: 1000, ..BodyLimit::default() }).await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n").await;
    client.send(format!("3e8\r\n{}\r\n", "x".repeat(1000))).await;
    client.send("1\r\nx\r\n").await;
    client.answer().await.expect_error(413, "payload_too_large");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let running = with_body_limit(BodyLimit { max_bytes: 1000, ..BodyLimit::default() }).await;
    let mut client = running.client().await;
    client
        .send(format!(
            "POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n{}",
            "x".repeat(1000)
        ))
        .await;
    assert_eq!(client.answer().await.text(), "1000");
}

#[tokio::test]
async fn a_limit_above_axums_own_is_in_force() {
    let running = with_body_limit(BodyLimit { max_bytes: 4 * 1024 * 1024, ..BodyLimit::default() }).await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 3145728\r\n\r\n").await;
    client.send(vec![b'x'; 3 * 1024 * 1024]).await;
    assert_eq!(client.answer().await.text(), "3145728");
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_cost_the_answer() {
    let running = running().await;
    let mut client = running.client().await;
    client.send("POST /unread HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n").await;
    client.send(vec![b'x'; 1_000_000]).await;
    assert_eq!(client.answer().await.text(), "not read");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_refused_after_the_timeout() {
    let edge = Edge::new(EdgeConfig::default()).wrap(router());
    let body = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let request = Request::post("/bytes").body(body).expect("a request");
    let begun = tokio::time::Instant::now();
    let response = edge.answer(request).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_slow_body_is_refused_and_the_connection_closed() {
    let running =
        with_body_limit(BodyLimit { timeout: Duration::from_millis(100), ..BodyLimit::default() }).await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nx").await;
    let answer = client.answer().await;
    answer.expect_error(408, "request_timeout");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_broken_off_body_is_no_server_error() {
    let running = running().await;
    let mut client = running.client().await;
    client.send("POST /bytes HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await;
    if let Some(answer) = client.try_answer().await {
        answer.expect_error(400, "bad_request");
    }
    assert_eq!(running.client().await.get("/hello").await.status, 200);
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let running = Running::start(crate::application::edge(), impatient()).await;
    let mut client = running.client().await;
    client.send("GET /hello HTTP/1.1\r\nhost: te").await;
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let running = Running::start(crate::application::edge(), impatient()).await;
    assert_eq!(running.client().await.rest().await, b"");
}

#[tokio::test]
async fn a_flood_of_headers_is_refused_and_the_connection_closed() {
    let running = running().await;
    for flood in ["x: y\r\n".repeat(1000), format!("x: {}\r\n", "y".repeat(40 * 1024))] {
        let mut client = running.client().await;
        client.send(format!("GET /hello HTTP/1.1\r\nhost: test\r\n{flood}\r\n")).await;
        assert_eq!(client.answer().await.status, 431);
        assert_eq!(client.rest().await, b"");
    }
}

#[tokio::test]
async fn a_target_too_long_is_refused() {
    let running = running().await;
    let mut client = running.client().await;
    client.send(format!("GET /{} HTTP/1.1\r\nhost: test\r\n\r\n", "a".repeat(200_000))).await;
    let status = client.answer().await.status;
    assert!(status == 414 || status == 431, "{status}");
}

#[tokio::test]
async fn garbage_behind_a_request_is_refused_after_the_answer() {
    let running = running().await;
    let mut client = running.client().await;
    client.send("GET /hello HTTP/1.1\r\nhost: test\r\n\r\n\u{1}\u{2}garbage\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(client.answer().await.status, 400);
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn two_framings_of_one_body_are_not_both_believed() {
    let running = running().await;
    let mut client = running.client().await;
    let head = "POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!";
    client.send(head).await;
    if let Some(answer) = client.try_answer().await {
        assert_eq!(answer.status, 400);
    }
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let (stage, mut steps) = stage();
    let edge = Edge::new(EdgeConfig::default()).wrap(staged_router(stage));
    let running = Running::start(edge, impatient()).await;
    let mut client = running.client().await;
    client.send("GET /endless HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(in_time(steps.recv()).await, Some("left"));
    drop(client);
}

#[tokio::test]
async fn connections_above_the_cap_wait_until_one_ends() {
    let config = ServerConfig { max_connections: 1, ..ServerConfig::default() };
    let running = Running::start(crate::application::edge(), config).await;
    let mut first = running.client().await;
    assert_eq!(first.get("/hello").await.status, 200);
    let mut second = running.client().await;
    second.send("GET /peer HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(first.get("/hello").await.status, 200);
    let early = tokio::time::timeout(Duration::from_millis(50), second.try_answer()).await;
    assert!(early.is_err(), "the second was answered beside the first");
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}

#[tokio::test]
async fn a_handler_is_cancelled_when_its_client_hangs_up() {
    let (stage, mut steps) = stage();
    let edge = Edge::new(EdgeConfig::default()).wrap(staged_router(stage));
    let running = Running::start(edge, ServerConfig::default()).await;
    let mut client = running.client().await;
    client.send("GET /waits HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(in_time(steps.recv()).await, Some("entered"));
    drop(client);
    assert_eq!(in_time(steps.recv()).await, Some("left"));
}
