use std::time::Duration;

use mainstay_kernel::work::Depth;
use mainstay_kernel::{Result, framework_tables};
use mainstay_queue::{HEEDED, QueueSpec};

use super::table::table;
use super::{Background, Shown, missing};
use crate::command::Output;

/// The words after `queue`.
#[derive(Debug, clap::Args)]
pub(super) struct QueueArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the queues and how much waits in each
    List(Shown),
    /// Show one queue
    Inspect {
        /// Its name
        name: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Let no task of a queue begin; those that run go on
    Pause {
        /// Its name
        name: String,
    },
    /// Let tasks of a queue begin again
    Resume {
        /// Its name
        name: String,
    },
    /// Pause a queue and wait until none of its tasks runs
    Drain {
        /// Its name
        name: String,
        /// How many seconds to wait at most
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
}

/// The words after `outbox`.
#[derive(Debug, clap::Args)]
pub(super) struct OutboxArgs {
    #[command(subcommand)]
    action: OutboxAction,
}

#[derive(Debug, clap::Subcommand)]
enum OutboxAction {
    /// Count what was committed and is not done
    Status(Shown),
}

/// The words after `db`.
#[derive(Debug, clap::Args)]
pub(super) struct DbArgs {
    #[command(subcommand)]
    action: DbAction,
}

#[derive(Debug, clap::Subcommand)]
enum DbAction {
    /// Print the SQL of the framework's own tables
    Init,
}

impl Background {
    pub(super) async fn queue(&self, args: QueueArgs, output: &Output) -> Result<()> {
        match args.action {
            Action::List(shown) => {
                shown.show(&self.depths().await?, output, lines);
                Ok(())
            }
            Action::Inspect { name, shown } => {
                let depth = self.depth(&name).await?;
                shown.show(&[depth], output, lines);
                Ok(())
            }
            Action::Pause { name } => self.pause(&name, true, output).await,
            Action::Resume { name } => self.pause(&name, false, output).await,
            Action::Drain { name, timeout } => self.drain(&name, Duration::from_secs(timeout), output).await,
        }
    }

    pub(super) async fn outbox(&self, args: OutboxArgs, output: &Output) -> Result<()> {
        let OutboxAction::Status(shown) = args.action;
        let mut all = Depth { queue: "all".to_owned(), ..Depth::default() };
        for depth in self.db.depths().await? {
            all.ready += depth.ready;
            all.running += depth.running;
            all.parked += depth.parked;
            all.scheduled += depth.scheduled;
            all.dead += depth.dead;
            all.oldest = all.oldest.into_iter().chain(depth.oldest).min();
        }
        shown.show(&[all], output, lines);
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "as its siblings")]
    pub(super) async fn database(&self, args: DbArgs, output: &Output) -> Result<()> {
        let DbAction::Init = args.action;
        output.line(framework_tables(self.db.dialect()));
        Ok(())
    }

    /// Those that hold something, and those that a worker names.
    async fn depths(&self) -> Result<Vec<Depth>> {
        let mut all = self.db.depths().await?;
        let workers = self.work.workers.iter().map(|it| it.spec.queue);
        let crons = self.work.crons.iter().map(|it| it.worker.spec.queue);
        for queue in workers.chain(crons).chain(self.work.queues.iter().map(|it: &QueueSpec| it.name)) {
            if all.iter().all(|it| it.queue != queue) {
                all.push(Depth { queue: queue.to_owned(), ..Depth::default() });
            }
        }
        all.sort_by(|one, other| one.queue.cmp(&other.queue));
        Ok(all)
    }

    async fn depth(&self, name: &str) -> Result<Depth> {
        let all = self.depths().await?;
        all.into_iter().find(|it| it.queue == name).ok_or_else(|| missing("queue", name))
    }

    async fn pause(&self, name: &str, paused: bool, output: &Output) -> Result<()> {
        self.depth(name).await?;
        self.db.set_paused(name, paused).await?;
        output.line(format!("{name} is {}", if paused { "paused" } else { "resumed" }));
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "draining is waiting")]
    async fn drain(&self, name: &str, most: Duration, output: &Output) -> Result<()> {
        self.pause(name, true, output).await?;
        let began = std::time::Instant::now();
        let heeded = if self.db.alive().await? == 0 { Duration::ZERO } else { HEEDED };
        loop {
            let running = self.depth(name).await?.running;
            if running == 0 && began.elapsed() >= heeded {
                output.line(format!("{name} is drained"));
                return Ok(());
            }
            if began.elapsed() > most.max(heeded) {
                return Err(super::wrong(format!(
                    "{running} tasks of {name} still run after {} s: it stays paused",
                    most.as_secs()
                )));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn lines(depths: &[Depth]) -> Vec<String> {
    let row = |it: &Depth| {
        [
            it.queue.clone(),
            if it.paused { "paused" } else { "open" }.to_owned(),
            it.ready.to_string(),
            it.running.to_string(),
            it.scheduled.to_string(),
            it.parked.to_string(),
            it.dead.to_string(),
            it.oldest.map(|it| it.to_string()).unwrap_or_default(),
        ]
    };
    table(
        ["queue", "state", "ready", "running", "scheduled", "parked", "dead", "oldest"],
        depths.iter().map(row).collect(),
    )
}
