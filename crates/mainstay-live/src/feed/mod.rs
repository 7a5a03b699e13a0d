//! What is committed to live models.

mod delta;
mod image;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mainstay_kernel::changes::{Committed, Loss, Most, Since, Token};
use mainstay_kernel::{Db, ErrorKind, Reader, Result};
use mainstay_model::Schema;

pub use self::delta::{Change, Delta, Reset, Resets, RowChange};

/// How long after one look the next one is, at least: commits in between are told together.
const TOGETHER: Duration = Duration::from_millis(5);

/// When to look though nobody said that there is anything: others' commits are seen by this, where no hint comes.
const LOOK: std::ops::Range<u64> = 250..1000;

/// Reads what is committed to live models, by whomever: this process, others, raw SQL.
pub struct Feed {
    db: Db,
    models: HashMap<&'static str, &'static Schema>,
    most: Most,
    token: Token,
    commits: Committed,
    looked: Instant,
    /// The last look took too long: what was missed is not looked for again.
    gives_up: bool,
}

impl Feed {
    /// What is committed from now on to the live ones of these models. Of those that more than `most` at once is of, it is
    /// said that they are to be read anew.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn begin(db: &Db, models: &[&'static Schema], most: Most) -> Result<Self> {
        // Before the first look, so that no commit falls between the two.
        let commits = db.commits();
        let token = Token::of(&db.reader()).await?;
        let models = models.iter().filter(|it| it.live).map(|it| (it.name, *it)).collect();
        Ok(Self { db: db.clone(), models, most, token, commits, looked: Instant::now(), gives_up: false })
    }

    /// How far what was read reaches.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// What is committed next, or has been since this was last asked.
    ///
    /// # Errors
    /// As [`Feed::look`].
    pub async fn next(&mut self) -> Result<Delta> {
        loop {
            self.wait().await;
            let reader = self.db.reader();
            let delta = self.look(&reader).await?;
            if !delta.is_empty() {
                return Ok(delta);
            }
        }
    }

    /// What was committed since this was last asked, as far as the reader sees: with that of a
    /// [snapshot](Db::snapshot), other things can be read as of the same moment. There may be nothing.
    ///
    /// # Errors
    /// Too slow, when there was too much to be read: what comes next then says so. Unavailable, when the database is away.
    pub async fn look(&mut self, reader: &Reader) -> Result<Delta> {
        self.looked = Instant::now();
        let delta = match self.missed(reader).await? {
            Since::Changes(changes, token) => image::delta(&self.models, &changes, token),
            Since::TooMany(touched, token) => {
                let ours = self.models.keys().filter(|it| touched.contains(**it));
                let resets = Resets::Models(ours.map(|it| (*it, Reset::TooMany)).collect());
                Delta { resets, ..Delta::nothing(token) }
            }
            Since::Lost(loss) => {
                let why = match loss {
                    Loss::Expired => Reset::Expired,
                    Loss::Foreign => Reset::Foreign,
                    Loss::TooSlow => Reset::TooMany,
                };
                tracing::warn!(%why, "what was committed cannot be told: all live queries are read anew");
                Delta::everything(Token::of(reader).await?, why)
            }
        };
        self.token.clone_from(&delta.token);
        Ok(delta)
    }

    /// What was committed since another token, as far as the reader sees; none where it cannot be told.
    pub(crate) async fn since(&self, reader: &Reader, token: &Token) -> Result<Option<Vec<Change>>> {
        Ok(match Since::read(reader, token, self.most).await? {
            Since::Changes(changes, token) => {
                let delta = image::delta(&self.models, &changes, token);
                matches!(&delta.resets, Resets::Models(models) if models.is_empty()).then_some(delta.changes)
            }
            Since::TooMany(..) | Since::Lost(_) => None,
        })
    }

    async fn missed(&mut self, reader: &Reader) -> Result<Since> {
        if std::mem::take(&mut self.gives_up) {
            return Ok(Since::Lost(Loss::TooSlow));
        }
        let since = Since::read(reader, &self.token, self.most).await;
        // The snapshot is of no use after that.
        self.gives_up = since.as_ref().is_err_and(|it| matches!(it.kind(), ErrorKind::TooSlow(_)));
        since
    }

    /// Waits until there may be something: a commit here, a hint of another process', or the time to look.
    #[expect(clippy::disallowed_methods, reason = "a poll waits")]
    pub async fn wait(&mut self) {
        let hints = self.db.hints();
        let hinted = async {
            match &hints {
                Some(hints) => hints.heard().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.commits.next() => {}
            () = hinted => {}
            () = tokio::time::sleep(Duration::from_millis(fastrand::u64(LOOK))) => {}
        }
        let soon = TOGETHER.saturating_sub(self.looked.elapsed());
        if !soon.is_zero() {
            tokio::time::sleep(soon).await;
        }
    }
}
