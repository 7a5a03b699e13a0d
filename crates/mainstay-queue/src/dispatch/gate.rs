use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One turn of a queue of weight 1.
const STRIDE: u64 = 1 << 20;

/// How many tasks run at the same time in this process, over all queues, and whose turn it is when there are more:
/// stride scheduling (Waldspurger and Weihl, 1995), in which a queue of weight 3 gets three turns for one of a queue
/// of weight 1.
pub(super) struct Gate(Mutex<State>);

struct State {
    /// Without a bound there is always a seat.
    free: Option<usize>,
    shares: BTreeMap<&'static str, Share>,
    /// How far the queue was that had the last turn.
    now: u64,
}

struct Share {
    stride: u64,
    /// Whoever is least far is next.
    pass: u64,
    waits: bool,
}

/// A seat of one task, free again when dropped.
pub(super) struct Seat(Arc<Gate>);

impl Gate {
    /// Seats for so many tasks, and the weights of the queues.
    pub(super) fn new(seats: Option<u32>, weights: impl IntoIterator<Item = (&'static str, u32)>) -> Self {
        let share = |weight: u32| Share { stride: STRIDE / u64::from(weight.max(1)), pass: 0, waits: false };
        let shares = weights.into_iter().map(|(queue, weight)| (queue, share(weight))).collect();
        Self(Mutex::new(State { free: seats.map(|it| it as usize), shares, now: 0 }))
    }

    /// A seat for a task of this queue. Where there is none the queue waits for its turn.
    pub(super) fn enter(self: &Arc<Self>, queue: &str) -> Option<Seat> {
        let mut state = self.state();
        let State { free, shares, now } = &mut *state;
        let share = shares.get_mut(queue)?;
        let Some(free) = free else { return Some(Seat(Arc::clone(self))) };
        share.waits = *free == 0;
        if share.waits {
            return None;
        }
        *free -= 1;
        // Who was away has no claim to the turns that it did not take.
        *now = share.pass.max(*now);
        share.pass = *now + share.stride;
        Some(Seat(Arc::clone(self)))
    }

    /// The queue whose turn it is, if there is a seat for it. It is asked once.
    pub(super) fn next(&self) -> Option<&'static str> {
        let mut state = self.state();
        if state.free == Some(0) {
            return None;
        }
        let waiting = state.shares.iter_mut().filter(|(_, share)| share.waits);
        let (queue, share) = waiting.min_by_key(|(_, share)| share.pass)?;
        share.waits = false;
        Some(queue)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(free) = &mut self.0.state().free {
            *free += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_have_turns_by_their_weight() {
        let gate = Arc::new(Gate::new(Some(1), [("light", 1), ("heavy", 3)]));
        let mut seat = gate.enter("light");
        let mut turns = BTreeMap::from([("light", 1), ("heavy", 0)]);
        for _ in 0..39 {
            for queue in ["light", "heavy"] {
                assert!(gate.enter(queue).is_none(), "the seat is taken");
            }
            drop(seat.take());
            let next = gate.next().unwrap();
            *turns.get_mut(next).unwrap() += 1;
            seat = gate.enter(next);
        }
        assert_eq!((turns["light"], turns["heavy"]), (10, 30));
    }

    #[test]
    fn who_was_away_does_not_catch_up() {
        let gate = Arc::new(Gate::new(Some(1), [("busy", 1), ("late", 1)]));
        for _ in 0..10 {
            drop(gate.enter("busy").unwrap());
        }
        let mut seat = gate.enter("late");
        let mut served = Vec::new();
        for _ in 0..4 {
            assert!(gate.enter("busy").is_none() && gate.enter("late").is_none());
            drop(seat.take());
            let next = gate.next().unwrap();
            served.push(next);
            seat = gate.enter(next);
        }
        assert_eq!(served, ["busy", "late", "busy", "late"]);
    }

    #[test]
    fn without_a_bound_nobody_waits() {
        let gate = Arc::new(Gate::new(None, [("one", 1)]));
        let seats: Vec<_> = (0..100).map(|_| gate.enter("one")).collect();
        assert!(seats.iter().all(Option::is_some));
        assert_eq!(gate.next(), None);
    }
}
