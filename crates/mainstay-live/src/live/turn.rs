//! A turn: what was committed is read, with whatever else has to be, in one snapshot, and everybody is told.

use std::collections::HashMap;

use mainstay_kernel::{Boxed, Reader, Result};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::command::Command;
use super::state::{Resume, State};
use crate::cohort::{Cohort, CohortId, Follower, Turned, View};
use crate::frame::{self, News, Told};
use crate::session::{Owed, SessionId};

/// Takes turns until there is nobody to ask for anything, or it is to stop.
pub(super) async fn run(
    mut state: State,
    mut commands: UnboundedReceiver<Command>,
    stopping: CancellationToken,
) {
    loop {
        let wanted = !state.cohorts.is_empty();
        let committed = tokio::select! {
            () = stopping.cancelled() => return,
            command = commands.recv() => {
                let Some(command) = command else { return };
                state.obey(command);
                false
            }
            () = state.feed.wait(), if wanted => true,
        };
        while let Ok(command) = commands.try_recv() {
            state.obey(command);
        }
        if committed || state.is_due {
            state.take_turn().await;
        }
    }
}

/// Who asked to go on, and what it has, where that is known.
type Resumed = Vec<(Follower, CohortId, Option<View>)>;

impl State {
    pub(super) async fn take_turn(&mut self) {
        match self.look().await {
            Ok(resumed) => {
                self.told.clone_from(self.feed.token());
                self.is_due = false;
                self.tell();
                self.go_on(resumed);
                if !self.waiting.is_empty() && !self.cohorts.are_beginning() {
                    // Who asked may have gone.
                    for waiting in self.waiting.drain(..) {
                        let _ = waiting.send(());
                    }
                }
            }
            Err(error) => {
                self.give_up_failing();
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "live queries could not be brought up to date; it is tried again"
                );
            }
        }
    }

    async fn look(&mut self) -> Result<Resumed> {
        let db = self.db.clone();
        db.snapshot(|reader: &Reader, _| -> Boxed<'_, Result<Resumed>> {
            Box::pin(async move {
                let delta = self.feed.look(reader).await?;
                self.cohorts.note(delta);
                self.settle(reader).await?;
                self.resume(reader).await
            })
        })
        .await
    }

    /// Brings each whom it concerns up to what the reader sees. Nobody is told before all are.
    async fn settle(&mut self, reader: &Reader) -> Result<()> {
        for id in self.cohorts.touched() {
            let Some(cohort) = self.cohorts.get_mut(id) else { continue };
            match cohort.turn(reader).await {
                Ok(()) => {
                    cohort.failures = 0;
                    self.cohorts.has_turned(id);
                }
                // The snapshot is of no use after that. It is tried in the next turn, after the others.
                Err(error) => {
                    cohort.failures += 1;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Finds out what those have who ask to go on from a token. Each asks once: whom it cannot be told begins anew.
    async fn resume(&mut self, reader: &Reader) -> Result<Resumed> {
        let mut resumed = Vec::new();
        for Resume { follower, cohort: id, token } in &mut self.resumes {
            let Some(cohort) = self.cohorts.get(*id).filter(|it| !it.is_beginning()) else { continue };
            let changes = match token.take() {
                Some(token) => self.feed.since(reader, &token).await?,
                None => None,
            };
            let has = match changes {
                Some(changes) => cohort.before(&changes)?,
                None => None,
            };
            resumed.push((*follower, *id, has));
        }
        Ok(resumed)
    }

    fn tell(&mut self) {
        let mut changed: HashMap<SessionId, Vec<(Told, View)>> = HashMap::new();
        for id in self.cohorts.take_turned() {
            let Some(cohort) = self.cohorts.get_mut(id) else { continue };
            let turned = cohort.tell();
            let Some(view) = cohort.view() else { continue };
            match turned {
                Turned::Same => {}
                Turned::Begun => {
                    for Follower { session, sub } in &cohort.followers {
                        if let Some(open) = self.sessions.get_mut(session) {
                            open.send(&frame::snap(*sub, view, &self.told), [(*sub, Owed::All)]);
                        }
                    }
                }
                Turned::Changed(before) => {
                    let Ok(news) = News::since(&before, view) else { continue };
                    for Follower { session, sub } in &cohort.followers {
                        let told = Told { id: *sub, news: news.clone() };
                        changed.entry(*session).or_default().push((told, before.clone()));
                    }
                }
            }
        }
        for (session, changes) in changed {
            let Some(open) = self.sessions.get_mut(&session) else { continue };
            let (told, befores): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
            let owed: Vec<_> =
                told.iter().map(|it| it.id).zip(befores.into_iter().map(Owed::Since)).collect();
            open.send(&frame::ops(&told, &self.told), owed);
        }
    }

    /// Those who asked are told how what they have differs, or all of it; from then on they follow.
    fn go_on(&mut self, resumed: Resumed) {
        let cohorts = &self.cohorts;
        self.resumes.retain(|it| cohorts.get(it.cohort).is_some_and(Cohort::is_beginning));
        for (follower, id, has) in resumed {
            let Follower { session, sub } = follower;
            let open = self.sessions.get_mut(&session).filter(|it| it.subs.get(&sub) == Some(&id));
            let (Some(open), Some(cohort)) = (open, self.cohorts.get_mut(id)) else { continue };
            cohort.followers.insert(follower);
            let Some(view) = cohort.view() else { continue };
            let news = has.and_then(|it| Some((News::since(&it, view).ok()?, it)));
            match news {
                None => open.send(&frame::snap(sub, view, &self.told), [(sub, Owed::All)]),
                Some((news, had)) => {
                    open.send(&frame::resumed(sub), []);
                    let told = [Told { id: sub, news }];
                    open.send(&frame::ops(&told, &self.told), [(sub, Owed::Since(had))]);
                }
            }
        }
    }
}
