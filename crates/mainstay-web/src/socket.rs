//! A client's socket that neither stalls us nor loses our last words.
//!
//! A client that stops reading is dropped after a while. When we close on a client that may still be
//! sending, we stop writing, then read and discard for a moment: closing at once would reset the
//! connection and take the answer with it (RFC 9112, 9.6).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::deadline::Deadline;

const LINGER: Duration = Duration::from_secs(2);
const DISCARD_BYTES: usize = 8 * 1024;

/// Whether the client may still be sending when the connection is closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaySend(Arc<AtomicBool>);

impl MaySend {
    pub(crate) fn set(&self, may_send: bool) {
        self.0.store(may_send, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A [`TcpStream`] with a limit on stalled writes and a lingering close.
pub(crate) struct ClientSocket {
    stream: TcpStream,
    stall_limit: Duration,
    stalled: Option<Deadline>,
    may_send: MaySend,
    lingering: Option<Deadline>,
}

impl ClientSocket {
    pub(crate) const fn new(stream: TcpStream, stall_limit: Duration, may_send: MaySend) -> Self {
        Self { stream, stall_limit, stalled: None, may_send, lingering: None }
    }

    /// Passes a write's result on, unless the client has not read for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.stall_limit;
        ready!(self.stalled.get_or_insert_with(|| Deadline::after(limit)).poll_passed(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }

    /// Ready when the client has closed, too, or the moment is over.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut buffer = [std::mem::MaybeUninit::uninit(); DISCARD_BYTES];
        loop {
            let mut discarded = ReadBuf::uninit(&mut buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut discarded) {
                Poll::Ready(Ok(())) if !discarded.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        self.lingering.get_or_insert_with(|| Deadline::after(LINGER)).poll_passed(cx)
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ClientSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        if self.may_send.get() {
            ready!(self.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}
