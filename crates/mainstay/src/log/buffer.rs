use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::stamp::Stamp;

/// How much is held back at most, in bytes.
const FULL: usize = 32 * 1024;
/// How long it is held back at most.
const HELD: Duration = Duration::from_millis(100);

/// Lines on their way to standard error, written together: a system call for each request would
/// cost more than the request.
#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Shared>);

#[derive(Default)]
struct Shared {
    held: Mutex<Held>,
    /// What is being written. Locked before `held`, so that lines keep their order.
    writing: Mutex<Vec<u8>>,
}

/// What is held back.
#[derive(Default)]
pub(super) struct Held {
    pub(super) text: Vec<u8>,
    pub(super) stamp: Stamp,
}

impl Buffer {
    /// Writes what is held back, again and again until `stopping`, and then the rest.
    pub(crate) async fn drain(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(HELD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stopping.is_cancelled() {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stopping.cancelled() => {}
            }
            self.flush();
        }
    }

    /// Lets `line` add itself to what is held back, and writes that once it is much.
    pub(super) fn push(&self, line: impl FnOnce(&mut Held)) {
        let full = {
            let mut held = lock(&self.0.held);
            line(&mut held);
            held.text.len() >= FULL
        };
        if full {
            self.flush();
        }
    }

    /// Writes what is held back.
    pub(crate) fn flush(&self) {
        let mut writing = lock(&self.0.writing);
        // Two texts take turns, so that neither grows anew.
        std::mem::swap(&mut lock(&self.0.held).text, &mut *writing);
        if !writing.is_empty() {
            // A closed standard error is no reason to stop serving.
            let _ = io::stderr().write_all(&writing);
            writing.clear();
        }
    }

    /// What is held back, taken out.
    #[cfg(test)]
    pub(super) fn held(&self) -> String {
        String::from_utf8(std::mem::take(&mut lock(&self.0.held).text)).expect("lines are text")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_held_back_until_they_fill_the_buffer() {
        let buffer = Buffer::default();
        let held = || lock(&buffer.0.held).text.len();
        buffer.push(|held| held.text.extend_from_slice(b"one line\n"));
        assert_eq!(held(), 9);
        buffer.flush();
        assert_eq!(held(), 0);
        buffer.push(|held| held.text.resize(FULL, b'\n'));
        assert_eq!(held(), 0, "it was full");
    }
}
