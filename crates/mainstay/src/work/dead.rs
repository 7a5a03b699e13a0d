use std::time::{Duration, Instant};

use mainstay_kernel::Result;
use mainstay_kernel::work::{Dead, TaskFilter, TaskId};
use mainstay_queue::redacted;

use super::table::{cut, table};
use super::{Background, Shown, missing, wrong};
use crate::command::Output;

/// How many letters are touched at once.
const BATCH: u32 = 100;

/// The words after `dead`.
#[derive(Debug, clap::Args)]
pub(super) struct DeadArgs {
    #[command(subcommand)]
    action: Action,
}

/// Which letters.
#[derive(Clone, Debug, clap::Args)]
struct Which {
    /// The one of this id
    id: Option<TaskId>,
    /// Those of this queue
    #[arg(long)]
    queue: Option<String>,
    /// Those of this worker or operation
    #[arg(long)]
    name: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List tasks that are tried no more, the latest first
    List {
        /// Those of this queue
        #[arg(long)]
        queue: Option<String>,
        /// Those of this worker or operation
        #[arg(long)]
        name: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show one
    Show {
        /// Its id
        id: TaskId,
        #[command(flatten)]
        shown: Shown,
    },
    /// Try them again, as if they had never been tried
    Replay {
        #[command(flatten)]
        which: Which,
        /// How many in a second, so that what failed is not buried under them
        #[arg(long)]
        rate: Option<u32>,
    },
    /// Delete them
    Discard {
        #[command(flatten)]
        which: Which,
    },
}

impl Which {
    fn filter(self) -> Result<TaskFilter> {
        let Self { id, queue, name, all } = self;
        if id.is_none() && queue.is_none() && name.is_none() && !all {
            return Err(wrong("say which: an id, `--queue`, `--name`, or `--all`"));
        }
        Ok(TaskFilter { id, queue, name })
    }
}

impl Background {
    pub(super) async fn dead(&self, args: DeadArgs, output: &Output) -> Result<()> {
        match args.action {
            Action::List { queue, name, limit, shown } => {
                let letters = self.db.dead(&TaskFilter { id: None, queue, name }, limit).await?;
                shown.show(&shown_letters(letters), output, lines);
                Ok(())
            }
            Action::Show { id, shown } => {
                let letters = self.db.dead(&TaskFilter { id: Some(id), ..TaskFilter::default() }, 1).await?;
                if letters.is_empty() {
                    return Err(missing("dead letter", &id.to_string()));
                }
                shown.show(&shown_letters(letters), output, |letters| {
                    letters.iter().flat_map(whole).collect()
                });
                Ok(())
            }
            Action::Replay { which, rate } => {
                let replayed = self.replay(&which.filter()?, rate).await?;
                told("replayed", replayed, output)
            }
            Action::Discard { which } => {
                let (filter, mut gone) = (which.filter()?, 0);
                let now = self.db.clock().now();
                loop {
                    let more = self.db.discard_dead(&filter, now, BATCH).await?;
                    gone += more;
                    if more < u64::from(BATCH) {
                        return told("discarded", gone, output);
                    }
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a rate is kept by waiting")]
    async fn replay(&self, filter: &TaskFilter, rate: Option<u32>) -> Result<u64> {
        let batch = rate.unwrap_or(BATCH).clamp(1, BATCH);
        // One that dies again meanwhile is left where it is.
        let (by, mut replayed) = (self.db.clock().now(), 0);
        loop {
            let began = Instant::now();
            let more = self.db.replay_dead(filter, by, batch).await?.len() as u64;
            replayed += more;
            if more < u64::from(batch) {
                return Ok(replayed);
            }
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(f64::from(batch) / f64::from(rate.max(1)));
                tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
            }
        }
    }
}

fn told(what: &str, count: u64, output: &Output) -> Result<()> {
    if count == 0 {
        return Err(wrong(format!("no dead letter is meant: nothing was {what}")));
    }
    output.line(format!("{count} {what}"));
    Ok(())
}

fn shown_letters(letters: Vec<Dead>) -> Vec<Dead> {
    letters.into_iter().map(|it| Dead { body: redacted(&it.body), ..it }).collect()
}

/// What the last attempt came to.
fn last_error(letter: &Dead) -> String {
    let errors: Vec<serde_json::Value> = serde_json::from_str(&letter.errors).unwrap_or_default();
    errors.last().and_then(|it| it["error"].as_str()).unwrap_or_default().to_owned()
}

fn lines(letters: &[Dead]) -> Vec<String> {
    let row = |it: &Dead| {
        [
            it.id.to_string(),
            it.queue.clone(),
            it.name.clone(),
            it.reason.clone(),
            it.attempt.to_string(),
            it.died_at.to_string(),
            cut(&last_error(it), 80),
        ]
    };
    table(
        ["id", "queue", "name", "reason", "attempts", "last seen", "error"],
        letters.iter().map(row).collect(),
    )
}

fn whole(letter: &Dead) -> Vec<String> {
    let mut lines: Vec<String> = [
        ("id", letter.id.to_string()),
        ("queue", letter.queue.clone()),
        ("name", letter.name.clone()),
        ("reason", letter.reason.clone()),
        ("attempts", letter.attempt.to_string()),
        ("first seen", letter.created_at.to_string()),
        ("last seen", letter.died_at.to_string()),
        ("input", letter.body.clone()),
    ]
    .map(|(name, value)| format!("{name:<12}{value}"))
    .into();
    let errors: Vec<serde_json::Value> = serde_json::from_str(&letter.errors).unwrap_or_default();
    lines.extend(errors.iter().map(|it| {
        let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        format!("attempt {:<4}{}  {}", it["attempt"].to_string(), text("at"), text("error"))
    }));
    lines
}
