//! The control socket: commands for the process that owns the database, from a terminal beside it.
//!
//! One request is one JSON line, answered by JSON lines until an exit code ends it. The socket is a
//! Unix socket of mode 0600, and another user's process is refused whatever the mode.

use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{Error, Owned, Result};

/// The longest line that either side takes, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// The longest path of a Unix socket (`sun_path` in `unix(7)`, with its end).
const LONGEST_PATH: usize = 107;

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
    /// The command has ended with this code.
    Exit(i32),
}

#[derive(Serialize, Deserialize)]
struct Ask {
    args: Vec<String>,
}

/// Runs one command: its words, and where its frames go. Its output is the exit code. When the
/// client goes away the command is dropped.
pub type Handler =
    Arc<dyn Fn(Vec<String>, UnboundedSender<Frame>) -> Pin<Box<dyn Future<Output = i32> + Send>> + Send + Sync>;

/// A bound control socket; the file goes when it is dropped.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

impl ControlServer {
    /// Binds the socket, in a folder that only this user can enter. The file of a process that has
    /// ended is replaced.
    ///
    /// # Errors
    /// Internal, when another process listens there, or the path cannot be used.
    pub async fn bind(path: &Path) -> Result<Self> {
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(failed(path, "its path is longer than a Unix socket's may be (107 bytes)"));
        }
        if ControlClient::connect(path).await?.is_some() {
            return Err(failed(path, "another process listens there: stop it, or serve with --takeover"));
        }
        let (listener, owner) = listen(path).map_err(|error| failed(path, &error.to_string()).caused_by(error))?;
        Ok(Self { listener, path: path.to_owned(), owner })
    }

    /// Takes commands until `owned` is told to stop.
    pub fn serve(self, handler: Handler, owned: &Owned) {
        let tasks = owned.clone();
        owned.spawn("control", async move {
            let stopping = tasks.stopping();
            loop {
                let accepted = tokio::select! {
                    () = stopping.cancelled() => return,
                    accepted = self.listener.accept() => accepted,
                };
                match accepted {
                    Ok((stream, _)) if self.admits(&stream) => {
                        tasks.spawn("command", answer(stream, Arc::clone(&handler)));
                    }
                    Ok(_) => tracing::warn!("a process of another user was refused at the control socket"),
                    Err(error) => tracing::warn!(%error, "the control socket could not accept"),
                }
            }
        });
    }

    fn admits(&self, stream: &UnixStream) -> bool {
        stream.peer_cred().is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0)
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Binds under a name that nobody knows yet and moves it into place once its mode is right.
fn listen(path: &Path) -> io::Result<(UnixListener, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let fresh = path.with_extension(format!("{}", std::process::id()));
    let _ = std::fs::remove_file(&fresh);
    let listener = UnixListener::bind(&fresh)?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
    let owner = std::fs::metadata(&fresh)?.uid();
    std::fs::rename(&fresh, path)?;
    Ok((listener, owner))
}

async fn answer(stream: UnixStream, handler: Handler) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let Some(args) = ask(&mut lines).await else {
        let _ = send(&mut write, &Frame::Err("error: expected one line of JSON with `args`\n".to_owned())).await;
        let _ = send(&mut write, &Frame::Exit(2)).await;
        return;
    };
    let (sender, frames) = unbounded_channel();
    let command = handler(args, sender);
    tokio::select! {
        code = forward(command, frames, &mut write) => {
            let _ = send(&mut write, &Frame::Exit(code)).await;
        }
        _ = lines.read_u8() => tracing::debug!("a command's client went away"),
    }
}

async fn ask(lines: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<Vec<String>> {
    let mut line = String::new();
    lines.take(LONGEST_LINE).read_line(&mut line).await.ok()?;
    serde_json::from_str::<Ask>(&line).ok().map(|ask| ask.args)
}

/// Runs the command and passes its frames on, all of them before its end.
async fn forward(
    command: impl Future<Output = i32>,
    mut frames: UnboundedReceiver<Frame>,
    write: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> i32 {
    let passing = async {
        while let Some(frame) = frames.recv().await {
            if send(write, &frame).await.is_err() {
                return;
            }
        }
    };
    let (code, ()) = tokio::join!(command, passing);
    code
}

async fn send(write: &mut (impl tokio::io::AsyncWrite + Unpin), frame: &Frame) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// A connection to the process that owns the database.
#[derive(Debug)]
pub struct ControlClient(UnixStream);

impl ControlClient {
    /// Connects; `None` when no process listens.
    ///
    /// # Errors
    /// Internal, when the socket is there and may not be used.
    pub async fn connect(path: &Path) -> Result<Option<Self>> {
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Some(Self(stream))),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput => Ok(None),
                _ => Err(failed(path, &error.to_string()).caused_by(error)),
            },
        }
    }

    /// Has the command run and shows its frames; its exit code.
    ///
    /// # Errors
    /// Internal, when the other process goes away before the command has ended.
    pub async fn run(self, args: &[String], show: &mut (dyn FnMut(Frame) + Send)) -> Result<i32> {
        let gone = |error| Error::internal("the serving process went away before the command had ended").caused_by(error);
        let (read, mut write) = self.0.into_split();
        let mut line = serde_json::to_vec(&Ask { args: args.to_vec() }).map_err(|error| gone(error.into()))?;
        line.push(b'\n');
        write.write_all(&line).await.map_err(gone)?;
        let mut lines = BufReader::new(read);
        loop {
            let mut line = String::new();
            let length = (&mut lines).take(LONGEST_LINE).read_line(&mut line).await.map_err(gone)?;
            if length == 0 {
                return Err(gone(io::ErrorKind::UnexpectedEof.into()));
            }
            match serde_json::from_str(&line).map_err(|error| gone(error.into()))? {
                Frame::Exit(code) => return Ok(code),
                frame @ (Frame::Out(_) | Frame::Err(_) | Frame::Progress { .. }) => show(frame),
            }
        }
    }
}

fn failed(path: &Path, why: &str) -> Error {
    Error::internal(format!("the control socket {} cannot be used: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> Handler {
        Arc::new(|args, frames| {
            Box::pin(async move {
                for word in &args {
                    let _ = frames.send(Frame::Out(word.clone()));
                }
                i32::try_from(args.len()).unwrap_or(-1)
            })
        })
    }

    #[tokio::test]
    async fn a_command_runs_in_the_other_process_and_ends_with_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private").join("control.sock");
        let owned = Owned::new();
        ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
        let mut seen = Vec::new();
        let client = ControlClient::connect(&path).await.unwrap().unwrap();
        let code = client.run(&["a".to_owned(), "b".to_owned()], &mut |frame| seen.push(frame)).await.unwrap();
        assert_eq!((code, seen), (2, vec![Frame::Out("a".to_owned()), Frame::Out("b".to_owned())]));
        assert!(owned.stop(std::time::Duration::from_secs(5)).await);
        assert!(ControlClient::connect(&path).await.unwrap().is_none(), "the file goes with the server");
    }

    #[tokio::test]
    async fn nobody_else_may_enter_and_a_dead_process_s_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private").join("control.sock");
        let server = ControlServer::bind(&path).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let second = ControlServer::bind(&path).await.unwrap_err();
        assert!(second.to_string().contains("another process listens"), "{second}");
        std::mem::drop(server);
        std::os::unix::net::UnixListener::bind(&path).map(drop).unwrap();
        ControlServer::bind(&path).await.unwrap();
    }

    #[tokio::test]
    async fn rubbish_is_answered_and_a_path_too_long_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let owned = Owned::new();
        ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"rubbish\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("{\"exit\":2}\n"), "{answer}");
        owned.stop(std::time::Duration::from_secs(5)).await;
        let long = ControlServer::bind(&folder.path().join("x".repeat(120))).await.unwrap_err();
        assert!(long.to_string().contains("107 bytes"));
    }
}
