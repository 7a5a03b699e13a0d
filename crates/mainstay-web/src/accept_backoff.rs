//! What to do when accepting a connection fails.

use std::io::{Error, ErrorKind};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1);

/// How long to wait after failures that will not go away by trying again at once, such as running
/// out of file descriptors: 5 ms, doubling up to 1 s, until a connection is accepted.
#[derive(Debug, Default)]
pub(crate) struct AcceptBackoff {
    last: Option<Duration>,
}

impl AcceptBackoff {
    /// A connection was accepted.
    pub(crate) const fn reset(&mut self) {
        self.last = None;
    }

    /// The wait after `error`; `None` when only the one connection is lost and the next may be fine.
    pub(crate) fn after(&mut self, error: &Error) -> Option<Duration> {
        let is_only_this_client = matches!(
            error.kind(),
            ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionRefused
                | ErrorKind::Interrupted
        );
        if is_only_this_client {
            return None;
        }
        let wait = self.last.map_or(FIRST, |last| LONGEST.min(last * 2));
        self.last = Some(wait);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_of_descriptors_waits_longer_each_time_and_a_lost_client_does_not() {
        let emfile = Error::from_raw_os_error(24);
        let mut backoff = AcceptBackoff::default();
        assert_eq!(backoff.after(&emfile), Some(FIRST));
        assert_eq!(backoff.after(&emfile), Some(FIRST * 2));
        assert_eq!(backoff.after(&ErrorKind::ConnectionAborted.into()), None);
        let last = (0..20).filter_map(|_| backoff.after(&emfile)).last();
        assert_eq!(last, Some(LONGEST));
        backoff.reset();
        assert_eq!(backoff.after(&emfile), Some(FIRST));
    }
}
