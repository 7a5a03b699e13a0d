//! HTTP as bytes, so that a client can misbehave; and a client that behaves.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use mainstay::serde_json::{self, Value};

use crate::waiting::PATIENCE;

/// A connection that sends bytes and reads answers.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// A client that keeps its connection and opens another when it broke.
pub(crate) struct Client {
    address: SocketAddr,
    token: Option<String>,
    wire: Option<Wire>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// The next answer; `None` when the server closed instead.
    pub(crate) fn answer(&mut self) -> io::Result<Option<Answer>> {
        self.answer_to("GET")
    }

    /// The next answer to a request of this method: that to a HEAD has no body.
    pub(crate) fn answer_to(&mut self, method: &str) -> io::Result<Option<Answer>> {
        let end = loop {
            if let Some(at) = self.received.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.receive()? {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.received.drain(..end).collect::<Vec<_>>()).into_owned();
        let status = head.get(9..12).and_then(|it| it.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |it| it.parse().expect("a length"));
        let length = if method == "HEAD" { 0 } else { length };
        while self.received.len() < length {
            if !self.receive()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        answer.body = self.received.drain(..length).collect();
        Ok(Some(answer))
    }

    /// Every answer until the server closes, which it must.
    pub(crate) fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        loop {
            match self.answer() {
                Ok(Some(answer)) => answers.push(answer),
                Ok(None) => return answers,
                Err(error) if is_closed(&error) => return answers,
                Err(error) => panic!("the server neither answers nor closes: {error}"),
            }
        }
    }

    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let length = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..length]);
        Ok(length > 0)
    }
}

/// Whether the other side ended the connection.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    let kinds = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ];
    kinds.contains(&error.kind())
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The id of the row in an answer.
    pub(crate) fn id(&self) -> String {
        self.json()["result"]["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    /// The error's code.
    pub(crate) fn code(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }

    /// Asserts the status.
    pub(crate) fn expect(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{}{body}", self.head);
        self
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: Option<String>) -> Self {
        Self { address, token, wire: None }
    }

    /// A request's head and body as they go over the wire.
    pub(crate) fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Vec<u8> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: blog.test\r\n");
        let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        if let Some(token) = &self.token {
            add("authorization", &format!("Bearer {token}"));
        }
        for (name, value) in headers {
            add(name, value);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if !body.is_empty() {
            add("content-type", "application/json");
            add("content-length", &body.len().to_string());
        }
        format!("{head}\r\n{body}").into_bytes()
    }

    /// Sends a request and reads its answer.
    pub(crate) fn call(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> io::Result<Answer> {
        let request = self.request(method, target, headers, body);
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::connect(self.address)?,
        };
        wire.send(request)?;
        let answer = wire.answer_to(method)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if answer.header("connection") != Some("close") {
            self.wire = Some(wire);
        }
        Ok(answer)
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.call("GET", target, &[], None).expect("an answer")
    }

    pub(crate) fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.call("POST", target, &[], Some(body)).expect("an answer")
    }

    pub(crate) fn put(&mut self, target: &str, body: &Value) -> Answer {
        self.call("PUT", target, &[], Some(body)).expect("an answer")
    }

    /// Creates a post that is found again by its key.
    pub(crate) fn post_keyed(&mut self, key: &str, body: &Value) -> io::Result<Answer> {
        self.call("POST", "/v1/posts", &[("idempotency-key", key)], Some(body))
    }
}
