//! A request in the protocol of NATS, published without a word from the broker that it has it: one that was on its way
//! when the broker died is lost, and asked again.

use std::io::{self, BufRead, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use super::connect;
use crate::history::Answer;

/// Asks, and waits for the answer in an inbox of this request's own.
pub(super) fn ask(address: SocketAddr, subject: &str, id: &str, body: &str) -> io::Result<Answer> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let inbox = format!("_INBOX.{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut stream = enter(address)?;
    let heard = BufReader::new(stream.try_clone()?);
    stream.write_all(format!("SUB {inbox} 1\r\n{}", request(subject, &inbox, id, body)).as_bytes())?;
    answer(heard, &stream)
}

/// Connects, once the server has said what it is: a client that leaves with that unread takes back what it sent.
pub(super) fn enter(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = connect(address)?;
    BufReader::new(&stream).read_line(&mut String::new())?;
    stream.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\n")?;
    Ok(stream)
}

pub(super) fn request(subject: &str, inbox: &str, id: &str, body: &str) -> String {
    let head = format!(
        "NATS/1.0\r\nRequest-Id: {id}\r\nReply-To: {inbox}\r\nContent-Type: application/json\r\n\r\n"
    );
    let (head_length, length) = (head.len(), head.len() + body.len());
    format!("HPUB {subject} {head_length} {length}\r\n{head}{body}\r\n")
}

/// Reads what the server says until it delivers a message.
fn answer(mut heard: impl BufRead, mut stream: &TcpStream) -> io::Result<Answer> {
    loop {
        let mut line = String::new();
        if heard.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match line.split_whitespace().next() {
            Some("HMSG") => return deliver(&line, heard),
            Some("PING") => stream.write_all(b"PONG\r\n")?,
            Some("-ERR") => return Err(io::Error::other(line)),
            Some(_) | None => {}
        }
    }
}

/// What the line announces: so many bytes, and among them so many of headers.
fn deliver(line: &str, mut heard: impl BufRead) -> io::Result<Answer> {
    let mut lengths = line.split_whitespace().rev().map_while(|it| it.parse::<usize>().ok());
    let (Some(length), Some(head)) = (lengths.next(), lengths.next()) else {
        return Err(ErrorKind::InvalidData.into());
    };
    let mut message = vec![0; length];
    heard.read_exact(&mut message)?;
    let text = String::from_utf8(message).map_err(|_| ErrorKind::InvalidData)?;
    let (head, body) = text.split_at_checked(head).ok_or(ErrorKind::InvalidData)?;
    let status = head.lines().find_map(|it| it.strip_prefix("Status-Code:")?.trim().parse().ok());
    Ok(Answer { status: status.ok_or(ErrorKind::InvalidData)?, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn said(text: &str) -> io::Result<Answer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        answer(text.as_bytes(), &connect(listener.local_addr()?)?)
    }

    #[test]
    fn an_answer_is_told_from_what_else_the_broker_says() {
        let whole =
            "INFO {}\r\nPING\r\nHMSG _INBOX.1 1 30 34\r\nNATS/1.0\r\nStatus-Code: 200\r\n\r\nnull\r\n";
        assert_eq!(said(whole).unwrap(), Answer { status: 200, body: "null".to_owned() });
        assert!(said(&whole[..whole.len() - 3]).is_err(), "it broke off");
        assert!(said("-ERR 'Authorization Violation'\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let request = request("chaos.journals.journal.append", "_INBOX.1", "a", "{}");
        let (line, rest) = request.split_once("\r\n").unwrap();
        let lengths: Vec<usize> = line.split(' ').skip(2).map(|it| it.parse().unwrap()).collect();
        assert_eq!(rest.find("{}"), Some(lengths[0]));
        assert_eq!(rest.len() - "\r\n".len(), lengths[1]);
    }
}
