use std::time::Duration;

use mainstay::prelude::*;

use super::models::{NewReminder, Reminder, deed, done};

/// When to be reminded, and what comes of it.
#[data]
pub(super) struct Reminding {
    op: String,
    /// Milliseconds from now.
    after: u64,
    /// Whether its task can never succeed.
    dies: bool,
    /// How many of its attempts fail before one succeeds.
    stumbles: u32,
}

/// Leaves a task for later.
#[mutation(queue = "reminders", path = "reminder.set")]
pub(super) async fn remind(tx: &mut Tx, input: Reminding) -> Result<()> {
    let wait = Duration::from_millis(input.after);
    let bell = Bell { op: input.op.clone(), dies: input.dies, stumbles: input.stumbles };
    let task = tx.enqueue(ring, bell).after(wait).await?;
    NewReminder { op: input.op.clone(), task }.insert(tx).await?;
    done(tx, &input.op).await
}

/// Which reminder to take back.
#[data]
pub(super) struct Cancelling {
    op: String,
    /// The operation that set it.
    target: String,
}

/// Whether it was there to be taken back.
#[data]
pub(super) struct Cancelled {
    cancelled: bool,
}

/// Takes a reminder back, if nobody runs it yet.
#[mutation(queue = "reminders", path = "reminder.cancel")]
pub(super) async fn cancel(tx: &mut Tx, input: Cancelling) -> Result<Cancelled> {
    let reminder = Reminder::filter(Reminder::OP.eq(&input.target)).first(tx).await?;
    let cancelled = match reminder {
        Some(reminder) => tx.cancel(reminder.task).await?,
        None => false,
    };
    done(tx, &input.op).await?;
    Ok(Cancelled { cancelled })
}

/// What rings.
#[data]
pub(super) struct Bell {
    op: String,
    dies: bool,
    stumbles: u32,
}

/// Reminds.
#[worker(queue = "bells", retry = 40, backoff = "fixed", base = "100ms")]
pub(super) async fn ring(tx: &mut Tx, cx: &TaskCx, bell: Bell) -> Result<(), WorkError> {
    if bell.dies {
        return Err(WorkError::permanent("it was never to succeed"));
    }
    deed(tx, "ring", &bell.op, Some(cx.id())).await?;
    if cx.attempt() <= bell.stumbles {
        return Err(WorkError::retry("it was to stumble"));
    }
    Ok(())
}
