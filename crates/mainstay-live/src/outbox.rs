use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What a client is to be sent, in its order: as much as its connection may be behind, and no more.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
    most: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Arc<str>>,
    bytes: usize,
    /// Whether somebody was refused since there was room last.
    was_full: bool,
    is_closed: bool,
}

/// A frame that was taken.
pub(crate) struct Taken {
    pub(crate) frame: Arc<str>,
    /// There is room again, after somebody was refused.
    pub(crate) drained: bool,
}

impl Outbox {
    /// One that takes another frame while fewer bytes than these wait.
    pub(crate) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), bell: Notify::new(), most }
    }

    /// Takes the frame in, unless too much waits already; whether it did.
    pub(crate) fn put(&self, frame: &Arc<str>) -> bool {
        let mut waiting = self.waiting();
        if waiting.is_closed {
            return true;
        }
        waiting.was_full |= waiting.bytes >= self.most;
        if waiting.was_full {
            return false;
        }
        waiting.bytes += frame.len();
        waiting.frames.push_back(Arc::clone(frame));
        drop(waiting);
        self.bell.notify_one();
        true
    }

    /// Waits for the next frame; none when it is closed and empty.
    pub(crate) async fn take(&self) -> Option<Taken> {
        loop {
            let ringing = self.bell.notified();
            {
                let mut waiting = self.waiting();
                if let Some(frame) = waiting.frames.pop_front() {
                    waiting.bytes -= frame.len();
                    let drained = waiting.was_full && waiting.bytes <= self.most / 2;
                    waiting.was_full &= !drained;
                    return Some(Taken { frame, drained });
                }
                if waiting.is_closed {
                    return None;
                }
            }
            ringing.await;
        }
    }

    /// Takes nothing more; what waits may still be taken out.
    pub(crate) fn close(&self) {
        self.waiting().is_closed = true;
        self.bell.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn frame(text: &str) -> Arc<str> {
        text.into()
    }

    fn taken(outbox: &Outbox) -> Option<(String, bool)> {
        let taken = outbox.take().now_or_never()??;
        Some((taken.frame.to_string(), taken.drained))
    }

    #[test]
    fn who_was_refused_is_told_when_half_is_gone() {
        let outbox = Outbox::new(4);
        assert!(outbox.put(&frame("aa")) && outbox.put(&frame("bb")));
        assert!(!outbox.put(&frame("cc")), "four bytes wait");
        assert_eq!(taken(&outbox), Some(("aa".to_owned(), true)));
        assert!(outbox.put(&frame("cc")));
        assert_eq!(taken(&outbox), Some(("bb".to_owned(), false)), "nobody was refused since");
    }

    #[test]
    fn nothing_gets_past_who_was_refused() {
        let outbox = Outbox::new(8);
        assert!(outbox.put(&frame("0123456789")), "one frame may be longer");
        assert!(!outbox.put(&frame("a")));
        assert!(!outbox.put(&frame("b")), "an earlier one was refused");
        assert_eq!(taken(&outbox), Some(("0123456789".to_owned(), true)));
        assert_eq!(taken(&outbox), None);
        assert!(outbox.put(&frame("a")));
    }

    #[test]
    fn what_waits_can_be_taken_after_the_end() {
        let outbox = Outbox::new(8);
        assert!(outbox.put(&frame("a")));
        outbox.close();
        assert!(outbox.put(&frame("b")), "nobody is owed it");
        assert_eq!(taken(&outbox), Some(("a".to_owned(), false)));
        assert!(outbox.take().now_or_never().is_some_and(|it| it.is_none()));
    }
}
