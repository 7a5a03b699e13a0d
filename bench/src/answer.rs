//! Where an HTTP/1.1 answer ends.

use anyhow::{Context as _, Result, bail};

/// What has arrived of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A part.
    Partial,
    /// All of it; its body begins at `body`.
    Complete { status: u16, body: usize },
}

/// Looks at what has arrived. Without pipelining nothing follows an answer, so a chunked one is
/// complete when it ends with the last chunk.
pub(crate) fn parse(bytes: &[u8]) -> Result<Answer> {
    let Some(head) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(Answer::Partial) };
    let body = head + 4;
    let text = std::str::from_utf8(&bytes[..head]).context("the head of an answer is not text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)).unwrap_or_default();
    let status = status.parse().with_context(|| format!("`{status}` is not a status"))?;
    let ends = match length(lines)? {
        Length::Bytes(count) => bytes.len() >= body + count,
        Length::Chunked => bytes.ends_with(b"\r\n0\r\n\r\n"),
    };
    Ok(if ends { Answer::Complete { status, body } } else { Answer::Partial })
}

enum Length {
    Bytes(usize),
    Chunked,
}

fn length<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Length> {
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(Length::Bytes(value.trim().parse().context("an answer has no valid length")?));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(Length::Chunked);
        }
    }
    bail!("an answer says nothing of its length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
        for cut in [10, 30, whole.len() - 1] {
            assert_eq!(parse(&whole[..cut]).unwrap(), Answer::Partial);
        }
        assert_eq!(parse(whole).unwrap(), Answer::Complete { status: 201, body: whole.len() - 2 });
    }

    #[test]
    fn a_chunked_answer_ends_with_its_last_chunk() {
        let whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        assert_eq!(parse(&whole[..whole.len() - 5]).unwrap(), Answer::Partial);
        assert!(matches!(parse(whole).unwrap(), Answer::Complete { status: 200, .. }));
    }
}
