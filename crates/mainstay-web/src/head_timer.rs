//! The timer behind the limit on a request's head. hyper asks for a fresh sleep per request; tokio
//! would enter and leave its timer wheel for each, at a cost that shows beside a small answer.
//! Deadlines of one connection only move forward, so one alarm per connection is enough:
//! it stays where it is, and moves to the deadline of the day when it goes off too early.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// One connection's timer.
#[derive(Clone, Default)]
pub(crate) struct HeadTimer(Arc<Mutex<Alarm>>);

/// Never set later than the deadline that is waited for.
type Alarm = Option<Pin<Box<tokio::time::Sleep>>>;

struct HeadSleep {
    deadline: tokio::time::Instant,
    alarm: Arc<Mutex<Alarm>>,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HeadSleep { deadline: deadline.into(), alarm: Arc::clone(&self.0) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    #[expect(clippy::disallowed_methods, reason = "a socket's deadline follows the runtime's clock")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        let alarm = alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(self.deadline)));
        while alarm.as_mut().poll(cx).is_ready() {
            if alarm.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(self.deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn each_sleep_ends_at_its_own_deadline_however_the_alarm_was_set() {
        let timer = HeadTimer::default();
        let begun = tokio::time::Instant::now();
        for _ in 0..3 {
            let unfinished = timer.sleep(LIMIT);
            let _given_up = tokio::time::timeout(Duration::from_secs(4), unfinished).await;
        }
        assert_eq!(begun.elapsed(), Duration::from_secs(12));
        timer.sleep(LIMIT).await;
        assert_eq!(begun.elapsed().as_secs(), 22);
        timer.sleep(LIMIT).await;
        assert_eq!(begun.elapsed().as_secs(), 32);
    }
}
