use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fault;
use super::home::Home;
use super::session::{Most, Session};
use crate::{Error, ErrorKind, Result, Row, Statement};

/// The connections that read. They see what is committed and wait for nobody.
pub(super) struct Readers {
    idle: Mutex<Idle>,
    limit: Duration,
}

struct Idle {
    sessions: Vec<Session>,
    /// Where to open more; gone once closed.
    home: Option<Arc<Home>>,
}

impl Readers {
    pub(super) fn open(home: Arc<Home>, limit: Duration) -> Result<Self> {
        let sessions = vec![Session::reader(Arc::clone(&home))?];
        Ok(Self { idle: Mutex::new(Idle { sessions, home: Some(home) }), limit })
    }

    /// Reads on this thread. There is a connection for everybody: as many are opened as there are
    /// threads that read at once, and kept.
    pub(super) fn read(&self, statement: &Statement, most: Most) -> Result<Vec<Row>> {
        let session = self.check_out()?;
        let ran = session.run(statement, most, Some(Instant::now() + self.limit));
        self.check_in(session);
        ran.map(|ran| ran.rows).map_err(|error| fault::to_reading_error(error, self.limit))
    }

    /// Closes every connection; one that reads just now is closed when it is done.
    pub(super) fn close(&self) {
        let sessions = {
            let mut idle = self.idle();
            idle.home = None;
            std::mem::take(&mut idle.sessions)
        };
        drop(sessions);
    }

    /// A connection that stays with one who reads several times and wants to see the same.
    pub(super) fn snapshot(&self) -> Result<Session> {
        let session = self.check_out()?;
        // What is seen is settled by the first read.
        session.command("begin").map_err(|error| fault::to_reading_error(error, self.limit))?;
        Ok(session)
    }

    /// Reads in a snapshot.
    pub(super) fn read_in(&self, session: &Session, statement: &Statement) -> Result<Vec<Row>> {
        let ran = session.run(statement, Most::All, Some(Instant::now() + self.limit));
        ran.map(|ran| ran.rows).map_err(|error| fault::to_reading_error(error, self.limit))
    }

    /// Takes a snapshot's connection back.
    pub(super) fn end(&self, session: Session) {
        if session.command("rollback").is_ok() {
            self.check_in(session);
        }
    }

    fn check_out(&self) -> Result<Session> {
        let home = {
            let mut idle = self.idle();
            if let Some(session) = idle.sessions.pop() {
                return Ok(session);
            }
            idle.home.clone().ok_or_else(|| Error::new(ErrorKind::Draining))?
        };
        Session::reader(home)
    }

    fn check_in(&self, session: Session) {
        let mut idle = self.idle();
        if idle.home.is_some() {
            idle.sessions.push(session);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
