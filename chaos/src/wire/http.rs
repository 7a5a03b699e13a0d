//! A request in HTTP/1.0, where an answer ends with its connection.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;

use super::connect;
use crate::history::Answer;

/// Where an operation is posted.
pub(crate) fn path(operation: &str) -> String {
    format!("/v1/ops/{operation}")
}

/// Asks, and reads the answer to its end.
pub(crate) fn post(address: SocketAddr, path: &str, id: &str, body: &str) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    stream.write_all(request(path, id, body).as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    read(&text).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

pub(super) fn request(path: &str, id: &str, body: &str) -> String {
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
