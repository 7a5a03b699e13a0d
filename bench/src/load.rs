//! The load: HTTP/1.1 over connections that are kept open, one request at a time on each. One thread
//! and plain readiness, because the load shares the machine with what it measures.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::answer::{Answer, parse};

/// How long an answer may take before the measurement is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// What is asked of a server.
pub(crate) struct Load<'a> {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Connections, each with one request at a time.
    pub(crate) clients: usize,
    /// How long.
    pub(crate) time: Duration,
    /// Writes the next request.
    pub(crate) request: &'a dyn Fn(&mut Vec<u8>),
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    /// Requests answered with a 2xx.
    pub(crate) answers: u64,
    /// The time it took.
    pub(crate) time: Duration,
}

struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Puts the load on the server. Any answer but a 2xx ends it: it would not be what is measured.
pub(crate) fn put(load: &Load<'_>) -> Result<Served> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(load.clients.max(1));
    let mut clients = connect(load, &poll)?;
    let begun = Instant::now();
    for client in &mut clients {
        client.ask(load.request)?;
    }
    let mut answers = 0;
    while begun.elapsed() < load.time {
        poll.poll(&mut events, Some(SILENCE))?;
        if events.is_empty() {
            bail!("no answer from {} for {} s", load.address, SILENCE.as_secs());
        }
        for event in &events {
            answers += u64::from(clients[client_of(event)].proceed(load.request)?);
        }
    }
    Ok(Served { answers, time: begun.elapsed() })
}

fn client_of(event: &Event) -> usize {
    event.token().0
}

fn connect(load: &Load<'_>, poll: &Poll) -> Result<Vec<Client>> {
    let connect = |number| {
        let stream = std::net::TcpStream::connect(load.address)
            .with_context(|| format!("nobody listens on {}", load.address))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
        Ok(Client { stream, request: Vec::new(), answer: Vec::with_capacity(64 * 1024) })
    };
    (0..load.clients).map(connect).collect()
}

impl Client {
    fn ask(&mut self, request: &dyn Fn(&mut Vec<u8>)) -> Result<()> {
        self.request.clear();
        self.answer.clear();
        request(&mut self.request);
        // It always fits the socket's buffer: the one before it was answered.
        self.stream.write_all(&self.request).context("a request could not be sent")
    }

    /// Reads what is there; when that completes the answer, sends the next request. Whether it did.
    fn proceed(&mut self, request: &dyn Fn(&mut Vec<u8>)) -> Result<bool> {
        let mut is_answered = false;
        let mut chunk = [0; 32 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(count) => self.answer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(is_answered),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("an answer could not be read"),
            }
            match parse(&self.answer)? {
                Answer::Partial => {}
                Answer::Complete { status: 200..=299, .. } => {
                    is_answered = true;
                    self.ask(request)?;
                    // A short read emptied the socket: the next answer comes with an event of its own.
                    return Ok(is_answered);
                }
                Answer::Complete { status, .. } => {
                    bail!("answered {status}: {}", String::from_utf8_lossy(&self.answer))
                }
            }
        }
    }
}
