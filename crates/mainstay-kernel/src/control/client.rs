use std::io;
use std::path::Path;

use tokio::io::BufReader;
use tokio::net::UnixStream;

use super::failed;
use super::frame::{self, Ask, Frame};
use crate::{Error, Result};

/// The longest line that is taken from a server, in bytes.
const LONGEST_FRAME: u64 = 16 << 20;

/// A connection to the process that owns the database.
#[derive(Debug)]
pub struct ControlClient(BufReader<UnixStream>);

impl ControlClient {
    /// Connects; `None` when no process listens.
    ///
    /// # Errors
    /// Internal, when the socket is there and may not be used.
    pub async fn connect(path: &Path) -> Result<Option<Self>> {
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Some(Self(BufReader::new(stream)))),
            Err(error) if is_absence(error.kind()) => Ok(None),
            Err(error) => Err(failed(path, &error).caused_by(error)),
        }
    }

    /// Has the command run and shows its frames; its exit code. Dropping this cancels the command.
    ///
    /// # Errors
    /// Internal, when the other process goes away before the command has ended.
    pub async fn run(mut self, args: &[String], show: &mut (dyn FnMut(Frame) + Send)) -> Result<i32> {
        let gone = |error| {
            Error::internal("the serving process went away before the command had ended").caused_by(error)
        };
        frame::write(&mut self.0, &Ask::Run { args: args.to_vec() }).await.map_err(gone)?;
        loop {
            match frame::read(&mut self.0, LONGEST_FRAME).await.map_err(gone)? {
                Some(Frame::Exit(code)) => return Ok(code),
                Some(frame @ (Frame::Out(_) | Frame::Err(_) | Frame::Progress { .. })) => show(frame),
                None => return Err(gone(io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    /// Asks the other process to finish what it does and to end, and waits until it has: its database
    /// is free then.
    ///
    /// # Errors
    /// Internal, when it does not hand over.
    pub async fn hand_over(mut self) -> Result<()> {
        let asked = frame::write(&mut self.0, &Ask::HandOver { handover: true }).await;
        let mut refusal = String::new();
        // It ended before it was asked, or ends now: the connection ends with it.
        while asked.is_ok()
            && let Ok(Some(frame)) = frame::read(&mut self.0, LONGEST_FRAME).await
        {
            match frame {
                Frame::Err(text) => refusal.push_str(text.trim_end()),
                Frame::Exit(_) => {
                    return Err(Error::internal(format!(
                        "the serving process does not hand over: {refusal}"
                    )));
                }
                Frame::Out(_) | Frame::Progress { .. } => {}
            }
        }
        Ok(())
    }
}

/// Whether the error means that no process listens.
fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput)
}
