use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use super::Sqlite;
use super::readers::Readers;
use super::session::Session;
use crate::{Error, ErrorKind, Result, Row, Statement};

/// Reads that all see what was committed when the first of them ran.
pub(crate) struct SqliteSnapshot {
    /// Gone while a statement runs on it.
    session: Mutex<Option<Session>>,
    readers: Arc<Readers>,
    _room: OwnedSemaphorePermit,
}

impl Sqlite {
    pub(crate) async fn snapshot(&self) -> Result<SqliteSnapshot> {
        let room = Arc::clone(&self.snapshots).acquire_owned().await;
        let room = room.map_err(|_| Error::new(ErrorKind::Draining))?;
        let session = Mutex::new(Some(self.readers.snapshot()?));
        Ok(SqliteSnapshot { session, readers: Arc::clone(&self.readers), _room: room })
    }

    /// Reads in a snapshot, on a thread of its own.
    pub(crate) async fn rows_in(&self, snapshot: &SqliteSnapshot, statement: &Statement) -> Result<Vec<Row>> {
        let session = snapshot.take().ok_or_else(|| {
            Error::internal("two statements of one snapshot were run at once: await one before the next")
        })?;
        let statement = statement.clone();
        let read = self.scans.run(move |readers| (readers.read_in(&session, &statement), session));
        let (rows, session) = read.await?;
        *snapshot.lock() = Some(session);
        rows
    }
}

impl SqliteSnapshot {
    fn take(&self) -> Option<Session> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        if let Some(session) = self.take() {
            self.readers.end(session);
        }
    }
}
