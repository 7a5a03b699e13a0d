use crate::application::{ask, running};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_traceparent() {
    let running = running().await;
    for (head, status) in [
        ("GET /hello HTTP/1.1", 200),
        ("HEAD /hello HTTP/1.1", 200),
        ("GET /nowhere HTTP/1.1", 404),
        ("DELETE /hello HTTP/1.1", 405),
        ("OPTIONS /hello HTTP/1.1", 405),
        ("GET /panic HTTP/1.1", 500),
        ("GET /bare-500 HTTP/1.1", 500),
        ("GET /own-503 HTTP/1.1", 503),
        ("GET /%FF HTTP/1.1", 400),
        ("POST /bytes HTTP/1.1\r\ncontent-length: 99999999", 413),
    ] {
        let mut client = running.client().await;
        client.send(format!("{head}\r\nhost: test\r\nconnection: close\r\n\r\n")).await;
        let rest = String::from_utf8(client.rest().await).expect("text").to_ascii_lowercase();
        assert!(rest.starts_with(&format!("http/1.1 {status} ")), "{head}: {rest}");
        assert_eq!(rest.matches("x-request-id: req_").count(), 1, "{head}: {rest}");
        assert_eq!(rest.matches("traceparent: 00-").count(), 1, "{head}: {rest}");
    }
}

#[tokio::test]
async fn an_inbound_request_id_is_kept_when_it_is_printable() {
    let running = running().await;
    let kept = ask(&running, "GET /nowhere HTTP/1.1\r\nx-request-id: my id/7").await;
    assert_eq!(kept.header("x-request-id"), Some("my id/7"));
    assert_eq!(kept.expect_error(404, "not_found")["request_id"], "my id/7");
    for replaced in ["", "caf\u{e9}", "a\tb", &"x".repeat(129)] {
        let answer = ask(&running, &format!("GET /hello HTTP/1.1\r\nx-request-id: {replaced}")).await;
        assert!(answer.header("x-request-id").expect("an id").starts_with("req_"), "{replaced}");
    }
}

#[tokio::test]
async fn handlers_see_the_id_and_the_trace_that_the_answer_carries() {
    let running = running().await;
    let answer =
        ask(&running, &format!("GET /names HTTP/1.1\r\ntraceparent: {PARENT}\r\ntracestate: a=1")).await;
    let seen = answer.json();
    assert_eq!(seen["id"].as_str(), answer.header("x-request-id"));
    assert_eq!(seen["current"], seen["id"]);
    assert_eq!(seen["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(seen["parent"], "00f067aa0ba902b7");
    assert_eq!(seen["traceparent"].as_str(), answer.header("traceparent"));
    assert_eq!(answer.header("tracestate"), Some("a=1"));
}

#[tokio::test]
async fn an_invalid_parent_starts_a_new_trace() {
    let running = running().await;
    for invalid in [
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "nonsense",
    ] {
        let head = format!("GET /names HTTP/1.1\r\ntraceparent: {invalid}\r\ntracestate: a=1");
        let answer = ask(&running, &head).await;
        assert_eq!(answer.json()["parent"], serde_json::Value::Null, "{invalid}");
        assert_ne!(answer.json()["trace"], "4bf92f3577b34da6a3ce929d0e0e4736", "{invalid}");
        assert_eq!(answer.header("tracestate"), None, "{invalid}");
    }
}

#[tokio::test]
async fn the_peers_address_is_known() {
    let running = running().await;
    let mut client = running.client().await;
    let ours = client.stream.local_addr().expect("an address").to_string();
    assert_eq!(client.get("/peer").await.text(), ours);
}
