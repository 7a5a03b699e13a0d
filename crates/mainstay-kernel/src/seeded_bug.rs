//! Bugs that are put in to see that the checkers of `cargo xtask chaos` and `cargo xtask oracle` find them, in builds with the
//! feature `seeded-bugs`. In every other build they are nothing.

/// A promise that is broken on purpose: the one that `MAINSTAY_CHAOS_BUG` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeededBug {
    /// An attempt that lost its task commits all the same.
    NoFence,
    /// A task's row is deleted when its attempt begins, instead of with its end.
    DeletedAtBegin,
    /// A request is answered and its answer not kept.
    NotKept,
    /// A task that was taken back stays, and runs.
    CancelledRuns,
    /// Every process takes each tick for its own.
    TickTwice,
    /// The tasks of a transaction that failed are left behind all the same.
    TasksOutliveRollback,
    /// On PostgreSQL: transactions see each other's changes (READ COMMITTED).
    WeakIsolation,
    /// On SQLite: the last of a key's tasks is claimed first.
    KeyDisorder,
    /// A live query is not told of some changes that concern it.
    LiveSkipsCandidate,
    /// What a row was before a change is not looked at by live queries.
    LiveForgetsBefore,
    /// Missing values come first where live queries sort.
    LiveNullsFirst,
    /// On PostgreSQL: changes of transactions that were open at the last look are not told.
    LiveForgetsOpen,
}

impl SeededBug {
    /// Those of live queries.
    pub const LIVE: [Self; 4] =
        [Self::LiveSkipsCandidate, Self::LiveForgetsBefore, Self::LiveNullsFirst, Self::LiveForgetsOpen];

    /// Each of all else.
    pub const ALL: [Self; 8] = [
        Self::NoFence,
        Self::DeletedAtBegin,
        Self::NotKept,
        Self::CancelledRuns,
        Self::TickTwice,
        Self::TasksOutliveRollback,
        Self::WeakIsolation,
        Self::KeyDisorder,
    ];

    /// What it is called in the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoFence => "no-fence",
            Self::DeletedAtBegin => "deleted-at-begin",
            Self::NotKept => "not-kept",
            Self::CancelledRuns => "cancelled-runs",
            Self::TickTwice => "tick-twice",
            Self::TasksOutliveRollback => "tasks-outlive-rollback",
            Self::WeakIsolation => "weak-isolation",
            Self::KeyDisorder => "key-disorder",
            Self::LiveSkipsCandidate => "live-skips-candidate",
            Self::LiveForgetsBefore => "live-forgets-before",
            Self::LiveNullsFirst => "live-nulls-first",
            Self::LiveForgetsOpen => "live-forgets-open",
        }
    }

    /// Whether this process has it.
    #[inline]
    pub fn is_on(self) -> bool {
        #[cfg(feature = "seeded-bugs")]
        {
            static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
            let named = NAMED.get_or_init(|| std::env::var("MAINSTAY_CHAOS_BUG").ok());
            named.as_deref() == Some(self.name())
        }
        #[cfg(not(feature = "seeded-bugs"))]
        false
    }
}
