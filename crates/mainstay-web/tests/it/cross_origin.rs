use mainstay_web::{Edge, EdgeConfig, ServerConfig, TrustedOrigins};

use crate::application::{Running, ask, router, running};

const PREFLIGHT: &str = "OPTIONS /hello HTTP/1.1\r\naccess-control-request-method: GET\r\norigin: ";

async fn trusting() -> Running {
    let trusted_origins = TrustedOrigins::parse(["https://app.example.com"]).expect("an origin");
    let edge = Edge::new(EdgeConfig { trusted_origins, ..EdgeConfig::default() }).wrap(router());
    Running::start(edge, ServerConfig::default()).await
}

#[tokio::test]
async fn a_preflight_of_a_trusted_origin_is_answered() {
    let running = trusting().await;
    let head = format!("{PREFLIGHT}https://app.example.com\r\naccess-control-request-headers: authorization");
    let answer = ask(&running, &head).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization"));
    assert!(answer.header("access-control-allow-methods").expect("methods").contains("PATCH"));
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn other_origins_get_no_cors_headers_and_no_preflight() {
    for running in [trusting().await, running().await] {
        for origin in ["https://evil.example", "https://app.example.com.evil.example", "null", "*"] {
            let preflight = ask(&running, &format!("{PREFLIGHT}{origin}")).await;
            preflight.expect_error(405, "method_not_allowed");
            let answer = ask(&running, &format!("GET /hello HTTP/1.1\r\norigin: {origin}")).await;
            assert_eq!(
                (answer.status, answer.header("access-control-allow-origin")),
                (200, None),
                "{origin}"
            );
        }
    }
}

#[tokio::test]
async fn a_trusted_page_can_read_answers_and_refusals() {
    let running = trusting().await;
    for (line, status) in [
        ("GET /hello HTTP/1.1", 200),
        ("GET /panic HTTP/1.1", 500),
        ("POST /bytes HTTP/1.1\r\ncontent-length: 9999999", 413),
    ] {
        let answer = ask(&running, &format!("{line}\r\norigin: https://app.example.com")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"), "{line}");
        assert!(answer.header("access-control-expose-headers").expect("exposed").contains("x-request-id"));
    }
}

#[tokio::test]
async fn answers_vary_by_origin_where_origins_are_trusted() {
    let answer = ask(&trusting().await, "GET /hello HTTP/1.1").await;
    assert_eq!(answer.header("vary"), Some("origin"));
    assert_eq!(ask(&running().await, "GET /hello HTTP/1.1").await.header("vary"), None);
}
