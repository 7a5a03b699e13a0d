use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use mainstay_web::{
    Boot, CheckConfig, Edge, EdgeConfig, EdgeService, Health, Manifest, OperatorAccess, Readiness,
};
use serde_json::{Value, json};

use crate::application::router;

struct Process {
    health: Health,
    boot: Option<Boot>,
    edge: EdgeService,
}

fn process(access: OperatorAccess) -> Process {
    let edge = Edge::new(EdgeConfig::default());
    let (health, boot) =
        Health::booting(manifest(&[]), access, Arc::clone(&edge.metrics), edge.shutdown.clone());
    let edge = edge.wrap(router().merge(health.router()));
    Process { health, boot: Some(boot), edge }
}

fn manifest(routes: &[&str]) -> Manifest {
    let routes = routes.iter().map(|&route| route.to_owned()).collect();
    Manifest { name: "blog".to_owned(), version: "1.2.3".to_owned(), routes, ..Manifest::default() }
}

impl Process {
    fn ready(mut self) -> Self {
        self.boot.take().expect("booting").ready(manifest(&["GET /hello"]));
        self
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Response<Body> {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.edge.answer(request.body(Body::empty()).expect("a request")).await
    }

    async fn readyz(&self, token: Option<&str>) -> (u16, Value) {
        let response = self.get("/readyz", token).await;
        let status = response.status().as_u16();
        (status, serde_json::from_str(&text(response).await).expect("JSON"))
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test(start_paused = true)]
async fn liveness_says_how_long_the_process_has_been_up() {
    let process = process(OperatorAccess::Closed);
    tokio::time::advance(Duration::from_secs(90)).await;
    for path in ["/healthz", "/health", "/api/health"] {
        let response = process.get(path, None).await;
        assert_eq!(response.status(), 200);
        let body: Value = serde_json::from_str(&text(response).await).expect("JSON");
        assert_eq!(body, json!({ "ok": true, "uptime": 90.0 }), "{path}");
    }
}

#[tokio::test]
async fn readiness_goes_from_booting_over_ready_to_draining() {
    let process = process(OperatorAccess::Open);
    let (status, body) = process.readyz(None).await;
    assert_eq!((status, &body["status"]), (503, &json!("booting")));
    let process = process.ready();
    let (status, body) = process.readyz(None).await;
    assert_eq!((status, &body["status"]), (200, &json!("ready")));
    assert_eq!(
        body["manifest"],
        json!({
            "name": "blog", "version": "1.2.3", "routes": ["GET /hello"],
            "models": [], "jobs": [], "capabilities": [],
        })
    );
    process.edge.shutdown().begin();
    let (status, body) = process.readyz(None).await;
    assert_eq!((status, &body["status"]), (503, &json!("draining")));
    assert_eq!(process.get("/healthz", None).await.status(), 200);
}

#[tokio::test]
async fn a_start_that_failed_never_becomes_ready() {
    let mut process = process(OperatorAccess::Open);
    drop(process.boot.take());
    let (status, body) = process.readyz(None).await;
    assert_eq!((status, &body["status"]), (503, &json!("error")));
    assert_eq!(body["manifest"]["name"], "blog");
}

#[tokio::test(start_paused = true)]
async fn a_failing_and_a_hanging_check_make_it_an_error_without_their_cause() {
    let process = process(OperatorAccess::Open).ready();
    process.health.check("cache", CheckConfig::default(), async || Ok::<_, String>(()));
    process.health.check("database", CheckConfig::default(), async || Err("host=10.0.0.7 refused"));
    process.health.check("queue", CheckConfig::default(), std::future::pending::<Result<(), String>>);
    let (status, body) = process.readyz(None).await;
    assert_eq!((status, &body["status"]), (503, &json!("error")));
    assert_eq!(body["checks"], json!({ "cache": "ok", "database": "failed", "queue": "timed_out" }));
}

#[tokio::test(start_paused = true)]
async fn a_check_runs_once_for_many_probes_and_again_when_stale() {
    let process = process(OperatorAccess::Open).ready();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    process.health.check("database", CheckConfig::default(), move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, String>(()) }
    });
    let probes = futures_util::future::join_all((0..50).map(|_| process.health.readiness())).await;
    assert!(probes.iter().all(|(readiness, _)| *readiness == Readiness::Ready));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    process.health.readiness().await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_the_token_only_the_status_is_told() {
    for (process, right) in [
        (process(OperatorAccess::token("s3cret")).ready(), Some("s3cret")),
        (process(OperatorAccess::Closed).ready(), None),
    ] {
        for wrong in [None, Some(""), Some("s3cre"), Some("s3crets"), Some("S3CRET")] {
            assert_eq!(process.readyz(wrong).await, (200, json!({ "status": "ready" })), "{wrong:?}");
            assert!(process.get("/metrics", wrong).await.status().is_client_error(), "{wrong:?}");
        }
        if let Some(token) = right {
            assert_eq!(process.readyz(Some(token)).await.1["manifest"]["name"], "blog");
            assert_eq!(process.get("/metrics", Some(token)).await.status(), 200);
        }
    }
    assert_eq!(process(OperatorAccess::token("s3cret")).get("/metrics", None).await.status(), 401);
    assert_eq!(process(OperatorAccess::Closed).get("/metrics", Some("x")).await.status(), 404);
}

#[tokio::test]
async fn metrics_count_by_template_and_their_labels_are_bounded() {
    let process = process(OperatorAccess::Open);
    for id in 0..50 {
        process.get(&format!("/posts/{id}"), None).await;
        process.get(&format!("/nowhere/{id}"), None).await;
        let method = format!("BREW{id}");
        let request = Request::builder().method(method.as_str()).uri("/hello").body(Body::empty());
        process.edge.answer(request.expect("a request")).await;
    }
    let response = process.get("/metrics", None).await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = text(response).await;
    let counted: Vec<&str> = text.lines().filter(|line| line.starts_with("http_requests_total")).collect();
    assert_eq!(counted.len(), 3, "{text}");
    for line in [
        r#"http_requests_total{method="GET",route="/posts/{id}",status="200"} 50"#,
        r#"http_requests_total{method="GET",route="<unmatched>",status="404"} 50"#,
        r#"http_requests_total{method="other",route="/hello",status="405"} 50"#,
        r#"http_request_duration_seconds_count{method="GET",route="/posts/{id}"} 50"#,
        "http_requests_in_flight 1",
    ] {
        assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
    }
}
