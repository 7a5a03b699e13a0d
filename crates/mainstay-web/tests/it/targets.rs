use crate::application::{ask, running};

#[tokio::test]
async fn an_encoded_slash_stays_inside_its_segment() {
    let running = running().await;
    assert_eq!(ask(&running, "GET /posts/a%2Fb HTTP/1.1").await.text(), "a/b");
    assert_eq!(ask(&running, "GET /posts%2Fa HTTP/1.1").await.status, 404);
    assert_eq!(ask(&running, "GET /posts/..%2Fhello HTTP/1.1").await.text(), "../hello");
}

#[tokio::test]
async fn percent_and_regex_characters_match_nothing_but_themselves() {
    let running = running().await;
    for path in [
        "/hell.",
        "/.*",
        "/hel+o",
        "/[h]ello",
        "/hello$",
        "/%68ello%",
        "/hell%3f",
        "/{id}",
        "/HELLO",
        "//hello",
    ] {
        let status = ask(&running, &format!("GET {path} HTTP/1.1")).await.status;
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    assert_eq!(ask(&running, "GET /posts/.* HTTP/1.1").await.text(), ".*");
    assert_eq!(ask(&running, "GET /posts/100%25 HTTP/1.1").await.text(), "100%");
    assert_eq!(ask(&running, "GET /posts/%2500 HTTP/1.1").await.text(), "%00");
}

#[tokio::test]
async fn escapes_that_mean_no_text_are_400() {
    let running = running().await;
    for target in [
        "/posts/%00",
        "/posts/%FF",
        "/posts/%C0%AF",
        "/search?a=%00",
        "/search?a=%FF",
        "/posts/%",
        "/posts/%g0",
    ] {
        ask(&running, &format!("GET {target} HTTP/1.1")).await.expect_error(400, "bad_request");
    }
    assert_eq!(ask(&running, "GET /search?a=100% HTTP/1.1").await.json()["a"], "100%");
}

#[tokio::test]
async fn no_target_and_no_method_makes_a_server_error() {
    let running = running().await;
    for line in [
        &b"GET /posts/\xff\xfe HTTP/1.1"[..],
        b"GET /posts/caf\xc3\xa9 HTTP/1.1",
        b"GET /posts/\x00 HTTP/1.1",
        b"GET /search?\xff HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET * HTTP/1.1",
        b"CONNECT example.com:443 HTTP/1.1",
        b"GET http://example.com HTTP/1.1",
        b"GET http://example.com/posts/a?b HTTP/1.1",
        b"BREW /hello HTTP/1.1",
        b"GET /hello HTTP/1.0",
        b"GET /hello HTTP/2.0",
        b"GET /hello",
        b"GET  /hello HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM",
        b"GET /hello HTTP/1.1\r\ncontent-length: nonsense",
        b"GET /hello HTTP/1.1\r\ncontent-length: 99999999999999999999999",
        b"GET /hello HTTP/1.1\r\ntransfer-encoding: gzip",
        b"GET /hello HTTP/1.1\r\naccept: \xff\xff",
    ] {
        let mut client = running.client().await;
        client.send([line, b"\r\nhost: test\r\nconnection: close\r\n\r\n"].concat()).await;
        let rest = client.rest().await;
        let text = String::from_utf8_lossy(&rest);
        assert!(!text.starts_with("HTTP/1.1 5") && !text.starts_with("HTTP/1.0 5"), "{line:?}: {text}");
    }
    assert_eq!(ask(&running, "GET /hello HTTP/1.1").await.status, 200);
}
