use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::fault;
use super::home::Home;
use super::session::{Most, Session};
use crate::{Error, ErrorKind, Result, Row, Statement};

/// The connections that read. They see what is committed and wait for nobody.
pub(super) struct Readers {
    idle: Mutex<Idle>,
    /// One permit for each scan that may run at a time.
    scans: Semaphore,
    most_scans: u32,
    limit: Duration,
}

struct Idle {
    sessions: Vec<Session>,
    /// Where to open more; gone once closed.
    home: Option<Arc<Home>>,
}

impl Readers {
    pub(super) fn open(home: Arc<Home>, most_scans: usize, limit: Duration) -> Result<Self> {
        let most_scans = u32::try_from(most_scans.clamp(1, 1024)).unwrap_or(1);
        let sessions = vec![Session::reader(Arc::clone(&home))?];
        Ok(Self {
            idle: Mutex::new(Idle { sessions, home: Some(home) }),
            scans: Semaphore::new(most_scans as usize),
            most_scans,
            limit,
        })
    }

    /// Reads on a thread that may block, when there is room for another scan.
    pub(super) async fn rows(self: &Arc<Self>, statement: &Statement) -> Result<Vec<Row>> {
        let _room = self.scans.acquire().await.map_err(|_| Error::new(ErrorKind::Draining))?;
        let (readers, statement) = (Arc::clone(self), statement.clone());
        match tokio::task::spawn_blocking(move || readers.read(&statement, Most::All)).await {
            Ok(read) => read,
            Err(lost) if lost.is_cancelled() => Err(Error::new(ErrorKind::Draining)),
            Err(panicked) => Err(Error::internal("a reader panicked").caused_by(panicked)),
        }
    }

    /// Reads on this thread. There is a connection for everybody: at most as many are opened as
    /// there are threads that read at once.
    pub(super) fn read(&self, statement: &Statement, most: Most) -> Result<Vec<Row>> {
        let session = self.check_out()?;
        let ran = session.run(statement, most, Some(Instant::now() + self.limit));
        self.check_in(session);
        ran.map(|ran| ran.rows).map_err(|error| fault::to_error(error, self.limit))
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

    /// Waits for the scans and closes every connection; what is still being read ends first.
    pub(super) async fn close(&self) {
        // Closed before: there is nothing to wait for.
        let _all = self.scans.acquire_many(self.most_scans).await;
        self.scans.close();
        let sessions = {
            let mut idle = self.idle();
            idle.home = None;
            std::mem::take(&mut idle.sessions)
        };
        drop(sessions);
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
impl Readers {
    pub(super) fn home(&self) -> Arc<Home> {
        self.idle().home.clone().unwrap()
    }
} // BENCH-ONLY
// BENCH-ONLY
pub(crate) struct Pool(Mutex<std::collections::VecDeque<(Statement, tokio::sync::oneshot::Sender<Result<Vec<Row>>>)>>, std::sync::Condvar);
impl Pool { pub(crate) fn start(home: &Arc<Readers>, n: usize) -> Arc<Self> { let pool = Arc::new(Pool(Mutex::default(), std::sync::Condvar::new()));
  for _ in 0..n { let p = pool.clone(); let r = home.clone(); std::thread::spawn(move || { let s = Session::reader(r.home()).unwrap(); loop {
     let (st, tell) = { let mut q = p.0.lock().unwrap(); loop { if let Some(j) = q.pop_front() { break j } q = p.1.wait(q).unwrap(); } };
     let _ = tell.send(s.run(&st, Most::All, Some(Instant::now() + r.limit)).map(|r| r.rows).map_err(|e| fault::to_error(e, r.limit))); } }); } pool }
  pub(crate) async fn rows(&self, st: &Statement) -> Result<Vec<Row>> { let (tell, told) = tokio::sync::oneshot::channel(); self.0.lock().unwrap().push_back((st.clone(), tell)); self.1.notify_one(); told.await.unwrap() } }
