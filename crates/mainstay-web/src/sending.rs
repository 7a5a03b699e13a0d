//! A request's body on its way in: the socket is told once the client has sent all of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};

use crate::socket::MaySend;

pin_project_lite::pin_project! {
    /// A body that notes its end. Dropped before that, the client may still be sending.
    pub(crate) struct Sending<B> {
        #[pin]
        inner: B,
        may_send: MaySend,
    }
}

impl<B: Body> Sending<B> {
    pub(crate) fn new(inner: B, may_send: MaySend) -> Self {
        may_send.set(!inner.is_end_stream());
        Self { inner, may_send }
    }
}

impl<B: Body> Body for Sending<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if frame.is_none() || this.inner.is_end_stream() {
            this.may_send.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use http_body_util::{BodyExt as _, Empty, Full};

    use super::*;

    #[tokio::test]
    async fn a_client_may_send_until_its_body_was_read() {
        let may_send = MaySend::default();
        let body = Sending::new(Full::new(Bytes::from_static(b"{}")), may_send.clone());
        assert!(may_send.get());
        body.collect().await.expect("it cannot fail");
        assert!(!may_send.get());
        drop(Sending::new(Full::new(Bytes::from_static(b"{}")), may_send.clone()));
        assert!(may_send.get(), "nobody read it");
        let _body = Sending::new(Empty::<Bytes>::new(), may_send.clone());
        assert!(!may_send.get());
    }
}
