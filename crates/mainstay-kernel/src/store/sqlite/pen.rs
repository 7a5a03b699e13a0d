use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::fault::{self, Fate};
use super::session::{Most, Ran, Session};
use crate::store::Company;
use crate::{Error, ErrorKind, Failpoint, Statement};

/// Members that share a commit at most.
const MOST_MEMBERS: usize = 64;
/// How long a group takes in members at most.
const MOST_TIME: Duration = Duration::from_millis(2);

// The remarks keep these apart from the same text by an author, who would get them from the cache of
// prepared statements, past the guard.
const BEGIN: &str = "begin immediate /* group */";
const COMMIT: &str = "commit /* group */";
const ROLLBACK: &str = "rollback /* group */";
const SAVEPOINT: &str = "savepoint member /* group */";
const RELEASE: &str = "release member /* group */";
const ROLLBACK_TO: &str = "rollback to member /* group */";

/// What a member is told once its group has ended.
#[derive(Debug, Default)]
pub(super) enum Told {
    /// The group is durable.
    #[default]
    Durable,
    /// The group was rolled back, maybe because of another member.
    Lost,
    /// The group was this member alone, and could not be committed.
    Failed(Error),
}

/// How a group ended. Dropping it tells the members.
#[derive(Default)]
pub(super) struct Ending {
    members: Vec<oneshot::Sender<Told>>,
    outcome: Told,
}

/// What an error left of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The transaction is still open.
    None,
    /// It is gone, and only the member at hand was in it.
    Own,
    /// It is gone, and others were in it.
    Shared,
}

/// The writing connection and the group of members whose transaction is open on it.
pub(super) struct Pen {
    session: Session,
    group: Option<Group>,
    version: Arc<AtomicU64>,
    #[cfg(test)]
    pub(super) probe: super::tests::Probe,
}

struct Group {
    opened: Instant,
    /// Those who wait for the commit.
    finished: Vec<oneshot::Sender<Told>>,
    member: Member,
    company: Company,
    may_have_written: bool,
}

/// How the member at hand can be undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    /// There is none.
    Absent,
    /// It is the first, so the whole transaction is its own.
    First,
    /// To its savepoint.
    Later,
}

impl Pen {
    pub(super) fn new(session: Session, version: Arc<AtomicU64>) -> Self {
        Self {
            session,
            group: None,
            version,
            #[cfg(test)]
            probe: super::tests::Probe::default(),
        }
    }

    /// Lets a member write, in the open group or in a new one.
    pub(super) fn open_member(&mut self, company: Company) -> rusqlite::Result<()> {
        if let Some(group) = &mut self.group {
            self.session.command(SAVEPOINT)?;
            group.member = Member::Later;
            return Ok(());
        }
        self.session.command(BEGIN)?;
        self.group = Some(Group {
            opened: Instant::now(),
            finished: Vec::new(),
            member: Member::First,
            company,
            may_have_written: false,
        });
        Ok(())
    }

    /// Runs a statement of the member at hand.
    pub(super) fn run(&mut self, statement: &Statement, due: Option<Instant>) -> rusqlite::Result<Ran> {
        let ran = self.session.run(statement, Most::All, due);
        if let Some(group) = &mut self.group {
            group.may_have_written |= ran.as_ref().map_or(true, |ran| ran.may_write);
        }
        ran
    }

    /// Whether a statement can only read.
    pub(super) fn only_reads(&self, statement: &Statement) -> rusqlite::Result<bool> {
        self.session.only_reads(statement)
    }

    /// Runs several statements of the framework's own.
    pub(super) fn script(&mut self, text: &str) -> rusqlite::Result<()> {
        if let Some(group) = &mut self.group {
            group.may_have_written = true;
        }
        self.session.script(text)
    }

    /// Undoes the member at hand, if there is one.
    pub(super) fn undo_member(&mut self) {
        let Some(group) = &mut self.group else { return };
        let undone = match std::mem::replace(&mut group.member, Member::Absent) {
            Member::Absent => Ok(()),
            Member::First => return self.roll_back(),
            Member::Later => self.session.command(ROLLBACK_TO).and_then(|()| self.session.command(RELEASE)),
        };
        if let Err(error) = undone {
            tracing::error!(%error, "a member could not be undone: its whole group is rolled back");
            self.roll_back();
        }
    }

    /// Ends the member at hand and lets it wait for the commit.
    pub(super) fn finish_member(&mut self) -> rusqlite::Result<oneshot::Receiver<Told>> {
        let (tell, told) = oneshot::channel();
        let Some(group) = &mut self.group else { return Ok(told) };
        if group.member == Member::Later {
            self.session.command(RELEASE)?;
        }
        group.member = Member::Absent;
        group.finished.push(tell);
        Ok(told)
    }

    /// Whether others wait for the commit of what the member at hand may have seen.
    pub(super) fn is_shared(&self) -> bool {
        self.group.as_ref().is_some_and(|group| !group.finished.is_empty())
    }

    /// Whether no transaction is open.
    pub(super) fn is_clean(&self) -> bool {
        self.group.is_none()
    }

    /// Whether the group takes nobody in any more.
    pub(super) fn is_closed(&self) -> bool {
        self.group.as_ref().is_some_and(|group| {
            group.company == Company::Alone || is_full(group.finished.len(), group.age())
        })
    }

    /// After an error: whether SQLite closed the transaction, as it does when it is FULL,
    /// interrupted in a write, or out of memory. The members who had finished are told.
    pub(super) fn loss(&mut self) -> Loss {
        if self.group.is_none() || !self.session.is_autocommit() {
            return Loss::None;
        }
        match self.group.take() {
            Some(group) if !group.finished.is_empty() => {
                drop(group.lost());
                Loss::Shared
            }
            Some(_) | None => Loss::Own,
        }
    }

    /// Makes the group durable. Its members are told once the ending is dropped, and not before.
    pub(super) fn commit(&mut self) -> Ending {
        let Some(group) = self.group.take() else { return Ending::default() };
        if group.may_have_written {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
        if group.finished.len() > 1 {
            Failpoint::GroupOpen.reach();
        }
        let committed = self.committed();
        if group.may_have_written {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
        let Err(error) = committed else {
            return Ending { members: group.finished, outcome: Told::Durable };
        };
        self.end_if_fatal(&error);
        self.close_transaction();
        let outcome = match group.finished.len() {
            1 => Told::Failed(fault::to_error(error, Duration::ZERO)),
            _ => Told::Lost,
        };
        Ending { members: group.finished, outcome }
    }

    fn committed(&mut self) -> rusqlite::Result<()> {
        #[cfg(test)]
        self.probe.before_commit()?;
        Failpoint::CommitSent.approach();
        self.session.command(COMMIT)
    }

    fn end_if_fatal(&self, error: &rusqlite::Error) {
        match fault::fate_of(error) {
            Fate::GoOn => {}
            Fate::End => {
                tracing::error!(%error, "the disk did not keep what was written: this process ends now");
                std::process::abort();
            }
        }
    }

    /// Rolls the whole group back and tells its members.
    fn roll_back(&mut self) {
        self.close_transaction();
        if let Some(group) = self.group.take() {
            drop(group.lost());
        }
    }

    fn close_transaction(&self) {
        if self.session.is_autocommit() {
            return;
        }
        if let Err(error) = self.session.command(ROLLBACK) {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Empties the write-ahead log and closes the file.
    pub(super) fn close(mut self) {
        self.roll_back();
        self.session.checkpoint_and_close();
    }
}

fn is_full(members: usize, age: Duration) -> bool {
    members >= MOST_MEMBERS || age >= MOST_TIME
}

impl Group {
    fn age(&self) -> Duration {
        // A test's group must not close because its machine is busy.
        if cfg!(test) { Duration::ZERO } else { self.opened.elapsed() }
    }

    fn lost(self) -> Ending {
        Ending { members: self.finished, outcome: Told::Lost }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        for member in self.members.drain(..) {
            let told = match &mut self.outcome {
                Told::Durable => Told::Durable,
                Told::Lost => Told::Lost,
                // It has one member.
                Told::Failed(error) => {
                    Told::Failed(std::mem::replace(error, Error::new(ErrorKind::OutcomeUnknown)))
                }
            };
            // Who left is not told.
            let _ = member.send(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_closes_after_64_members_or_2_milliseconds() {
        assert!(!is_full(63, Duration::from_micros(1999)));
        assert!(is_full(64, Duration::ZERO));
        assert!(is_full(1, Duration::from_millis(2)));
    }
}
