use mainstay_kernel::work::{Listed, Report, TaskFilter, TaskId};
use mainstay_kernel::{Result, write_tx};
use mainstay_queue::redacted;
use serde::Serialize;

use super::table::{cut, table};
use super::{Background, Shown, missing, wrong};
use crate::command::Output;

/// The words after `job`.
#[derive(Debug, clap::Args)]
pub(super) struct JobArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List tasks that wait or run, the oldest first
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
    /// Show one task: one that waits, runs or is dead, and one that is over as long as what it gave is kept
    Show {
        /// Its id
        id: TaskId,
        #[command(flatten)]
        shown: Shown,
    },
    /// Leave a task for a worker or an operation; prints its id
    Trigger {
        /// The worker's name, or the operation's path with a value for each parameter, such as `users.get.42`
        path: String,
        /// The input, as JSON
        #[arg(default_value = "null")]
        input: String,
    },
    /// Take a task back that nobody runs yet
    Cancel {
        /// Its id
        id: TaskId,
    },
    /// Try a task again now: one that waits for its time, or one that is dead
    Retry {
        /// Its id
        id: TaskId,
    },
}

impl JobArgs {
    /// `job trigger NAME`
    pub(super) fn trigger(name: &str) -> Self {
        Self { action: Action::Trigger { path: name.to_owned(), input: "null".to_owned() } }
    }
}

impl Background {
    pub(super) async fn job(&self, args: JobArgs, output: &Output) -> Result<()> {
        match args.action {
            Action::List { queue, name, limit, shown } => {
                let tasks = self.db.tasks(&TaskFilter { id: None, queue, name }, limit).await?;
                shown.show(&shown_tasks(tasks), output, lines);
                Ok(())
            }
            Action::Show { id, shown } => self.show(id, shown, output).await,
            Action::Trigger { path, input } => self.trigger(&path, input, output).await,
            Action::Cancel { id } => {
                if !write_tx!(self.db, |tx| { tx.cancel(id).await }).await? {
                    return Err(wrong(format!(
                        "the task `{id}` runs, has run, or never was: nothing was cancelled"
                    )));
                }
                output.line(format!("{id} is cancelled"));
                Ok(())
            }
            Action::Retry { id } => self.retry(id, output).await,
        }
    }

    async fn show(&self, id: TaskId, shown: Shown, output: &Output) -> Result<()> {
        let tasks = self.db.tasks(&TaskFilter { id: Some(id), ..TaskFilter::default() }, 1).await?;
        let Some(report) = self.db.report(id).await? else {
            return Err(missing("task", &id.to_string()));
        };
        let hidden = |json: Option<String>| json.map(|it| redacted(&it));
        let report = Report { progress: hidden(report.progress), value: hidden(report.value), ..report };
        match shown_tasks(tasks).pop() {
            Some(task) => shown.show(&[Underway { progress: report.progress, task }], output, |all| {
                all.iter().flat_map(|it| whole(&it.task, it.progress.as_deref())).collect()
            }),
            None => shown.show(&[report], output, |all| all.iter().flat_map(over).collect()),
        }
        Ok(())
    }

    async fn trigger(&self, path: &str, input: String, output: &Output) -> Result<()> {
        let task = self.work.task_by_hand(path, input)?;
        let id = task.id;
        write_tx!(self.db, |tx| {
            tx.put(task.clone());
            Ok(())
        })
        .await?;
        output.line(id);
        Ok(())
    }

    async fn retry(&self, id: TaskId, output: &Output) -> Result<()> {
        let now = self.db.clock().now();
        let filter = TaskFilter { id: Some(id), ..TaskFilter::default() };
        let is_again = !self.db.replay_dead(&filter, now, 1).await?.is_empty()
            || write_tx!(self.db, |tx| { tx.reschedule(id, now).await }).await?;
        if !is_again {
            return Err(wrong(format!(
                "the task `{id}` runs, has run, or never was: nothing is tried again"
            )));
        }
        output.line(format!("{id} is tried again"));
        Ok(())
    }
}

/// A task that is not over.
#[derive(Serialize)]
struct Underway {
    #[serde(flatten)]
    task: Listed,
    progress: Option<String>,
}

/// Without what is not for everybody's eyes.
fn shown_tasks(tasks: Vec<Listed>) -> Vec<Listed> {
    tasks.into_iter().map(|it| Listed { body: redacted(&it.body), ..it }).collect()
}

fn lines(tasks: &[Listed]) -> Vec<String> {
    let row = |it: &Listed| {
        [
            it.id.to_string(),
            it.queue.clone(),
            it.name.clone(),
            it.state.clone(),
            it.attempt.to_string(),
            it.due_at.unwrap_or(it.created_at).to_string(),
            cut(&it.body, 60),
        ]
    };
    table(
        ["id", "queue", "name", "state", "attempts", "due or since", "input"],
        tasks.iter().map(row).collect(),
    )
}

fn whole(task: &Listed, progress: Option<&str>) -> Vec<String> {
    let time = |time: Option<mainstay_kernel::Timestamp>| time.map(|it| it.to_string()).unwrap_or_default();
    let lines = [
        ("id", task.id.to_string()),
        ("queue", task.queue.clone()),
        ("name", task.name.clone()),
        ("state", task.state.clone()),
        ("key", task.key.clone().unwrap_or_default()),
        ("priority", task.priority.to_string()),
        ("attempts", task.attempt.to_string()),
        ("due", time(task.due_at)),
        ("since", task.created_at.to_string()),
        ("running since", time(task.started_at)),
        ("errors", task.errors.clone()),
        ("progress", progress.unwrap_or_default().to_owned()),
        ("input", task.body.clone()),
    ];
    named(lines)
}

/// What is left of a task that is over.
fn over(report: &Report) -> Vec<String> {
    let lines = [
        ("id", report.id.to_string()),
        ("name", report.name.clone()),
        ("state", report.state.name().to_owned()),
        ("errors", report.errors.clone()),
        ("progress", report.progress.clone().unwrap_or_default()),
        ("value", report.value.clone().unwrap_or_default()),
    ];
    named(lines)
}

fn named<const N: usize>(lines: [(&str, String); N]) -> Vec<String> {
    lines
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:<14}{value}"))
        .collect()
}
