//! A turn: what was committed is read, with whatever else has to be, in one snapshot, and everybody is told.

use std::collections::HashMap;

use mainstay_kernel::{Boxed, Reader, Result};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::command::Command;
use super::state::State;
use crate::cohort::{CohortId, Follower, Turned, View};
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
            () = state.watch.wait(), if wanted => true,
        };
        while let Ok(command) = commands.try_recv() {
            state.obey(command);
        }
        if committed || state.is_due {
            state.take_turn().await;
        }
    }
}

/// What a turn came to for a cohort.
type Outcomes = Vec<(CohortId, Turned)>;

impl State {
    pub(super) async fn take_turn(&mut self) {
        let mut outcomes = Vec::new();
        let looked = self.look(&mut outcomes).await;
        // What has turned has turned, whatever became of the others.
        self.tell(outcomes);
        match looked {
            Ok(()) => {
                self.is_due = false;
                if !self.cohorts.are_beginning() {
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

    async fn look(&mut self, outcomes: &mut Outcomes) -> Result<()> {
        let db = self.db.clone();
        db.snapshot(|reader: &Reader, _| -> Boxed<'_, Result<()>> {
            Box::pin(async move {
                let delta = self.watch.look(reader).await?;
                self.cohorts.note(delta);
                self.settle(reader, outcomes).await
            })
        })
        .await
    }

    /// Brings each whom it concerns up to what the reader sees.
    async fn settle(&mut self, reader: &Reader, outcomes: &mut Outcomes) -> Result<()> {
        for id in self.cohorts.touched() {
            let Some(cohort) = self.cohorts.get_mut(id) else { continue };
            match cohort.turn(reader).await {
                Ok(turned) => {
                    cohort.failures = 0;
                    outcomes.push((id, turned));
                    self.cohorts.has_turned(id);
                }
                // The snapshot is of no use after that. The others are brought up to date in the next turn, and this one last.
                Err(error) => {
                    cohort.failures += 1;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, outcomes: Outcomes) {
        let mut changed: HashMap<SessionId, Vec<(Told, View)>> = HashMap::new();
        for (id, turned) in outcomes {
            let Some(cohort) = self.cohorts.get(id) else { continue };
            let Some(view) = cohort.view() else { continue };
            match turned {
                Turned::Same => {}
                Turned::Begun => {
                    for Follower { session, sub } in &cohort.followers {
                        if let Some(open) = self.sessions.get_mut(session) {
                            open.send(&frame::snap(*sub, view, self.watch.token()), [(*sub, Owed::All)]);
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
            open.send(&frame::ops(&told, self.watch.token()), owed);
        }
    }
}
