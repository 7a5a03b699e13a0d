use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::{ClientError, ConnectErrorKind, Event};
use tokio::sync::watch;

/// How often the connection was made again after it broke.
#[derive(Default)]
pub(crate) struct Breaks {
    is_broken: AtomicBool,
    mended: watch::Sender<u64>,
}

impl Breaks {
    /// Changes whenever the connection was made again from now on.
    pub(crate) fn made_again(&self) -> watch::Receiver<u64> {
        self.mended.subscribe()
    }

    /// Takes note of what the connection tells of itself.
    pub(crate) fn heed(&self, event: &Event) {
        match event {
            Event::Closed | Event::Draining => {}
            Event::Connected => {
                // The first connection is made, not made again.
                if self.is_broken.swap(false, Ordering::SeqCst) {
                    self.mended.send_modify(|it| *it += 1);
                }
            }
            Event::Disconnected => {
                self.is_broken.store(true, Ordering::SeqCst);
                tracing::warn!("the connection to NATS broke; it is made again");
            }
            Event::LameDuckMode => tracing::info!("the NATS server is about to stop; others are tried"),
            Event::ClientError(ClientError::Other(told))
                if *told == ConnectErrorKind::AuthorizationViolation.to_string() =>
            {
                tracing::error!(
                    "the NATS server refuses who is named in NATS_URL or NATS_CREDENTIALS; it is tried again"
                );
            }
            Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => {
                tracing::warn!(%event, "NATS");
            }
        }
    }
}
