//! Waiting for another process: it is asked again and again, and not for ever.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a test that gets here has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What `ask` finds, once it finds something.
///
/// # Panics
/// When it has found nothing for [`PATIENCE`].
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        breath();
    }
}

/// The time between two looks at another process.
#[expect(clippy::disallowed_methods, reason = "another process sends no wake-ups")]
pub(crate) fn breath() {
    thread::sleep(Duration::from_millis(5));
}
