use serde::Serialize;

use crate::{WorkError, Worked, worked};

/// What a function under `#[worker]` or `#[cron]` can give: nothing, or a `Result` of what becomes JSON.
#[diagnostic::on_unimplemented(
    message = "a worker cannot give a `{Self}`",
    label = "nothing that a task could end with",
    note = "give nothing, or a `Result<T>` or a `Result<T, E>` in which `T` can be written as JSON and `E` becomes a \
            `WorkError`, as every error does"
)]
pub trait Gives {
    /// As the end of an attempt.
    ///
    /// # Errors
    /// The function's own; permanent, when what it gave cannot be written.
    fn worked(self) -> Worked;
}

impl Gives for () {
    fn worked(self) -> Worked {
        worked(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize, E: Into<WorkError>> Gives for Result<T, E> {
    fn worked(self) -> Worked {
        self.map_err(Into::into).and_then(|it| worked(&it))
    }
}
