//! Live queries: whoever subscribes is sent what its query gives, and then how that changes.

mod command;
mod state;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mainstay_kernel::changes::{Most, Token};
use mainstay_kernel::{Db, Owned, Result};
use mainstay_model::{Schema, Standing};
use tokio::sync::{mpsc, oneshot};

use self::command::Command;
use self::state::State;
use crate::feed::Feed;
use crate::outbox::Outbox;
use crate::session::{SessionId, SubId};

/// How live queries are kept.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// The most changes of rows that are told one by one: beyond it, queries of the models that they touched are read
    /// anew. Default 10 000.
    pub most_changes: u32,
    /// How many bytes may wait for one client. Beyond it nothing is computed for it until half of them are gone; then it is
    /// told at once how its rows differ from those that it was told last. Default 1 MiB.
    pub most_waiting: usize,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { most_changes: 10_000, most_waiting: 1 << 20 }
    }
}

/// Live queries of this process. Clones share them; with the last one, and the last [`Client`], they end.
///
/// What is committed, by whomever, is told to whom it concerns in one frame of all that it changes for them; once it has
/// been applied, what they have is what their lists give at the frame's token, order and total included.
///
/// ```
/// use std::time::Duration;
///
/// use mainstay::kernel::{Caller, Db, DbOptions, StoreUrl};
/// use mainstay::model::{Model, ModelEntry, Standing, additive, parse_list};
/// use mainstay::prelude::*;
/// use mainstay_live::{Live, LiveOptions, SubId};
///
/// /// What somebody wrote.
/// #[derive(Model, Clone, Debug)]
/// #[model(live)]
/// struct Note {
///     id: Id<Note>,
///     text: String,
/// }
///
/// #[scope]
/// impl Scope for Note {
///     fn can_read(_: &Caller) -> Access<Note> {
///         all()
///     }
/// }
///
/// static NOTE: ModelEntry = ModelEntry::of::<Note>();
///
/// # #[tokio::main]
/// # async fn main() -> mainstay::Result<()> {
/// let db = Db::open(DbOptions::new(StoreUrl::SqliteMemory)).await?;
/// let _ = additive::apply(&db, &[Note::SCHEMA]).await?;
/// let live = Live::start(&db, &[Note::SCHEMA], LiveOptions::default()).await?;
///
/// let client = live.client();
/// let all = parse_list(&NOTE, &[], &Caller::Anonymous, &[])?;
/// client.follow(SubId(1), Standing::new(&NOTE, &Caller::Anonymous, all)?);
/// let snap = client.next().await.unwrap_or_default();
/// assert!(snap.starts_with(r#"{"t":"snap","id":1,"rows":[],"total":0"#));
///
/// db.write(async |tx: &mut Tx| NewNote { text: "hello".to_owned() }.insert(tx).await).await?;
/// let ops = client.next().await.unwrap_or_default();
/// assert!(ops.contains(r#""op":"add","index":0"#) && ops.contains(r#""text":"hello""#));
/// live.stop(Duration::from_secs(1)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    commands: mpsc::UnboundedSender<Command>,
    sessions: AtomicU64,
    options: LiveOptions,
    owned: Owned,
}

/// One client: what it is to be sent comes out of it in order. Dropped, it is forgotten, with its subscriptions.
pub struct Client {
    id: SessionId,
    outbox: Arc<Outbox>,
    live: Live,
}

impl Live {
    /// Begins to watch the live ones of these models.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn start(db: &Db, models: &[&'static Schema], options: LiveOptions) -> Result<Self> {
        let most = Most { changes: options.most_changes, ..Most::default() };
        let feed = Feed::begin(db, models, most).await?;
        let (commands, obeyed) = mpsc::unbounded_channel();
        let owned = Owned::new();
        let state = State::new(db, feed, commands.downgrade());
        owned.spawn("live queries", turn::run(state, obeyed, owned.stopping()));
        Ok(Self(Arc::new(Shared { commands, sessions: AtomicU64::new(0), options, owned })))
    }

    /// A client that follows nothing yet.
    pub fn client(&self) -> Client {
        let id = SessionId(self.0.sessions.fetch_add(1, Ordering::Relaxed));
        let outbox = Arc::new(Outbox::new(self.0.options.most_waiting));
        self.say(Command::Open { session: id, outbox: Arc::clone(&outbox) });
        Client { id, outbox, live: self.clone() }
    }

    /// Tells everybody what has been committed until now, and returns when it has been put on its way.
    pub async fn catch_up(&self) {
        let (done, told) = oneshot::channel();
        self.say(Command::CatchUp { done });
        // It ends with the process.
        let _ = told.await;
    }

    /// Tells nothing more. Safe to call twice.
    pub async fn stop(&self, bound: Duration) {
        self.0.owned.stop(bound).await;
    }

    fn say(&self, command: Command) {
        // Nobody listens any more when it has been stopped.
        let _ = self.0.commands.send(command);
    }
}

impl Client {
    /// Follows a list from now on, under this number: it is sent its rows, and then how they change. What had the number
    /// before is followed no more.
    pub fn follow(&self, sub: SubId, standing: Standing) {
        self.say_follow(sub, standing, None);
    }

    /// Follows a list that was followed before, by this client or another, on whatever node: it is sent how the list differs
    /// from what it was at this token, or all of it where that is not known any more.
    pub fn resume(&self, sub: SubId, standing: Standing, token: Token) {
        self.say_follow(sub, standing, Some(token));
    }

    fn say_follow(&self, sub: SubId, standing: Standing, resume: Option<Token>) {
        self.live.say(Command::Follow { session: self.id, sub, standing: Box::new(standing), resume });
    }

    /// Follows no more what has this number.
    pub fn leave(&self, sub: SubId) {
        self.live.say(Command::Leave { session: self.id, sub });
    }

    /// Waits for what is to be sent next, as JSON; none when live queries have ended.
    pub async fn next(&self) -> Option<Arc<str>> {
        let taken = self.outbox.take().await?;
        if taken.drained {
            self.live.say(Command::Drained { session: self.id });
        }
        Some(taken.frame)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.live.say(Command::Close { session: self.id });
    }
}
