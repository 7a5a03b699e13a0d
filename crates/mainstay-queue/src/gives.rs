use serde::Serialize;

use crate::{WorkError, Worked, worked};

/// What a function under `#[worker]` or `#[cron]` can give whose value nobody keeps: nothing, or whether it went well.
#[diagnostic::on_unimplemented(
    message = "a worker cannot give a `{Self}`",
    label = "nothing that a task could end with",
    note = "give nothing, or a `Result<()>` or a `Result<(), E>` in which `E` becomes a `WorkError`, as every error does",
    note = "a `Result<T>` is for a worker whose value is kept for whoever asks: `#[worker(keep = \"1h\")]`"
)]
pub trait Gives {
    /// As the end of an attempt.
    ///
    /// # Errors
    /// The function's own.
    fn worked(self) -> Worked;
}

impl Gives for () {
    fn worked(self) -> Worked {
        worked(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<WorkError>> Gives for Result<(), E> {
    fn worked(self) -> Worked {
        self.map_err(Into::into).and_then(|it| worked(&it))
    }
}

/// What a function under `#[worker(keep = "1h")]` can give: a `Result` of what becomes JSON.
#[diagnostic::on_unimplemented(
    message = "a worker cannot keep what a `{Self}` gives",
    label = "nothing that could be kept",
    note = "give a `Result<T>` or a `Result<T, E>` in which `T` can be written as JSON, such as by `#[data]`, and `E` \
            becomes a `WorkError`, as every error does; without a value take `keep` away"
)]
pub trait Keeps {
    /// As the end of an attempt.
    ///
    /// # Errors
    /// The function's own; permanent, when what it gave cannot be written or is more than 1 MiB.
    fn worked(self) -> Worked;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize, E: Into<WorkError>> Keeps for Result<T, E> {
    fn worked(self) -> Worked {
        const MOST: usize = 1024 * 1024;
        let value = self.map_err(Into::into).and_then(|it| worked(&it))?;
        if value.len() > MOST {
            return Err(WorkError::permanent(format!(
                "what the worker gave takes {} bytes, and no more than {MOST} are kept: write it to a table, and give its id",
                value.len()
            )));
        }
        Ok(value)
    }
}
