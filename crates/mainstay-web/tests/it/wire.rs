//! A client that writes bytes and reads answers, and nothing else: so that it can misbehave.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Long enough for a busy machine; a test that gets here has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = in_time(TcpStream::connect(address)).await.expect("connects");
        Self { stream, received: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        in_time(self.stream.write_all(bytes.as_ref())).await.expect("sends");
    }

    /// The next answer; `None` when the server closed instead.
    pub(crate) async fn try_answer(&mut self) -> Option<Answer> {
        let head_end = loop {
            if let Some(at) = find(&self.received, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.receive().await {
                return None;
            }
        };
        let head = String::from_utf8(self.received.drain(..head_end).collect()).expect("a head is text");
        let status = head[9..12].parse().expect("a status");
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |text| text.parse().expect("a length"));
        while self.received.len() < length {
            assert!(self.receive().await, "the answer broke off: {answer:?}");
        }
        answer.body = self.received.drain(..length).collect();
        Some(answer)
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("the server closed the connection without an answer")
    }

    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        self.answer().await
    }

    /// Waits for the server to close, and says what it sent before it did.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.receive().await {}
        std::mem::take(&mut self.received)
    }

    async fn receive(&mut self) -> bool {
        in_time(self.stream.read_buf(&mut self.received)).await.is_ok_and(|bytes| bytes > 0)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// Asserts that this is the envelope, the whole envelope, and returns it.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["error"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        assert_eq!(body["success"], false);
        let mut keys: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.retain(|key| *key != "data");
        assert_eq!(keys, ["error", "error_description", "request_id", "result", "status", "success"]);
        assert_eq!(self.header("content-type"), Some("application/json"));
        body
    }
}

pub(crate) async fn in_time<F: Future>(work: F) -> F::Output {
    timeout(PATIENCE, work).await.expect("it should not take this long")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
