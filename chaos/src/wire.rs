//! One request on a connection of its own, in HTTP/1.0, where an answer ends with its connection.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::history::Answer;

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

/// Asks, and reads the answer to its end.
pub(crate) fn post(address: SocketAddr, path: &str, id: &str, body: &str) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    stream.write_all(request(path, id, body).as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    read(&text).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Asks, and leaves.
pub(crate) fn leave(address: SocketAddr, path: &str, id: &str, body: &str, sent: Sent) -> io::Result<()> {
    let request = request(path, id, body);
    let length = match sent {
        Sent::Part => request.len() - body.len() / 2,
        Sent::All => request.len(),
    };
    connect(address)?.write_all(&request.as_bytes()[..length])
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn request(path: &str, id: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.0\r\nhost: chaos\r\nrequest-id: {id}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// `None` where it broke off.
fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    let is_length = |line: &&str| line.to_ascii_lowercase().starts_with("content-length:");
    let length: usize = head.lines().find(is_length)?.split_once(':')?.1.trim().parse().ok()?;
    (body.len() == length).then(|| Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_broke_off_is_none() {
        let whole = "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nnull";
        assert_eq!(read(whole), Some(Answer { status: 200, body: "null".to_owned() }));
        assert_eq!(read(&whole[..whole.len() - 1]), None);
        assert_eq!(read("HTTP/1.0 20"), None);
    }
}
