use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use mainstay_kernel::{Error, ErrorKind};

/// Why an attempt of a task failed, and what is to become of the task.
///
/// Any error turns into one by `?`, and then means another try. What no other try can mend is
/// [`WorkError::permanent`]: the task goes to the dead letters at once.
///
/// ```
/// use mainstay_queue::WorkError;
/// fn charge(card: &str) -> Result<u32, WorkError> {
///     let amount = "12".parse()?;
///     if card.is_empty() {
///         return Err(WorkError::permanent("there is no card"));
///     }
///     Ok(amount)
/// }
/// assert_eq!(charge("").unwrap_err().to_string(), "there is no card");
/// ```
pub struct WorkError {
    pub(crate) verdict: Verdict,
    pub(crate) cause: Box<dyn StdError + Send + Sync>,
}

/// What is to become of the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is tried again, as often as its worker says.
    Again,
    /// It is tried again after this time, as often as its worker says.
    After(Duration),
    /// It is tried no more.
    Never,
    /// It is tried again after this time, and this attempt does not count.
    Snooze(Duration),
}

impl WorkError {
    /// Nothing will mend it: the task goes to the dead letters.
    pub fn permanent(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { verdict: Verdict::Never, cause: cause.into() }
    }

    /// Another try may succeed; when, the worker's backoff says.
    pub fn retry(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { verdict: Verdict::Again, cause: cause.into() }
    }

    /// Another try may succeed, after this time.
    pub fn retry_after(wait: Duration, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { verdict: Verdict::After(wait), cause: cause.into() }
    }

    /// It is too early: the task runs again after this time, and this does not count as an attempt.
    pub fn snooze(wait: Duration) -> Self {
        Self { verdict: Verdict::Snooze(wait), cause: "it was too early".into() }
    }

    /// What an operation's error is to its task: what is wrong with the call itself no other try mends. What the database
    /// held against it may be another by then.
    pub(crate) fn of_operation(error: Error) -> Self {
        match error.kind() {
            ErrorKind::BadRequest(..)
            | ErrorKind::Invalid(_)
            | ErrorKind::ReadOnly(_)
            | ErrorKind::Unauthenticated(_)
            | ErrorKind::Forbidden(_)
            | ErrorKind::NotFound(..)
            | ErrorKind::StaleVersion
            | ErrorKind::PatchTestFailed(_)
            | ErrorKind::RequestIdConflict
            | ErrorKind::RequestExpired
            | ErrorKind::AlreadyDone => Self::permanent(error),
            ErrorKind::Declared(declared) => match (declared.status, declared.retry_after) {
                (408 | 409 | 425 | 429 | 500.., Some(seconds)) => {
                    Self::retry_after(Duration::from_secs(seconds.into()), error)
                }
                (408 | 409 | 425 | 429 | 500.., None) => Self::retry(error),
                _ => Self::permanent(error),
            },
            ErrorKind::RateLimited(quota) => Self::retry_after(quota.retry_after, error),
            ErrorKind::UniqueViolation { .. }
            | ErrorKind::ForeignKeyViolation { .. }
            | ErrorKind::RequestInProgress
            | ErrorKind::Conflict
            | ErrorKind::GroupLost
            | ErrorKind::Answered
            | ErrorKind::LeaseLost
            | ErrorKind::Unavailable
            | ErrorKind::OutcomeUnknown
            | ErrorKind::Draining
            | ErrorKind::TooSlow(_)
            | ErrorKind::Internal(_) => Self::retry(error),
        }
    }

    /// The error and its causes, for the task's record and the log.
    pub(crate) fn chain(&self) -> String {
        let first: &dyn StdError = &*self.cause;
        let causes = std::iter::successors(Some(first), |&it| it.source());
        causes.map(said).collect::<Vec<_>>().join(": ")
    }

    /// The framework's error, if it is one: a conflict has to reach the transaction as itself.
    pub(crate) fn into_kernel(self) -> (Verdict, Error) {
        match self.cause.downcast::<Error>() {
            Ok(error) => (self.verdict, *error),
            Err(cause) => (self.verdict, Error::internal("a worker failed").caused_by(cause)),
        }
    }
}

/// What an error says, without what PostgreSQL adds below: values of rows, which are nobody's who reads a record.
fn said(error: &dyn StdError) -> String {
    let text = error.to_string();
    text.split_once("\nDETAIL:").map_or(text.as_str(), |(said, _)| said).to_owned()
}

// Not an error itself, so that every error can become one.
impl<E: StdError + Send + Sync + 'static> From<E> for WorkError {
    fn from(error: E) -> Self {
        Self::retry(error)
    }
}

impl fmt::Display for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl fmt::Debug for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.verdict, self.chain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_rows_are_not_in_a_tasks_record() {
        let driver =
            "ERROR: duplicate key value\nDETAIL: Key (email)=(ann@example.org) already exists.\nHINT: no";
        let error = WorkError::from(Error::internal("the insert failed").caused_by(driver));
        let chain = error.chain();
        assert!(chain.ends_with("ERROR: duplicate key value") && !chain.contains("ann@"), "{chain}");
    }
}
