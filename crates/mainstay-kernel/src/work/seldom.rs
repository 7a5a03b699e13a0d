use std::time::{Duration, Instant};

/// What takes so many times as long as it may: a fiftieth of the time.
const SHARE: u32 = 50;

/// When to do what has to be done now and then, and takes the longer the more there is: after its period, but so seldom
/// that it takes no more than a fiftieth of the time.
#[derive(Clone, Debug)]
pub struct Seldom {
    period: Duration,
    again: Option<Instant>,
}

impl Seldom {
    /// Once in each period, and now.
    pub fn every(period: Duration) -> Self {
        Self { period, again: None }
    }

    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.again.is_none_or(|again| again <= Instant::now())
    }

    /// It was done, and took this long.
    pub fn took(&mut self, time: Duration) {
        self.again = Some(Instant::now() + self.period.max(time * SHARE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_done_more_seldom() {
        let mut seldom = Seldom::every(Duration::ZERO);
        assert!(seldom.is_due(), "it was never done");
        seldom.took(Duration::ZERO);
        assert!(seldom.is_due(), "its period is over");
        seldom.took(Duration::from_secs(3));
        let wait = seldom.again.unwrap() - Instant::now();
        assert!(!seldom.is_due() && wait > Duration::from_secs(140), "{wait:?}");
    }
}
