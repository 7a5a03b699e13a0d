use std::collections::HashMap;
use std::sync::Arc;

use mainstay_kernel::changes::Token;
use mainstay_kernel::{Boxed, Db, Owned, Reader, Result};
use mainstay_model::Standing;
use tokio::sync::{mpsc, oneshot};

use super::command::Command;
use crate::cohort::{Cohort, CohortId, Cohorts, Follower, Read};
use crate::feed::Feed;
use crate::frame::{self, News, Told};
use crate::session::{Owed, Session, SessionId, SubId};

/// How often in a row a query may not be read, as when it takes too long.
const FAILURES: u32 = 3;

/// Somebody who has a list as it was at a token. It follows once that has been compared.
pub(super) struct Resume {
    pub(super) follower: Follower,
    pub(super) cohort: CohortId,
    /// Taken when it is asked about: should that fail, it begins anew.
    pub(super) token: Option<Token>,
}

/// All that is followed, and by whom. One task has it.
pub(super) struct State {
    pub(super) db: Db,
    pub(super) feed: Feed,
    pub(super) cohorts: Cohorts,
    pub(super) sessions: HashMap<SessionId, Session>,
    /// The moment of what everybody has been told.
    pub(super) told: Token,
    /// Who asks to go on from where it was.
    pub(super) resumes: Vec<Resume>,
    /// Whether something has arrived that a turn is to begin with.
    pub(super) is_due: bool,
    /// Who waits for everybody to be told.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    commands: mpsc::WeakUnboundedSender<Command>,
    readers: Owned,
}

impl State {
    pub(super) fn new(db: &Db, feed: Feed, commands: mpsc::WeakUnboundedSender<Command>) -> Self {
        Self {
            db: db.clone(),
            told: feed.token().clone(),
            feed,
            resumes: Vec::new(),
            cohorts: Cohorts::default(),
            sessions: HashMap::new(),
            is_due: false,
            waiting: Vec::new(),
            commands,
            readers: Owned::new(),
        }
    }

    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Open { session, outbox } => drop(self.sessions.insert(session, Session::new(outbox))),
            Command::Close { session } => self.close(session),
            Command::Follow { session, sub, standing, resume } => {
                self.follow(Follower { session, sub }, *standing, resume)
            }
            Command::Leave { session, sub } => self.leave(session, sub),
            Command::Drained { session } => self.drained(session),
            Command::Arrived { cohort, read } => self.arrived(cohort, read),
            Command::CatchUp { done } => {
                self.waiting.push(done);
                self.is_due = true;
            }
        }
    }

    fn close(&mut self, session: SessionId) {
        let Some(gone) = self.sessions.remove(&session) else { return };
        gone.outbox.close();
        for (sub, cohort) in gone.subs {
            self.part(cohort, Follower { session, sub });
        }
    }

    fn follow(&mut self, follower: Follower, standing: Standing, resume: Option<Token>) {
        let Follower { session, sub } = follower;
        self.leave(session, sub);
        if !self.sessions.contains_key(&session) {
            return;
        }
        let key = standing.key(self.db.dialect());
        let id = match self.cohorts.find(&key) {
            Some(id) => id,
            None => self.begin(key, standing),
        };
        let (Some(open), Some(cohort)) = (self.sessions.get_mut(&session), self.cohorts.get_mut(id)) else {
            return;
        };
        open.subs.insert(sub, id);
        if resume.is_some() {
            self.resumes.push(Resume { follower, cohort: id, token: resume });
            self.is_due = true;
            return;
        }
        cohort.followers.insert(follower);
        if let Some(view) = cohort.view() {
            open.send(&frame::snap(sub, view, &self.told), [(sub, Owed::All)]);
        }
    }

    fn leave(&mut self, session: SessionId, sub: SubId) {
        let Some(open) = self.sessions.get_mut(&session) else { return };
        open.owed.remove(&sub);
        if let Some(cohort) = open.subs.remove(&sub) {
            self.part(cohort, Follower { session, sub });
        }
    }

    /// What nobody follows any more is not kept.
    fn part(&mut self, id: CohortId, follower: Follower) {
        let Some(cohort) = self.cohorts.get_mut(id) else { return };
        cohort.followers.remove(&follower);
        self.resumes.retain(|it| it.follower != follower);
        if cohort.followers.is_empty() && !self.resumes.iter().any(|it| it.cohort == id) {
            self.cohorts.remove(id);
        }
    }

    /// Tells it how what it follows differs from what it was told last.
    fn drained(&mut self, session: SessionId) {
        let Some(open) = self.sessions.get_mut(&session) else { return };
        let mut changed = Vec::new();
        for (sub, owed) in std::mem::take(&mut open.owed) {
            let view = open.subs.get(&sub).and_then(|id| self.cohorts.get(*id)).and_then(Cohort::view);
            let Some(view) = view else { continue };
            match owed {
                Owed::All => open.send(&frame::snap(sub, view, &self.told), [(sub, Owed::All)]),
                Owed::Since(before) => changed
                    .extend(News::since(&before, view).ok().map(|news| (Told { id: sub, news }, before))),
            }
        }
        if changed.is_empty() {
            return;
        }
        let (told, befores): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        let owed: Vec<_> = told.iter().map(|it| it.id).zip(befores.into_iter().map(Owed::Since)).collect();
        open.send(&frame::ops(&told, &self.told), owed);
    }

    fn arrived(&mut self, id: CohortId, read: Result<(Token, Read)>) {
        let Some(cohort) = self.cohorts.get_mut(id) else { return };
        match read {
            Ok((token, read)) => {
                cohort.arrive(token, read);
                self.cohorts.touch(id);
                self.is_due = true;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a live query could not be read");
                self.give_up(id, "unreadable");
            }
        }
    }

    /// Those that failed turn after turn are kept no more: others need the turns.
    pub(super) fn give_up_failing(&mut self) {
        for id in self.cohorts.touched() {
            if self.cohorts.get(id).is_some_and(|it| it.failures >= FAILURES) {
                self.give_up(id, "unreadable");
            }
        }
    }

    /// Whoever follows it is told to begin anew.
    fn give_up(&mut self, id: CohortId, reason: &str) {
        let Some(cohort) = self.cohorts.remove(id) else { return };
        let asking = self.resumes.extract_if(.., |it| it.cohort == id).map(|it| it.follower);
        for Follower { session, sub } in cohort.followers.into_iter().chain(asking) {
            let Some(open) = self.sessions.get_mut(&session) else { continue };
            open.subs.remove(&sub);
            open.owed.remove(&sub);
            // Who has no room for it finds out by what it is not told.
            open.outbox.put(&frame::reset(sub, reason));
        }
    }

    /// A cohort whose first rows are read beside the turns.
    fn begin(&mut self, key: String, standing: Standing) -> CohortId {
        let (db, commands) = (self.db.clone(), self.commands.clone());
        let standing = Arc::new(standing);
        let id = self.cohorts.insert(key, Arc::clone(&standing));
        self.readers.spawn("first rows", async move {
            let read = first(&db, &standing).await;
            if let Some(commands) = commands.upgrade() {
                // Nobody waits for it when live queries have ended.
                let _ = commands.send(Command::Arrived { cohort: id, read });
            }
        });
        id
    }
}

/// The rows, and the token of the moment in which they were these.
async fn first(db: &Db, standing: &Standing) -> Result<(Token, Read)> {
    db.snapshot(|reader: &Reader, _| -> Boxed<'_, Result<(Token, Read)>> {
        Box::pin(async move {
            let read = Read::first(standing, reader).await?;
            Ok((Token::of(reader).await?, read))
        })
    })
    .await
}
