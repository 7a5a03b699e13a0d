//! What migrations need beside transactions: a turn of their own, and statements outside of any.

use std::time::Duration;

use super::migrate::ran;
use super::session::Session;
use crate::{Error, ErrorKind, Result};

/// How often a turn is asked for, and how long in all.
const PAUSE: Duration = Duration::from_millis(100);
const TRIES: u32 = 600;

/// Asked for again and again instead of waited for: a statement that waits has a snapshot, and an index
/// that is built concurrently waits until every older snapshot is gone.
const TAKE: &str = "SELECT pg_try_advisory_lock(hashtextextended('mainstay_turn ' || current_schema(), 0))";
const GIVE_BACK: &str =
    "SELECT pg_advisory_unlock(hashtextextended('mainstay_turn ' || current_schema(), 0))";

/// Waits for the locks of others as long as it takes: nobody waits behind such a statement.
const PATIENCE: &str = "SET lock_timeout = 0";

/// The right to migrate the current schema, which ends with its connection at the latest.
pub(crate) struct Turn(Session);

impl Turn {
    /// Waits for it for a minute.
    #[expect(clippy::disallowed_methods, reason = "waiting without a snapshot is asking again later")]
    pub(super) async fn take(session: Session) -> Result<Self> {
        for _ in 0..TRIES {
            let rows = ran(&session, TAKE, &[]).await?;
            if rows.first().map(|row| row.at::<bool>(0)).transpose()? == Some(true) {
                return Ok(Self(session));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::new(ErrorKind::Unavailable).caused_by(
            "another process has been migrating this database for a minute: wait for it, or end it",
        ))
    }

    /// Lets the next one migrate.
    pub(crate) async fn give_back(self) -> Result<()> {
        self.0.batch(GIVE_BACK).await
    }
}

/// Runs statements one by one, each committed by itself.
pub(super) async fn outside(session: &Session, statements: &[String]) -> Result<()> {
    session.batch(PATIENCE).await?;
    for statement in statements {
        session.batch(statement).await?;
    }
    Ok(())
}
