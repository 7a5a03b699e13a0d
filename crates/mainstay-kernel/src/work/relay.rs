use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::{NewTask, Task};
use crate::{Error, Result};

/// What runs tasks in this process: told of them when they are committed, so that nobody has to look for them.
pub trait Dispatcher: Send + Sync {
    /// A place to run this task at once, while there is one: it is written as ours, and needs no claim.
    fn admit(&self, task: &NewTask) -> Option<Box<dyn Slot>>;

    /// Tasks of this queue were committed that wait in the database.
    fn wake(&self, queue: &str);

    /// Something that is due later was committed.
    fn wake_at(&self, due: crate::Timestamp);
}

/// A place to run one task, free again when dropped.
pub trait Slot: Send + Sync {
    /// Who owns what runs here.
    fn owner(&self) -> Uuid;

    /// Runs the task, which is committed.
    fn run(self: Box<Self>, task: Task);
}

/// The way from a commit to what runs its tasks.
#[derive(Clone, Default)]
pub(crate) struct Relay(Arc<OnceLock<Arc<dyn Dispatcher>>>);

impl Relay {
    pub(crate) fn attach(&self, dispatcher: Arc<dyn Dispatcher>) -> Result<()> {
        self.0.set(dispatcher).map_err(|_| Error::internal("this database has a dispatcher already"))
    }

    pub(crate) fn dispatcher(&self) -> Option<&Arc<dyn Dispatcher>> {
        self.0.get()
    }
}
