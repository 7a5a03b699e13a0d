//! What a request's body may cost: bytes and time. A declared length is judged before anything is
//! read; bytes are counted as they come; the whole body shares one deadline.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use crate::deadline::Deadline;
use crate::error::ApiError;
use crate::exchange::{BodyFate, Exchange};

/// The limits on request bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit {
    /// The most bytes a body may have. Default: 1 MiB.
    pub max_bytes: u64,
    /// The time within which the whole body must have arrived, counted from the request's head.
    /// Default: 30 s.
    pub timeout: Duration,
}

impl Default for BodyLimit {
    fn default() -> Self {
        Self { max_bytes: 1024 * 1024, timeout: Duration::from_secs(30) }
    }
}

/// Why reading a body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyRefused {
    #[error("the body is longer than its limit")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BodyLimit {
    /// Judges the declared length.
    ///
    /// # Errors
    /// 413 when it is over the limit.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
        match length.to_str().ok().and_then(|text| text.parse::<u64>().ok()) {
            Some(bytes) if bytes <= self.max_bytes => Ok(()),
            Some(_) => Err(ApiError::payload_too_large(self.max_bytes)),
            None => Err(ApiError::bad_request("`Content-Length` is not a number of bytes").and_close()),
        }
    }

    /// The refusal of a body that broke a limit while it was read.
    pub(crate) fn refusal(&self, fate: BodyFate) -> Option<ApiError> {
        match fate {
            BodyFate::Admitted => None,
            BodyFate::TooLarge => Some(ApiError::payload_too_large(self.max_bytes)),
            BodyFate::TooSlow => Some(ApiError::request_timeout(self.timeout)),
        }
    }
}

pin_project_lite::pin_project! {
    /// A body that ends in an error as soon as it breaks a limit, and says so to its exchange.
    pub(crate) struct LimitedBody<B> {
        #[pin]
        inner: B,
        left: u64,
        deadline: Deadline,
        exchange: Arc<Exchange>,
    }
}

impl<B> LimitedBody<B> {
    pub(crate) fn new(inner: B, limit: BodyLimit, exchange: Arc<Exchange>) -> Self {
        let deadline = Deadline::at(exchange.started() + limit.timeout);
        Self { inner, left: limit.max_bytes, deadline, exchange }
    }
}

impl<B> Body for LimitedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = BodyRefused;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyRefused>>> {
        let this = self.project();
        let Poll::Ready(frame) = this.inner.poll_frame(cx) else {
            ready!(this.deadline.poll_passed(cx));
            this.exchange.set_body_fate(BodyFate::TooSlow);
            return Poll::Ready(Some(Err(BodyRefused::TooSlow)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(BodyRefused::BrokenOff(error.into())))),
            Some(Ok(frame)) => frame,
        };
        let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
        match this.left.checked_sub(bytes) {
            Some(left) => {
                *this.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => {
                this.exchange.set_body_fate(BodyFate::TooLarge);
                Poll::Ready(Some(Err(BodyRefused::TooLarge)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
