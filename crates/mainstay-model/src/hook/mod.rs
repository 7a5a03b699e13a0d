//! Hooks: functions of the application that run when a row is written, in the transaction that
//! writes it, or as a task that it leaves behind.

mod context;
mod firing;
mod registry;
mod written;

pub use mainstay_kernel::{Boxed, Place, Result};

use crate::{Action, Model};

pub use context::HookCx;
pub(crate) use firing::{Firing, overlay};
pub use registry::{HookEntry, Hooks};
pub use written::Written;

/// When a hook runs: on which side of the statement, or in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Before the row is written: it may still set columns.
    Before,
    /// After the row is written, and before anything commits.
    After,
    /// In a task that the transaction leaves behind, once it is committed. What runs with the others is the leaving of it.
    Spawn,
}

impl When {
    /// As it is written in `#[hook(…)]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Spawn => "spawn",
        }
    }
}

/// What a hook waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A create, an update or a patch.
    Save,
    /// A create.
    Create,
    /// An update or a patch.
    Update,
    /// A patch.
    Patch,
    /// A delete.
    Remove,
}

impl Event {
    /// As it is written in `#[hook(…)]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Save => "save",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Remove => "remove",
        }
    }

    /// Whether this action is such an event.
    pub fn is(self, action: Action) -> bool {
        match action {
            Action::Read => false,
            Action::Create => matches!(self, Self::Create | Self::Save),
            Action::Update => matches!(self, Self::Update | Self::Save),
            Action::Patch => matches!(self, Self::Patch | Self::Update | Self::Save),
            Action::Delete => self == Self::Remove,
        }
    }
}

/// When a hook runs, and what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookPoint {
    /// On which side of the statement, or in a task.
    pub when: When,
    /// Of what.
    pub event: Event,
    /// Lower runs first; 100 unless told. Equal ones run in the order of their registration. Of one that spawns, its
    /// tasks' priority.
    pub priority: i32,
    /// Its name, unique in an application.
    pub name: &'static str,
    /// Where it is declared.
    pub place: Place,
}

/// A function that runs when a row is written. Write it with `#[hook(…)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    note = "write `#[hook(after, save)]` over the function"
)]
pub trait Hook: Send + Sync + 'static {
    /// Whose rows.
    type Model: Model;

    /// When.
    const POINT: HookPoint;

    /// Runs it; one that spawns leaves its task.
    ///
    /// # Errors
    /// Its own. The transaction cannot commit then, and the request is answered with the error.
    fn run<'a>(cx: &'a mut HookCx<'_, Self::Model>) -> Boxed<'a, Result<()>>;
}
