//! How clients ask: one request on a connection of its own, to a process or to the broker.

pub(crate) mod http;
mod nats;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::history::{Answer, Wish};

/// How long a client waits for an answer. Then it gives up and may ask again.
const PATIENCE: Duration = Duration::from_secs(3);

/// How much of a request is sent before the client leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// All but the end of its body.
    Part,
    /// All of it.
    All,
}

/// Where a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A process, over HTTP.
    Process(SocketAddr),
    /// The broker, which gives the request to some process.
    Broker(SocketAddr),
}

impl Door {
    /// Asks, and reads the answer to its end.
    pub(crate) fn ask(self, wish: &Wish, id: &str) -> io::Result<Answer> {
        match self {
            Self::Process(at) => http::post(at, &http::path(wish.operation()), id, &wish.body()),
            Self::Broker(at) => nats::ask(at, &subject(wish), id, &wish.body()),
        }
    }

    /// Asks, and leaves.
    pub(crate) fn leave(self, wish: &Wish, sent: Sent) -> io::Result<()> {
        let (id, body) = (wish.op(), wish.body());
        let (mut stream, request) = match self {
            Self::Process(at) => (connect(at)?, http::request(&http::path(wish.operation()), id, &body)),
            Self::Broker(at) => (nats::enter(at)?, nats::request(&subject(wish), "gone", id, &body)),
        };
        let length = match sent {
            Sent::Part => request.len() - body.len() / 2,
            Sent::All => request.len(),
        };
        stream.write_all(&request.as_bytes()[..length])
    }
}

/// What the subjects of a trial begin with.
pub(crate) const PREFIX: &str = "chaos";

fn subject(wish: &Wish) -> String {
    format!("{PREFIX}.{}.{}", wish.queue(), wish.operation())
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
