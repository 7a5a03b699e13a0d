use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Seldom, Task};

/// How long a commit may take after its tasks have got their numbers before it is a late one, and a very late one as of
/// a transaction that leaves a hundred thousand.
const LATE: Duration = Duration::from_millis(250);
const VERY_LATE: Duration = Duration::from_secs(5);

/// How often the whole queue is looked at, for what was committed later still.
const WHOLE: Duration = Duration::from_secs(1);

/// For so many sets of names that are left out it is known where claims have come to.
const LINES: usize = 8;

/// For so many priorities it is.
const PRIORITIES: usize = 16;

/// The priority of nearly every task.
const USUAL: i16 = 100;

/// Beyond every priority there can be.
const LEAST: i32 = i16::MIN as i32 - 1;
const MOST: i32 = i16::MAX as i32 + 1;

/// How far a process has come in claiming a queue's tasks without keys: the next claim begins where the last one ended,
/// and not at the first task that ever was. PostgreSQL keeps what has ended for as long as any transaction is open that
/// might ask for it, and a claim that began in front would walk over all of it.
///
/// A task that was committed after a claim had passed its number is found a little later. Four times a second a claim
/// begins where claims had come to a quarter of a second before; every five seconds, where they had come to five seconds
/// before; and once a second in front, more seldom where that takes long, for it takes no more than a fiftieth of the
/// time. A task that is given back is found at once: it gets a place in front of those that never ran.
#[derive(Debug)]
pub struct Trail {
    queue: String,
    /// By the names that claims left out.
    lines: BTreeMap<Vec<String>, Line>,
}

/// Where claims that left out certain names have come to.
#[derive(Clone, Debug)]
struct Line {
    reach: Reach,
    late: Back,
    very_late: Back,
    whole: Seldom,
}

/// Looks at what was passed, so long after that.
#[derive(Clone, Debug)]
struct Back {
    after: Duration,
    /// Where claims had come to at the last such looks: the older one, and the newer one.
    before: [Reach; 2],
    looked: Option<Instant>,
}

/// Where a claim begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Where the last one ended.
    On,
    /// Where they had come to a moment ago.
    Late,
    /// Where they had come to some seconds ago.
    VeryLate,
    /// In front.
    Whole,
}

/// The numbers up to which the tasks of a priority are claimed, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach(BTreeMap<i16, i64>);

/// Where tasks are looked for: among those of the first priority that were given back; behind this number among the
/// others of it; and then up to the last priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i32,
    pub(crate) after: i64,
    pub(crate) last: i32,
}

/// What a claim got.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) tasks: Vec<Task>,
    /// The last number that a task has, unless the queue is paused.
    pub(crate) numbered: Option<i64>,
}

/// A claim under way.
pub(crate) struct Step<'a> {
    line: &'a mut Line,
    look: Look,
    began: Instant,
    from: Reach,
}

impl Trail {
    /// One that has not begun.
    pub fn of(queue: &str) -> Self {
        Self { queue: queue.to_owned(), lines: BTreeMap::new() }
    }

    /// The queue.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// The next claim, which leaves out these names.
    pub(crate) fn step(&mut self, except: &[String], now: Instant) -> Step<'_> {
        if !self.lines.contains_key(except) {
            // What those who left out nothing have passed is claimed.
            let known = self.lines.get(&[][..]).cloned();
            if self.lines.len() >= LINES {
                self.lines.retain(|names, _| names.is_empty());
            }
            self.lines.insert(except.to_vec(), known.unwrap_or_else(Line::new));
        }
        let line = self.lines.entry(except.to_vec()).or_insert_with(Line::new);
        let look = line.next(now);
        let from = match look {
            Look::On => line.reach.clone(),
            Look::Late => line.late.before[0].clone(),
            Look::VeryLate => line.very_late.before[0].clone(),
            Look::Whole => Reach::none(),
        };
        Step { line, look, began: now, from }
    }
}

impl Line {
    fn new() -> Self {
        Self {
            reach: Reach::none(),
            late: Back::after(LATE),
            very_late: Back::after(VERY_LATE),
            whole: Seldom::every(WHOLE),
        }
    }

    fn next(&self, now: Instant) -> Look {
        if self.whole.is_due() {
            Look::Whole
        } else if self.very_late.is_due(now) {
            Look::VeryLate
        } else if self.late.is_due(now) {
            Look::Late
        } else {
            Look::On
        }
    }
}

impl Back {
    fn after(after: Duration) -> Self {
        Self { after, before: [Reach::none(), Reach::none()], looked: None }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|at| now.duration_since(at) >= self.after)
    }

    /// What was passed since the look before the last one is looked at twice: once at the latest so long after.
    fn looked(&mut self, at: Instant, reach: &Reach) {
        self.before.swap(0, 1);
        self.before[1] = reach.clone();
        self.looked = Some(at);
    }
}

impl Step<'_> {
    /// Where it looks, in this order.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.from.spans()
    }

    /// Notes what it got, in the order of priority and number, of at most so many; the tasks.
    pub(crate) fn end(self, claimed: Claimed, most: u32) -> Vec<Task> {
        let Self { line, look, began, .. } = self;
        line.reach.advance(&claimed, most);
        match look {
            Look::On => {}
            Look::Late => line.late.looked(began, &line.reach),
            Look::VeryLate => line.very_late.looked(began, &line.reach),
            Look::Whole => line.whole.took(began.elapsed()),
        }
        claimed.tasks
    }
}

impl Reach {
    /// Nothing is claimed yet.
    pub(crate) fn none() -> Self {
        Self(BTreeMap::from([(USUAL, 0)]))
    }

    /// What is not claimed yet, the most urgent first. Tasks that were given back have numbers below zero.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let firsts = std::iter::once((LEAST, 0)).chain(self.0.iter().map(|(it, seq)| ((*it).into(), *seq)));
        let lasts = self.0.keys().map(|it| i32::from(*it) - 1).chain([MOST]);
        firsts.zip(lasts).map(|((first, after), last)| Span { first, after, last }).collect()
    }

    fn advance(&mut self, claimed: &Claimed, most: u32) {
        let Some(numbered) = claimed.numbered else { return };
        if self.0.len() > PRIORITIES {
            *self = Self::none();
        }
        for task in claimed.tasks.iter().filter(|it| it.seq > 0) {
            self.0.insert(task.priority, task.seq);
        }
        // A claim that is full has seen all that is more urgent than its last one; another has seen everything.
        let full = claimed.tasks.len() >= most as usize;
        let last = if full { claimed.tasks.last().map(|it| it.priority) } else { None };
        for (priority, seq) in &mut self.0 {
            if last.is_none_or(|last| *priority < last) {
                *seq = numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Timestamp;
    use crate::work::TaskId;

    fn task((priority, seq): (i16, i64)) -> Task {
        Task {
            id: TaskId::new(),
            queue: "jobs".to_owned(),
            name: "it".to_owned(),
            key: None,
            priority,
            body: "null".to_owned(),
            meta: "{}".to_owned(),
            attempt: 1,
            errors: "[]".to_owned(),
            created_at: Timestamp::EPOCH,
            owner: Uuid::nil(),
            seq,
            place: String::new(),
        }
    }

    fn claimed<const N: usize>(numbered: i64, tasks: [(i16, i64); N]) -> Claimed {
        Claimed { tasks: tasks.map(task).into(), numbered: Some(numbered) }
    }

    /// One that was begun long ago, when nobody had claimed anything.
    fn trail(now: Instant) -> Trail {
        let mut trail = Trail::of("jobs");
        for look in [Look::Whole, Look::VeryLate, Look::Late] {
            let step = trail.step(&[], now);
            assert_eq!(step.look, look);
            step.end(claimed(0, []), 2);
        }
        trail
    }

    fn spans(trail: &mut Trail, now: Instant) -> Vec<Span> {
        trail.step(&[], now).spans()
    }

    /// Those behind these numbers of these priorities.
    fn behind(known: &[(i16, i64)]) -> Vec<Span> {
        Reach(known.iter().copied().collect()).spans()
    }

    #[test]
    fn a_claim_begins_where_the_last_one_ended() {
        let now = Instant::now();
        let mut trail = trail(now);
        trail.step(&[], now).end(claimed(20, [(100, 3), (100, 4)]), 2);
        let urgent = Span { first: LEAST, after: 0, last: 99 };
        assert_eq!(spans(&mut trail, now), [urgent, Span { first: 100, after: 4, last: MOST }]);
    }

    #[test]
    fn what_is_more_urgent_than_the_last_one_was_seen_to_its_end() {
        let now = Instant::now();
        let mut trail = trail(now);
        trail.step(&[], now).end(claimed(20, [(7, 3), (100, 4)]), 2);
        assert_eq!(spans(&mut trail, now), behind(&[(7, 20), (100, 4)]));
        trail.step(&[], now).end(claimed(30, [(100, 25)]), 2);
        assert_eq!(spans(&mut trail, now), behind(&[(7, 30), (100, 30)]));
    }

    #[test]
    fn a_paused_queue_was_not_seen() {
        let now = Instant::now();
        let mut trail = trail(now);
        let before = spans(&mut trail, now);
        trail.step(&[], now).end(Claimed { tasks: Vec::new(), numbered: None }, 2);
        assert_eq!(spans(&mut trail, now), before);
    }

    #[test]
    fn tasks_that_were_given_back_say_nothing_of_the_others() {
        let now = Instant::now();
        let mut trail = trail(now);
        trail.step(&[], now).end(claimed(20, [(100, -9), (100, -8)]), 2);
        assert_eq!(spans(&mut trail, now), behind(&[(100, 0)]));
    }

    #[test]
    fn what_was_committed_a_little_late_is_looked_for_twice() {
        let now = Instant::now();
        let mut trail = trail(now);
        trail.step(&[], now).end(claimed(20, [(100, 20)]), 2);
        assert_eq!(spans(&mut trail, now), behind(&[(100, 20)]));
        let mut at = now;
        // What is passed at one look back is where the one after the next begins.
        for from in [0, 0, 20, 20] {
            at += LATE;
            let step = trail.step(&[], at);
            assert_eq!((step.look, step.spans()), (Look::Late, behind(&[(100, from)])));
            step.end(claimed(20, []), 2);
        }
    }

    #[test]
    fn each_set_of_names_left_out_has_its_own_way() {
        let now = Instant::now();
        let mut trail = trail(now);
        let one = ["one".to_owned()];
        trail.step(&one, now).end(claimed(20, [(100, 20)]), 2);
        assert_eq!(trail.step(&one, now).spans(), behind(&[(100, 20)]));
        assert_eq!(spans(&mut trail, now), behind(&[(100, 0)]), "`one` is not claimed");
        trail.step(&[], now).end(claimed(20, [(100, 6), (100, 7)]), 2);
        let two = ["two".to_owned()];
        assert_eq!(trail.step(&two, now).spans(), behind(&[(100, 7)]), "nothing was left out up to there");
    }
}
