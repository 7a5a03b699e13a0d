use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use mainstay_web::{ACCESS_LOG, Edge, EdgeConfig, ServerConfig};
use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::application::{Running, SECRET, ask, router, running, stage, staged_router};
use crate::wire::in_time;

/// What is logged on this thread while it lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text")
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn access(&self) -> Vec<Value> {
        let lines = self.lines().into_iter();
        lines.filter(|line| line["target"] == ACCESS_LOG).map(|line| line["fields"].clone()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_request_has_one_line_with_its_template_and_nothing_secret() {
    let (log, _guard) = Log::begin();
    let running = running().await;
    let secrets = "\r\nauthorization: Bearer token-abc\r\ncookie: session=def";
    let answer = ask(&running, &format!("GET /posts/row-ghi?key=value-jkl HTTP/1.1{secrets}")).await;
    let lines = log.access();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], "/posts/{id}");
    assert_eq!(line["status"], 200);
    assert_eq!(line["request_id"].as_str(), answer.header("x-request-id"));
    assert!(line["duration_ms"].as_f64().expect("a number") >= 0.0);
    assert_eq!(line.get("caller_id"), None);
    for secret in ["token-abc", "session", "row-ghi", "key", "value-jkl"] {
        assert!(!log.text().contains(secret), "{secret}: {}", log.text());
    }
}

#[tokio::test]
async fn refused_unmatched_and_panicking_requests_have_a_line() {
    let (log, _guard) = Log::begin();
    let running = running().await;
    ask(&running, "GET /nowhere HTTP/1.1").await;
    ask(&running, "BREW /hello HTTP/1.1").await;
    ask(&running, "GET /panic HTTP/1.1").await;
    ask(&running, "POST /bytes HTTP/1.1\r\ncontent-length: 9999999").await;
    let lines: Vec<(Value, Value, Value)> = log
        .access()
        .into_iter()
        .map(|line| (line["method"].clone(), line["route"].clone(), line["status"].clone()))
        .collect();
    let expected = [
        ("GET", "<unmatched>", 404),
        ("other", "/hello", 405),
        ("GET", "/panic", 500),
        ("POST", "<unmatched>", 413),
    ];
    assert_eq!(lines, expected.map(|(method, route, status)| (method.into(), route.into(), status.into())));
}

#[tokio::test]
async fn the_caller_is_named_once_known() {
    let (log, _guard) = Log::begin();
    ask(&running().await, "GET /names HTTP/1.1").await;
    assert_eq!(log.access()[0]["caller_id"], "user-7");
}

#[tokio::test]
async fn causes_are_logged_under_the_request_id() {
    let (log, _guard) = Log::begin();
    let running = running().await;
    for path in ["/panic", "/internal", "/bare-500"] {
        let answer = ask(&running, &format!("GET {path} HTTP/1.1")).await;
        let id = answer.header("x-request-id").expect("an id");
        let found = log.lines().into_iter().any(|line| {
            line["level"] == "ERROR"
                && line["fields"]["request_id"] == id
                && line.to_string().contains(SECRET)
        });
        assert!(found, "{path}: {}", log.text());
    }
}

#[tokio::test]
async fn a_client_that_hung_up_is_499() {
    let (log, _guard) = Log::begin();
    let (stage, mut steps) = stage();
    let edge = Edge::new(EdgeConfig::default());
    let metrics = Arc::clone(&edge.metrics);
    let running = Running::start(edge.wrap(staged_router(stage)), ServerConfig::default()).await;
    let mut client = running.client().await;
    client.send("GET /waits HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(in_time(steps.recv()).await, Some("entered"));
    assert!(metrics.render().contains("http_requests_in_flight 1"));
    drop(client);
    assert_eq!(in_time(steps.recv()).await, Some("left"));
    running.shutdown.begin();
    running.stopped().await;
    assert_eq!(log.access()[0]["status"], 499);
    assert!(metrics.render().contains("http_requests_in_flight 0"));
}

#[tokio::test]
async fn a_request_is_named_alike_whether_its_route_was_known_or_not() {
    let (log, _guard) = Log::begin();
    let edge = Edge::new(EdgeConfig::default());
    let metrics = Arc::clone(&edge.metrics);
    let known = ["/posts/{id}", "/posts/{id}", "/panic"];
    let running = Running::start(edge.wrap_known(router(), known), ServerConfig::default()).await;
    for request in
        ["GET /posts/7", "PUT /posts/7", "GET /numbers/7", "GET /panic", "GET /nowhere", "GET /posts/8"]
    {
        ask(&running, &format!("{request} HTTP/1.1")).await;
    }
    let routes: Vec<Value> = log.access().into_iter().map(|line| line["route"].clone()).collect();
    assert_eq!(
        routes,
        ["/posts/{id}", "/posts/{id}", "/numbers/{number}", "/panic", "<unmatched>", "/posts/{id}"]
    );
    let counted = metrics.render();
    for (method, route, status, count) in
        [("GET", "/posts/{id}", 200, 2), ("PUT", "/posts/{id}", 405, 1), ("GET", "<unmatched>", 404, 1)]
    {
        let labels = format!(r#"{{method="{method}",route="{route}",status="{status}"}}"#);
        assert!(counted.contains(&format!("http_requests_total{labels} {count}\n")), "{labels}: {counted}");
    }
}
