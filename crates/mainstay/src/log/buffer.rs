use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How much is held back at most, in bytes.
const FULL: usize = 32 * 1024;
/// How long it is held back at most.
const HELD: Duration = Duration::from_millis(100);

/// Lines on their way to standard error, written together: a system call for each request would
/// cost more than the request.
#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

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

    /// Takes a line, and writes what is held back once that is much.
    pub(crate) fn push(&self, line: &[u8]) {
        let full = {
            let mut held = self.lock();
            held.extend_from_slice(line);
            held.len() >= FULL
        };
        if full {
            self.flush();
        }
    }

    /// Writes what is held back.
    pub(crate) fn flush(&self) {
        let held = std::mem::take(&mut *self.lock());
        if !held.is_empty() {
            // A closed standard error is no reason to stop serving.
            let _ = io::stderr().write_all(&held);
        }
    }

    /// What is held back, taken out.
    #[cfg(test)]
    pub(crate) fn held(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.lock())).expect("lines are text")
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_held_back_until_they_fill_the_buffer() {
        let buffer = Buffer::default();
        buffer.push(b"one line\n");
        assert_eq!(buffer.lock().len(), 9);
        buffer.flush();
        assert!(buffer.lock().is_empty());
    }
}
