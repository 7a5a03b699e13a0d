use std::time::Duration;

/// When a task whose attempt failed is tried again.
///
/// ```
/// use std::time::Duration;
/// use mainstay_queue::Retry;
/// let retry = Retry::exponential(3).base(Duration::from_secs(5)).exact();
/// assert_eq!(retry.after(1), Some(Duration::from_secs(5)));
/// assert_eq!(retry.after(3), Some(Duration::from_secs(20)));
/// assert_eq!(retry.after(4), None, "the fourth attempt was the last");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    most: u32,
    base: Duration,
    backoff: Backoff,
    jitter: Jitter,
}

/// How the wait grows from one attempt to the next.
#[derive(Clone, Copy, Debug)]
pub enum Backoff {
    /// It doubles.
    Exponential,
    /// It grows by the base.
    Linear,
    /// It stays.
    Fixed,
    /// This says how long to wait after so many attempts.
    By(fn(u32) -> Duration),
}

/// Whether waits differ a little, so that tasks that failed together are not tried together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jitter {
    /// By up to a tenth, in either direction.
    Tenth,
    None,
}

/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Retry {
    /// Three retries, after 5, 10 and 20 seconds.
    pub const DEFAULT: Self = Self::exponential(3);

    /// No retry.
    pub const NEVER: Self = Self::exponential(0);

    /// So many retries, each after twice the time of the one before; the first after 5 seconds.
    pub const fn exponential(most: u32) -> Self {
        Self::new(most, Backoff::Exponential)
    }

    /// So many retries, each after 5 seconds more than the one before.
    pub const fn linear(most: u32) -> Self {
        Self::new(most, Backoff::Linear)
    }

    /// So many retries, each after 5 seconds.
    pub const fn fixed(most: u32) -> Self {
        Self::new(most, Backoff::Fixed)
    }

    /// So many retries, each after what `wait` says of the number of attempts so far.
    pub const fn by(most: u32, wait: fn(u32) -> Duration) -> Self {
        Self::new(most, Backoff::By(wait))
    }

    const fn new(most: u32, backoff: Backoff) -> Self {
        Self { most, base: Duration::from_secs(5), backoff, jitter: Jitter::Tenth }
    }

    /// With another first wait than 5 seconds.
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// With waits of just that long: they differ by up to a tenth otherwise.
    #[must_use]
    pub const fn exact(mut self) -> Self {
        self.jitter = Jitter::None;
        self
    }

    /// With so many retries.
    #[must_use]
    pub const fn most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// How often a task is tried in all.
    pub const fn attempts(&self) -> u32 {
        self.most.saturating_add(1)
    }

    /// How long to wait after so many attempts; `None` when that was the last. Never more than a day.
    pub fn after(&self, attempts: u32) -> Option<Duration> {
        if attempts > self.most {
            return None;
        }
        let wait = match self.backoff {
            Backoff::Exponential => self.base.saturating_mul(1 << attempts.saturating_sub(1).min(30)),
            Backoff::Linear => self.base.saturating_mul(attempts),
            Backoff::Fixed => self.base,
            Backoff::By(wait) => wait(attempts),
        };
        let wait = match self.jitter {
            Jitter::Tenth => wait.min(LONGEST).mul_f64(0.9 + fastrand::f64() / 5.0),
            Jitter::None => wait,
        };
        Some(wait.min(LONGEST))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retry: Retry) -> Vec<u64> {
        (1..=4).filter_map(|attempts| retry.exact().after(attempts)).map(|it| it.as_secs()).collect()
    }

    #[test]
    fn each_backoff_waits_as_its_name_says() {
        assert_eq!(waits(Retry::exponential(3)), [5, 10, 20]);
        assert_eq!(waits(Retry::linear(3)), [5, 10, 15]);
        assert_eq!(waits(Retry::fixed(2)), [5, 5]);
        assert_eq!(
            waits(Retry::by(4, |attempts| Duration::from_secs(u64::from(attempts) * 7))),
            [7, 14, 21, 28]
        );
        assert!(waits(Retry::NEVER).is_empty());
    }

    #[test]
    fn waits_differ_by_a_tenth_and_end_at_a_day() {
        for _ in 0..100 {
            let wait = Retry::fixed(1).after(1).unwrap().as_secs_f64();
            assert!((4.5..=5.5).contains(&wait), "{wait}");
        }
        assert_eq!(Retry::exponential(100).exact().after(90), Some(LONGEST));
    }
}
