//! A collector of OpenTelemetry's that keeps what it is sent.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

const PATIENCE: Duration = Duration::from_secs(60);

/// It listens until the test ends.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    requests: Receiver<Sent>,
}

/// One request.
pub(crate) struct Sent {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::answering(&[])
    }

    /// It answers these statuses first, and that all is well from then on.
    pub(crate) fn answering(first: &'static [&'static str]) -> Self {
        let mut answers = first.iter();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it listens");
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Whoever hangs up may call again; nobody waits for more once the test has ended.
                let _ = stream.and_then(|it| take(it, answers.next().unwrap_or(&"200 OK"), &sender));
            }
        });
        Self { address, requests }
    }

    /// The next request.
    pub(crate) fn next(&self) -> Sent {
        self.requests.recv_timeout(PATIENCE).expect("something is sent within a minute")
    }

    /// The spans that come until `enough`.
    pub(crate) fn until(&self, enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        while !enough(&spans) {
            spans.extend(self.next().spans());
        }
        spans
    }

    /// All that came; called once nobody sends any more.
    pub(crate) fn rest(&self) -> Vec<Span> {
        self.requests.try_iter().flat_map(|it| it.spans()).collect()
    }
}

impl Sent {
    pub(crate) fn spans(&self) -> Vec<Span> {
        let scopes = self.request.resource_spans.iter().flat_map(|it| &it.scope_spans);
        scopes.flat_map(|it| it.spans.clone()).collect()
    }
}

fn take(mut stream: TcpStream, status: &str, requests: &Sender<Sent>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let before = head.len();
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((name, value)) = head[before..].split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP");
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
    requests.send(Sent { head, body, request }).map_err(io::Error::other)
}

/// What an attribute says, as text.
pub(crate) fn said(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|it| it.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(is_so) => Some(is_so.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}
