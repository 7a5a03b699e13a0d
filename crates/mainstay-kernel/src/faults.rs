//! Faults that a test makes happen at a named point of a write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A point at which a write can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// The database goes away before the commit: nothing was written, and the write is unavailable.
    BeforeCommit,
    /// The commit finds a conflict: nothing was written, and the handler runs again.
    Conflict,
    /// It is committed and the answer is lost: a request replays what was kept, for another write the outcome
    /// is unknown.
    AfterCommit,
}

/// How often a fault is still to happen at each point. Nothing is armed unless a test arms it. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<[AtomicU32; 3]>);

impl Faults {
    /// Makes the next so many writes fail at this point.
    pub fn arm(&self, point: FaultPoint, times: u32) {
        self.at(point).store(times, Ordering::Release);
    }

    /// How many of those that were armed are still to happen.
    pub fn left(&self, point: FaultPoint) -> u32 {
        self.at(point).load(Ordering::Acquire)
    }

    /// Whether the fault happens now.
    pub(crate) fn strikes(&self, point: FaultPoint) -> bool {
        let left = self.at(point);
        left.load(Ordering::Relaxed) > 0
            && left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |it| it.checked_sub(1)).is_ok()
    }

    fn at(&self, point: FaultPoint) -> &AtomicU32 {
        &self.0[point as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_armed() {
        let faults = Faults::default();
        assert!(!faults.strikes(FaultPoint::Conflict));
        faults.arm(FaultPoint::Conflict, 2);
        let struck = [0; 3].map(|_| faults.clone().strikes(FaultPoint::Conflict));
        assert_eq!((struck, faults.left(FaultPoint::Conflict)), ([true, true, false], 0));
        assert!(!faults.strikes(FaultPoint::AfterCommit));
    }
}
