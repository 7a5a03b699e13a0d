use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::frame::{self, Ask, Frame};
use super::place::Place;
use crate::{Owned, Result};

/// The longest request, in bytes.
const LONGEST_REQUEST: u64 = 64 << 10;
/// How long a client may take to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// How many clients are spoken with at once; others wait.
const MOST_CLIENTS: usize = 32;

/// Runs one command: its words, and where its frames go. Its output is the exit code. When the
/// client goes away, or the process is told to stop, the command is dropped.
pub type Handler = Arc<
    dyn Fn(Vec<String>, UnboundedSender<Frame>) -> Pin<Box<dyn Future<Output = i32> + Send>> + Send + Sync,
>;

/// What begins the end of this process.
type Begin = Arc<dyn Fn() + Send + Sync>;

/// A bound control socket; the file goes when it is dropped.
pub struct ControlServer {
    listener: UnixListener,
    place: Place,
    hand_over: Option<Begin>,
}

impl std::fmt::Debug for ControlServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlServer").field("place", &self.place).finish_non_exhaustive()
    }
}

impl ControlServer {
    /// Binds the socket, in a folder that is made for this user alone where there is none. The file of
    /// a process that has ended is replaced.
    ///
    /// # Errors
    /// Internal, when another process listens there, others may write to the folder, or the path
    /// cannot be used.
    pub async fn bind(path: &Path) -> Result<Self> {
        let (listener, place) = Place::claim(path)?;
        Ok(Self { listener, place, hand_over: None })
    }

    /// Lets a successor ask for the database: `begin` begins the drain and the end of this process,
    /// and the successor waits until it has ended. Without this, it is refused.
    #[must_use]
    pub fn on_hand_over(mut self, begin: impl Fn() + Send + Sync + 'static) -> Self {
        self.hand_over = Some(Arc::new(begin));
        self
    }

    /// Takes commands until `owned` is told to stop.
    pub fn serve(self, handler: Handler, owned: &Owned) {
        owned.spawn("control", self.accept(handler, owned.clone()));
    }

    async fn accept(self, handler: Handler, owned: Owned) {
        let stopping = owned.stopping();
        let room = Arc::new(Semaphore::new(MOST_CLIENTS));
        loop {
            let accepted = tokio::select! {
                () = stopping.cancelled() => return,
                accepted = self.next(&room) => accepted,
            };
            match accepted {
                Ok((stream, room)) if self.place.admits(&stream) => {
                    let (handler, hand_over) = (Arc::clone(&handler), self.hand_over.clone());
                    owned.spawn("command", answer(stream, handler, hand_over, stopping.clone(), room));
                }
                Ok(_) => tracing::warn!("a process of another user was refused at the control socket"),
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    pause().await;
                }
            }
        }
    }

    async fn next(&self, room: &Arc<Semaphore>) -> io::Result<(UnixStream, OwnedSemaphorePermit)> {
        let room = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        Ok((stream, room))
    }
}

async fn answer(
    stream: UnixStream,
    handler: Handler,
    hand_over: Option<Begin>,
    stopping: CancellationToken,
    _room: OwnedSemaphorePermit,
) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let asked = tokio::time::timeout(REQUEST_TIME, frame::read(&mut read, LONGEST_REQUEST)).await;
    let answered = match asked {
        Ok(Ok(Some(Ask::Run { args }))) => run(args, &handler, read, &mut write, &stopping).await,
        Ok(Ok(Some(Ask::HandOver { handover: true }))) => match hand_over {
            Some(begin) => {
                hold_to_the_end(read, write);
                begin();
                return;
            }
            None => refuse(&mut write, "this process does not hand over").await,
        },
        Ok(Ok(Some(Ask::HandOver { handover: false }))) => {
            refuse(&mut write, "`handover` must be true").await
        }
        Ok(Ok(None)) => Ok(()),
        Ok(Err(error)) => {
            refuse(&mut write, &format!("expected one line of JSON with `args`: {error}")).await
        }
        Err(_) => refuse(&mut write, "no request came").await,
    };
    if let Err(error) = answered {
        tracing::debug!(%error, "a command's client went away");
    }
}

/// Runs the command and passes its frames on, all of them before its end.
async fn run(
    args: Vec<String>,
    handler: &Handler,
    read: BufReader<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
    stopping: &CancellationToken,
) -> io::Result<()> {
    let (sender, frames) = unbounded_channel();
    let command = handler(args, sender);
    tokio::select! {
        code = forward(command, frames, write) => return frame::write(write, &Frame::Exit(code?)).await,
        () = hung_up(read) => {
            tracing::debug!("a command's client went away");
            return Ok(());
        }
        () = stopping.cancelled() => {}
    }
    refuse(write, "this process is about to stop").await
}

async fn forward(
    command: impl Future<Output = i32>,
    mut frames: UnboundedReceiver<Frame>,
    write: &mut OwnedWriteHalf,
) -> io::Result<i32> {
    let mut command = pin!(command);
    let code = loop {
        tokio::select! {
            biased;
            Some(frame) = frames.recv() => frame::write(write, &frame).await?,
            code = &mut command => break code,
        }
    };
    while let Ok(frame) = frames.try_recv() {
        frame::write(write, &frame).await?;
    }
    Ok(code)
}

async fn refuse(write: &mut OwnedWriteHalf, why: &str) -> io::Result<()> {
    frame::write(write, &Frame::Err(format!("error: {why}\n"))).await?;
    frame::write(write, &Frame::Exit(2)).await
}

/// Ends when the client does. What it still sends is not for us.
async fn hung_up(mut read: BufReader<OwnedReadHalf>) {
    let mut rest = [0; 256];
    while read.read(&mut rest).await.is_ok_and(|count| count > 0) {}
}

/// Keeps the connection until the runtime ends, which is what its client waits for. Nobody here may
/// wait for it: everything else would have to end first.
fn hold_to_the_end(read: BufReader<OwnedReadHalf>, write: OwnedWriteHalf) {
    Owned::new().spawn("hand over", async move {
        hung_up(read).await;
        drop(write);
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "accepting again at once would spin while descriptors are short"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
