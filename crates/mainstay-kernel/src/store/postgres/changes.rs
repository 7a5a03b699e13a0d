//! Keeping what row triggers recorded for its time, and no longer.

use super::bind::Bind;
use super::migrate::ran;
use super::pool::Lease;
use super::prepared::Shape;
use super::session::Session;
use super::{Postgres, Statement};
use crate::store::changes::PLACE;
use crate::{ErrorKind, Result, Row, Timestamp, ValueRef};

/// How long emptying a table may wait for whoever still reads it or has it open. Everybody else waits behind that.
const PATIENCE: &str = "100ms";

/// The tables that take turns.
const TURNS: i64 = 4;

impl Postgres {
    /// Empties the tables whose changes have all been in sight since before `before`, as the last time this was called knew
    /// it, and lets the next one be written to when the one at hand has been since before `turn_before`. How many it
    /// emptied.
    ///
    /// Emptying is seen by snapshots that are older, and the horizon is not: a reader whose snapshot is from between the
    /// two would find nothing, and no word of it. So a horizon is told one sweep, of some minutes, before it is gone by.
    pub(crate) async fn expire_changes(
        &self,
        now: Timestamp,
        before: Timestamp,
        turn_before: Timestamp,
    ) -> Result<u64> {
        let mut emptied = 0;
        for turn in 0..TURNS {
            emptied += u64::from(self.empty(turn).await?);
        }
        self.turn_over(now, turn_before).await?;
        self.note_sight(now, before).await?;
        Ok(emptied)
    }

    /// Notes what is in sight now, and sets the horizon to what was then.
    async fn note_sight(&self, now: Timestamp, before: Timestamp) -> Result<()> {
        const NOTE: &str = "INSERT INTO mainstay_change_sight (at, sight) VALUES ($1, pg_current_snapshot())";
        // The newest of those that are old enough.
        const SET: &str = "WITH past AS (SELECT at, sight FROM mainstay_change_sight WHERE at <= $1 \
               ORDER BY pg_snapshot_xmax(sight) DESC, pg_snapshot_xmin(sight) DESC LIMIT 1), \
             forgotten AS (DELETE FROM mainstay_change_sight WHERE at < (SELECT at FROM past)) \
             UPDATE mainstay_meta SET horizon = past.sight FROM past \
             WHERE horizon IS NULL OR pg_snapshot_xmax(horizon) < pg_snapshot_xmax(past.sight) \
             OR pg_snapshot_xmin(horizon) < pg_snapshot_xmin(past.sight)";
        let lease = self.pool.lease().await?;
        ran(&lease, NOTE, &[ValueRef::Timestamp(now)]).await?;
        ran(&lease, SET, &[ValueRef::Timestamp(before)]).await?;
        lease.give_back();
        Ok(())
    }

    /// Empties one table, if nothing in it is younger than the horizon and nobody has it open.
    async fn empty(&self, turn: i64) -> Result<bool> {
        let lease = self.pool.lease().await?;
        let may = is_past(&lease, turn).await?;
        if !may {
            lease.give_back();
            return Ok(false);
        }
        let lock = format!(
            "BEGIN; SET LOCAL lock_timeout = '{PATIENCE}'; LOCK TABLE ONLY mainstay_change_{turn} IN ACCESS EXCLUSIVE MODE"
        );
        let emptied = match lease.batch(&lock).await {
            // Whoever wrote into it has ended by now, so this says it for good.
            Ok(()) if is_past(&lease, turn).await? => {
                lease.batch(&format!("TRUNCATE ONLY mainstay_change_{turn}; COMMIT")).await.map(|()| true)
            }
            Ok(()) => lease.batch("ROLLBACK").await.map(|()| false),
            // Another time.
            Err(error) if matches!(error.kind(), ErrorKind::TooSlow(_)) => {
                lease.batch("ROLLBACK").await.map(|()| false)
            }
            Err(error) => Err(error),
        };
        if emptied.is_ok() {
            lease.give_back();
        }
        emptied
    }

    /// Only an empty table is written to anew, so that each is past as a whole one day.
    async fn turn_over(&self, now: Timestamp, turn_before: Timestamp) -> Result<()> {
        let lease = self.pool.lease().await?;
        const AT: &str = "SELECT pg_sequence_last_value('mainstay_change_turn')";
        let turn: i64 = first(&ran(&lease, AT, &[]).await?)?.unwrap_or(0);
        let next = (turn + 1) % TURNS;
        // The one statement that finds it due is the one that sets it.
        let due = format!(
            "UPDATE mainstay_meta SET turned_at = $1 WHERE coalesce(turned_at <= $2, true) \
             AND EXISTS (SELECT FROM mainstay_change_{turn}) AND NOT EXISTS (SELECT FROM mainstay_change_{next}) RETURNING 1"
        );
        let due = ran(&lease, &due, &[ValueRef::Timestamp(now), ValueRef::Timestamp(turn_before)]).await?;
        if !due.is_empty() {
            lease.batch(&format!("SELECT setval('mainstay_change_turn', {next})")).await?;
        }
        lease.give_back();
        Ok(())
    }
}

/// Whether a table holds anything, and nothing that the horizon does not see. Both looks go by the index.
async fn is_past(lease: &Lease, turn: i64) -> Result<bool> {
    let text = format!(
        "SELECT EXISTS (SELECT FROM mainstay_change_{turn}) \
         AND EXISTS (SELECT FROM mainstay_meta WHERE horizon IS NOT NULL) \
         AND NOT EXISTS (SELECT FROM mainstay_change_{turn} WHERE xid >= (SELECT pg_snapshot_xmax(horizon) FROM mainstay_meta)) \
         AND NOT EXISTS (SELECT FROM mainstay_change_{turn} WHERE xid = ANY (ARRAY(\
           SELECT pg_snapshot_xip(horizon) FROM mainstay_meta)))"
    );
    let statement = Statement::new(text);
    let prepared = lease.prepare(Shape::Plain, statement.text(), 0).await?;
    let ran = lease.run(&prepared, std::iter::empty::<Bind<'_>>().collect::<Vec<_>>()).await?;
    Ok(first(&ran.rows)?.unwrap_or(false))
}

fn first<T: crate::FromValue>(rows: &[Row]) -> Result<Option<T>> {
    rows.first().map(|row| row.at(0)).transpose()
}

/// Begins another epoch where the database is a copy of the one that it was, or was brought back from an earlier time:
/// its changes, and what was in sight, are of transactions that are not its own.
pub(super) async fn settle(session: &Session) -> Result<()> {
    let statement = format!(
        "WITH place AS MATERIALIZED (SELECT {PLACE} AS now) \
         UPDATE mainstay_meta SET epoch = epoch + (place IS NOT NULL)::integer, place = place.now, horizon = NULL \
         FROM place WHERE place IS DISTINCT FROM place.now RETURNING epoch > 1"
    );
    session.batch("BEGIN").await?;
    let moved = ran(session, &statement, &[]).await?;
    if first(&moved)?.unwrap_or(false) {
        session.batch("TRUNCATE mainstay_change, mainstay_change_sight").await?;
        tracing::warn!(
            "this database is a copy or was restored: another epoch begins, and live queries start again"
        );
    }
    session.batch("COMMIT").await
}
