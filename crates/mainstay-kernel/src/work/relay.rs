use std::sync::{Arc, OnceLock, Weak};

use uuid::Uuid;

use super::{NewTask, Task};
use crate::{Error, Result};

/// What runs tasks in this process: told of them when they are committed, so that nobody has to look for them.
pub trait Dispatcher: Send + Sync {
    /// A place to run this task at once, while there is one: it is written as ours, and needs no claim.
    fn admit(self: Arc<Self>, task: &NewTask) -> Option<Box<dyn Slot>>;

    /// Tasks of this queue were committed that wait in the database.
    fn wake(&self, queue: &str);

    /// Something that is due later was committed.
    fn wake_at(&self, due: crate::Timestamp);

    /// An operator said whether tasks of this queue begin.
    fn set_paused(&self, queue: &str, paused: bool);
}

/// A place to run one task, free again when dropped.
pub trait Slot: Send + Sync {
    /// Who owns what runs here.
    fn owner(&self) -> Uuid;

    /// Runs the task, which is committed.
    fn run(self: Box<Self>, task: Task);
}

/// The way from a commit to what runs its tasks, which holds the database itself: so it is not held here.
#[derive(Clone, Default)]
pub(crate) struct Relay(Arc<OnceLock<Weak<dyn Dispatcher>>>);

impl Relay {
    pub(crate) fn attach(&self, dispatcher: Weak<dyn Dispatcher>) -> Result<()> {
        self.0.set(dispatcher).map_err(|_| Error::internal("this database has a dispatcher already"))
    }

    pub(crate) fn dispatcher(&self) -> Option<Arc<dyn Dispatcher>> {
        self.0.get()?.upgrade()
    }
}
