use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// Text for standard output.
    Out(String),
    /// Text for standard error.
    Err(String),
    /// How far the command is.
    Progress {
        /// Done so far.
        done: u64,
        /// To be done in all.
        total: u64,
        /// What is counted.
        label: Option<String>,
    },
    /// The command has ended with this code. The last frame; the server writes it.
    Exit(i32),
}

/// What a client asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Ask {
    Run { args: Vec<String> },
    HandOver { handover: bool },
}

/// Reads one line of JSON of at most `most` bytes; `None` where the other side has hung up.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    most: u64,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(most).read_until(b'\n', &mut line).await?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(&line)?)),
        Some(_) if line.len() as u64 == most => {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("a line has more than {most} bytes")))
        }
        Some(_) => Ok(None),
    }
}

/// Writes one line of JSON.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    to.write_all(&text).await
}
