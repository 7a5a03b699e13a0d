//! Points at which a process dies when it is told to, in builds with the feature `failpoints`. In every other build
//! they are nothing.

use std::time::Duration;

/// A point between two steps of which a crash must not lose or double anything.
///
/// `MAINSTAY_CHAOS_FAILPOINT=committed:3` ends the process, without a word to anybody, when it reaches that point
/// for the third time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// A handler has succeeded, and nothing of its commit was sent.
    BeforeCommit,
    /// A commit is on its way, and its answer is not heard.
    CommitSent,
    /// On SQLite: members of a group have ended, and their commit has not begun.
    GroupOpen,
    /// It is committed; nobody was answered, and its tasks were not handed over.
    Committed,
    /// Its tasks were handed over, and nobody was answered.
    Delivered,
    /// Tasks were claimed, and none of them has begun.
    Claimed,
    /// An attempt is about to begin.
    Begun,
    /// A worker has succeeded, and the transaction that ends its task is open.
    WorkerDone,
    /// The transaction that ends a task is committed, and nothing in this process knows.
    WorkerCommitted,
    /// A worker without a transaction has succeeded, and its task is not ended.
    Worked,
    /// Tasks that are due were made ready, and nobody was told.
    Promoted,
    /// A tick is written, and its transaction is open.
    TickWritten,
    /// A tick is committed, and nothing in this process knows.
    Ticked,
}

impl Failpoint {
    /// Each of them.
    pub const ALL: [Self; 13] = [
        Self::BeforeCommit,
        Self::CommitSent,
        Self::GroupOpen,
        Self::Committed,
        Self::Delivered,
        Self::Claimed,
        Self::Begun,
        Self::WorkerDone,
        Self::WorkerCommitted,
        Self::Worked,
        Self::Promoted,
        Self::TickWritten,
        Self::Ticked,
    ];

    /// What it is called in the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeCommit => "before-commit",
            Self::CommitSent => "commit-sent",
            Self::GroupOpen => "group-open",
            Self::Committed => "committed",
            Self::Delivered => "delivered",
            Self::Claimed => "claimed",
            Self::Begun => "begun",
            Self::WorkerDone => "worker-done",
            Self::WorkerCommitted => "worker-committed",
            Self::Worked => "worked",
            Self::Promoted => "promoted",
            Self::TickWritten => "tick-written",
            Self::Ticked => "ticked",
        }
    }

    /// The process is here: the end of it, when it was told to die here.
    #[inline]
    pub fn reach(self) {
        #[cfg(feature = "failpoints")]
        if armed::is_due(self) {
            armed::die(self);
        }
    }

    /// The process is about to be here: it dies within a moment, while it goes on.
    #[inline]
    pub fn approach(self) {
        #[cfg(feature = "failpoints")]
        if armed::is_due(self) {
            armed::die_soon(self);
        }
    }
}

/// Lets the machine's clock jump, as this process sees it, in builds with the feature `failpoints`. `ahead` is by how
/// much it is wrong from now on.
pub fn shift_clock(ahead: Duration) {
    #[cfg(feature = "failpoints")]
    armed::AHEAD.store(i64::try_from(ahead.as_micros()).unwrap_or(0), std::sync::atomic::Ordering::SeqCst);
    #[cfg(not(feature = "failpoints"))]
    let _ = ahead;
}

/// By how many microseconds the clock was shifted.
pub(crate) fn ahead() -> i64 {
    #[cfg(feature = "failpoints")]
    return armed::AHEAD.load(std::sync::atomic::Ordering::SeqCst);
    #[cfg(not(feature = "failpoints"))]
    0
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::env;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
    use std::time::Duration;

    use super::Failpoint;

    pub(super) static AHEAD: AtomicI64 = AtomicI64::new(0);

    /// How often the point is still to be reached.
    struct Armed {
        point: Failpoint,
        left: AtomicU32,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    /// Whether the process is to die here, now.
    pub(super) fn is_due(point: Failpoint) -> bool {
        let armed = ARMED.get_or_init(|| read(&env::var("MAINSTAY_CHAOS_FAILPOINT").ok()?));
        armed
            .as_ref()
            .is_some_and(|armed| armed.point == point && armed.left.fetch_sub(1, Ordering::SeqCst) == 1)
    }

    fn read(text: &str) -> Option<Armed> {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let point = Failpoint::ALL.into_iter().find(|it| it.name() == name);
        let (Some(point), Ok(count)) = (point, count.parse()) else {
            panic!("MAINSTAY_CHAOS_FAILPOINT is `{text}`, expected such as `committed:3`");
        };
        Some(Armed { point, left: AtomicU32::new(count) })
    }

    pub(super) fn die(point: Failpoint) -> ! {
        eprintln!("failpoint {} reached", point.name());
        std::process::abort();
    }

    /// Anywhere within a commit's time, which is a millisecond or so.
    #[expect(clippy::disallowed_methods, reason = "the other side is given a moment, and not waited for")]
    pub(super) fn die_soon(point: Failpoint) {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..1500)));
            die(point);
        });
    }
}
