use mainstay_web::{Compression, Edge, EdgeConfig, EdgeService};

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{Request, Response};

use crate::application::{edge, router};

async fn get(edge: &EdgeService, path: &str) -> Response<Body> {
    let request = Request::get(path).header(ACCEPT_ENCODING, "br, gzip").body(Body::empty());
    edge.answer(request.expect("a request")).await
}

#[tokio::test]
async fn long_text_is_compressed_for_who_asks() {
    let response = get(&edge(), "/big").await;
    assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
    let packed = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < 1000, "{} bytes", packed.len());
    let plain = edge().answer(Request::get("/big").body(Body::empty()).expect("a request")).await;
    assert!(!plain.headers().contains_key(CONTENT_ENCODING));
}

#[tokio::test]
async fn tiny_answers_errors_and_event_streams_are_not_compressed() {
    for path in ["/hello", "/nowhere", "/panic", "/events"] {
        let response = get(&edge(), path).await;
        assert!(!response.headers().contains_key(CONTENT_ENCODING), "{path}");
    }
}

#[tokio::test]
async fn compression_can_be_left_to_others() {
    let config = EdgeConfig { compression: Compression::Off, ..EdgeConfig::default() };
    let response = get(&Edge::new(config).wrap(router()), "/big").await;
    assert!(!response.headers().contains_key(CONTENT_ENCODING));
}
