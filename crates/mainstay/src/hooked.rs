use mainstay_model::Hook;
use mainstay_queue::WorkerEntry;

/// What [`App::hook`](crate::App::hook) and [`Mount::hook`](crate::Mount::hook) take: a function under `#[hook(…)]`, with
/// the worker of its tasks where it spawns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    note = "write `#[hook(after, save)]` over the function"
)]
pub trait Hooked: Hook {
    /// What runs its tasks; none where it runs in the transaction itself.
    const WORKER: Option<WorkerEntry>;
}
