use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{Clock, Error, ErrorKind, Generations, Result, Timestamp};

/// How many calls are admitted within a time: that many at once, and then as evenly as they come back.
///
/// ```
/// use mainstay_kernel::Rate;
/// use std::time::Duration;
/// assert_eq!(Rate::new(100, Duration::from_secs(60)).to_string(), "100/60s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub limit: u32,
    /// Within this time.
    pub per: Duration,
}

impl Rate {
    /// So many within this time; at least one.
    pub const fn new(limit: u32, per: Duration) -> Self {
        Self { limit: if limit == 0 { 1 } else { limit }, per }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.limit, self.per)
    }
}

/// Where a caller stands with a [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many calls are admitted within the rate's time.
    pub limit: u64,
    /// How many are left now.
    pub remaining: u64,
    /// How long until all of them are there again.
    pub reset: Duration,
    /// How long until the next one is admitted.
    pub retry_after: Duration,
}

/// How many callers are remembered. An attacker who invents more is admitted more often, and costs no more memory.
const CALLERS: usize = 100_000;

/// Counts calls. Each process counts for itself.
#[derive(Debug)]
pub struct Limiter {
    clock: Clock,
    names: RandomState,
    /// When each caller will have all its calls back, in nanoseconds. That is all that GCRA has to know.
    whole_at: Mutex<Generations<u64, i64>>,
}

impl Limiter {
    pub(crate) fn new(clock: Clock) -> Self {
        let whole_at = Mutex::new(Generations::new(CALLERS, 0));
        Self { clock, names: RandomState::new(), whole_at }
    }

    /// Takes one call of `what` for `who`, and says how many are left.
    ///
    /// # Errors
    /// Rate limited, when none is.
    // It waits for nothing yet: counts that processes share are asked for over the network.
    #[expect(clippy::unused_async, reason = "counts that processes share are asked for over the network")]
    pub async fn take(&self, what: &str, who: &str, rate: Rate) -> Result<Quota> {
        let name = self.names.hash_one((what, who));
        let now = self.clock.now().as_micros().saturating_mul(1000);
        let mut known = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = known.get(&name).copied().unwrap_or(now);
        let step = Step::of(rate, whole_at, now);
        if let Some(whole_at) = step.whole_at {
            known.put(name, whole_at, 0);
            Ok(step.quota)
        } else {
            Err(Error::new(ErrorKind::RateLimited(step.quota)))
        }
    }
}

/// A [`Rate`] of one thing, which waits for its turn.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    whole_at: Mutex<i64>,
}

impl Pace {
    /// Nothing was taken yet.
    pub const fn new(rate: Rate) -> Self {
        Self { rate, whole_at: Mutex::new(0) }
    }

    /// Takes one turn.
    ///
    /// # Errors
    /// How long it is until there is one.
    pub fn take(&self, now: Timestamp) -> Result<(), Duration> {
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let step = Step::of(self.rate, *whole_at, now.as_micros().saturating_mul(1000));
        *whole_at = step.whole_at.ok_or(step.quota.retry_after)?;
        Ok(())
    }
}

/// One step of the generic cell rate algorithm (ITU-T I.371).
struct Step {
    quota: Quota,
    /// When all calls will be there again; none if the call was not admitted.
    whole_at: Option<i64>,
}

impl Step {
    fn of(rate: Rate, whole_at: i64, now: i64) -> Self {
        let limit = i64::from(rate.limit);
        let per = i64::try_from(rate.per.as_nanos()).unwrap_or(i64::MAX / 4);
        // Rounded up, so that never more than the limit fit into what is all of them.
        let each = (per / limit + i64::from(per % limit != 0)).max(1);
        let all = each.saturating_mul(limit);
        let after = whole_at.max(now).saturating_add(each);
        let is_admitted = after.saturating_sub(all) <= now;
        let whole_at = if is_admitted { after } else { whole_at };
        let used = whole_at.saturating_sub(now);
        let remaining = if is_admitted { u64::try_from((all - used) / each).unwrap_or(0) } else { 0 };
        let quota = Quota {
            limit: rate.limit.into(),
            remaining,
            reset: nanos(used),
            retry_after: nanos(used + each - all),
        };
        Self { quota, whole_at: is_admitted.then_some(whole_at) }
    }
}

fn nanos(count: i64) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> (Limiter, Clock) {
        let clock = Clock::manual(Timestamp::from_micros(1_000_000));
        (Limiter::new(clock.clone()), clock)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_pace_says_how_long_to_wait() {
        let (pace, mut now) = (Pace::new(Rate::new(2, seconds(10))), Timestamp::from_micros(1_000_000));
        assert_eq!((pace.take(now), pace.take(now)), (Ok(()), Ok(())));
        assert_eq!(pace.take(now), Err(seconds(5)));
        now = now.plus(seconds(5));
        assert_eq!((pace.take(now), pace.take(now)), (Ok(()), Err(seconds(5))));
    }

    #[tokio::test]
    async fn as_many_are_admitted_at_once_as_the_rate_says_and_then_one_after_the_other() {
        let (limiter, clock) = limiter();
        let rate = Rate::new(3, seconds(60));
        for left in [2, 1, 0] {
            assert_eq!(limiter.take("a", "ann", rate).await.unwrap().remaining, left);
        }
        let refused = limiter.take("a", "ann", rate).await.unwrap_err();
        let quota = Quota { limit: 3, remaining: 0, reset: seconds(60), retry_after: seconds(20) };
        assert_eq!(refused.kind(), &ErrorKind::RateLimited(quota));
        clock.advance(seconds(19));
        assert!(limiter.take("a", "ann", rate).await.is_err(), "what was refused is not counted either");
        clock.advance(seconds(1));
        let again = limiter.take("a", "ann", rate).await.unwrap();
        assert_eq!((again.remaining, again.retry_after), (0, seconds(20)));
        clock.advance(seconds(60));
        assert_eq!(limiter.take("a", "ann", rate).await.unwrap().remaining, 2);
    }

    #[tokio::test]
    async fn each_caller_and_each_thing_is_counted_by_itself() {
        let (limiter, _) = limiter();
        let rate = Rate::new(1, seconds(1));
        for (what, who) in [("a", "ann"), ("a", "eve"), ("b", "ann")] {
            assert!(limiter.take(what, who, rate).await.is_ok());
            assert!(limiter.take(what, who, rate).await.is_err());
        }
    }

    #[tokio::test]
    async fn no_rate_admits_more_than_its_limit_at_once() {
        for limit in [1, 7, 100, 70_000] {
            let (limiter, _) = limiter();
            let rate = Rate::new(limit, seconds(1));
            let mut admitted = 0;
            while limiter.take("a", "ann", rate).await.is_ok() {
                admitted += 1;
            }
            assert_eq!(admitted, limit);
        }
    }
}
