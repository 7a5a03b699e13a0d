use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cohort::{CohortId, View};
use crate::outbox::Outbox;

/// Tells one client from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

/// The number that a client gave to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubId(pub u64);

/// What a client follows, and what it has not been told.
pub(crate) struct Session {
    pub(crate) outbox: Arc<Outbox>,
    /// The cohort of each of its subscriptions.
    pub(crate) subs: HashMap<SubId, CohortId>,
    /// What it is to be told once it has room; nothing else is told meanwhile.
    pub(crate) owed: HashMap<SubId, Owed>,
}

/// What a client that had no room is to be told of a subscription.
pub(crate) enum Owed {
    /// All of it.
    All,
    /// How it differs from what was told last.
    Since(View),
}

impl Session {
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox, subs: HashMap::new(), owed: HashMap::new() }
    }

    /// Sends the frame of these, or owes what it would have told.
    pub(crate) fn send(&mut self, frame: &Arc<str>, told: impl IntoIterator<Item = (SubId, Owed)>) {
        if self.owed.is_empty() && self.outbox.put(frame) {
            return;
        }
        for (sub, owed) in told {
            // What was owed before reaches further back.
            self.owed.entry(sub).or_insert(owed);
        }
    }
}
