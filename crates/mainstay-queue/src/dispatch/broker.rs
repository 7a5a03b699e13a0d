use std::fmt;
use std::sync::Arc;

use mainstay_kernel::work::{NewTask, POINTED, Pointer, Slot, Task};
use mainstay_kernel::{Boxed, Result};
use uuid::Uuid;

/// What brings a task from the process that committed it to one with room for it. It carries pointers alone: the tasks
/// are in the database, where they are found soon when a pointer is lost.
pub trait Broker: Send + Sync {
    /// Whether a pointer would be sent now.
    fn is_there(&self) -> bool;

    /// Sends a pointer to a task of this queue; does not wait.
    fn send(&self, queue: &str, pointer: Pointer);

    /// Waits for pointers to tasks of this queue: for one, and as many more as are there, up to
    /// `most`. None when none came for a while.
    ///
    /// # Errors
    /// Unavailable, when the broker is away.
    fn receive<'b>(&'b self, queue: &'b str, most: usize) -> Boxed<'b, Result<Vec<Received>>>;
}

/// A pointer that was delivered.
pub struct Received {
    /// Where the task waits; none when it could not be read.
    pub pointer: Option<Pointer>,
    /// Says that it has been followed: until then it is delivered again.
    pub done: Box<dyn FnOnce() -> Boxed<'static, ()> + Send>,
}

/// The broker of a process that shares its tasks with others.
#[derive(Clone, Default)]
pub struct Shares(Option<Arc<dyn Broker>>);

impl Shares {
    /// With this one.
    pub fn by(broker: impl Broker + 'static) -> Self {
        Self(Some(Arc::new(broker)))
    }

    pub(super) fn broker(&self) -> Option<&Arc<dyn Broker>> {
        self.0.as_ref()
    }

    /// A way to another process for a task that this one has no room for.
    pub(super) fn way(&self, task: &NewTask) -> Option<Box<dyn Slot>> {
        let broker = self.0.as_ref().filter(|it| it.is_there())?;
        Some(Box::new(Way { broker: Arc::clone(broker), queue: task.queue.clone().into_owned() }))
    }
}

impl fmt::Debug for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "with a broker" } else { "with nobody" })
    }
}

/// The way of one task to another process.
struct Way {
    broker: Arc<dyn Broker>,
    queue: String,
}

impl Slot for Way {
    fn owner(&self) -> Uuid {
        POINTED
    }

    fn run(self: Box<Self>, task: Task) {
        self.broker.send(&self.queue, Pointer { task: task.id, attempt: task.attempt });
    }
}
