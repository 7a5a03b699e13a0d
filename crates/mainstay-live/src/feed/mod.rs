//! What is committed to live models, read once in this process and told to all who listen.

mod delta;
mod image;
mod subscription;
mod tail;

pub use delta::{Change, Delta, Reset, Resets, RowChange};
pub(crate) use image::delta;
pub use subscription::Subscription;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mainstay_kernel::changes::{Most, Token};
use mainstay_kernel::{Db, Result};
use mainstay_model::Schema;
use tokio::sync::{Notify, broadcast};

use self::tail::Tail;

/// How many deltas a listener may be behind before it has to start again.
const BEHIND: usize = 256;

/// How a feed reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedOptions {
    /// The most in one delta: beyond it, those who read the models that it touched start again.
    pub most: Most,
}

/// Tells what is committed to live models, by whomever: this process, others, raw SQL. While somebody listens one task
/// reads; while nobody does, there is none. Clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

struct Shared {
    db: Db,
    models: HashMap<&'static str, &'static Schema>,
    options: FeedOptions,
    running: Mutex<Option<Running>>,
    /// A listener left: it may have been the last.
    left: Notify,
}

/// The task that reads.
struct Running {
    /// How far what was told reaches.
    told: Token,
    listeners: broadcast::Sender<Arc<Delta>>,
}

impl Feed {
    /// A feed of the live ones of these models.
    pub fn new(db: &Db, models: &[&'static Schema], options: FeedOptions) -> Self {
        let models = models.iter().filter(|it| it.live).map(|it| (it.name, *it)).collect();
        let (running, left) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { db: db.clone(), models, options, running, left }))
    }

    /// Begins to listen: what is committed after the subscription's token is told to it.
    ///
    /// # Errors
    /// Unavailable, when nobody listened until now and the database is away.
    pub async fn subscribe(&self) -> Result<Subscription> {
        if let Some(joined) = self.join() {
            return Ok(joined);
        }
        let token = Token::of(&self.0.db.reader()).await?;
        // Others may have come in the meantime.
        let (subscription, tail) = {
            let mut running = self.0.running();
            match &*running {
                Some(running) => return Ok(Subscription::new(self, running)),
                None => {
                    let listeners = broadcast::Sender::new(BEHIND);
                    let begun = Running { told: token.clone(), listeners: listeners.clone() };
                    let subscription = Subscription::new(self, &begun);
                    *running = Some(begun);
                    (subscription, Tail::new(&self.0, token, listeners))
                }
            }
        };
        self.0.db.owned().spawn("change feed", tail.run());
        Ok(subscription)
    }

    /// Whether a task reads.
    pub fn is_running(&self) -> bool {
        self.0.running().is_some()
    }

    fn join(&self) -> Option<Subscription> {
        self.0.running().as_ref().map(|running| Subscription::new(self, running))
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all who listen; whether there is anybody. A delta of nothing moves the token alone.
    fn tell(&self, delta: Delta) -> bool {
        let mut running = self.running();
        let Some(run) = &mut *running else { return false };
        if run.listeners.receiver_count() == 0 {
            *running = None;
            return false;
        }
        run.told.clone_from(&delta.token);
        if !delta.is_empty() {
            // It fails where nobody listens any more, which the next look finds.
            let _ = run.listeners.send(Arc::new(delta));
        }
        true
    }

    /// The task that told them has ended: those who listen learn of it by the end of their channel. Another one that has
    /// begun since goes on.
    fn end(&self, listeners: &broadcast::Sender<Arc<Delta>>) {
        drop(self.running().take_if(|it| it.listeners.same_channel(listeners)));
    }
}
