use mainstay_kernel::{Error, Result, Timestamp, nearest};
use mainstay_queue::cron::{CronEntry, Schedule};
use serde::Serialize;

use super::table::table;
use super::{Background, Shown, wrong};
use crate::command::Output;

/// The words after `cron`.
#[derive(Debug, clap::Args)]
pub(super) struct CronArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the crons, when each ran and when it is due
    List(Shown),
    /// Run one now, beside its usual times; prints the task's id
    Run {
        /// Its name
        name: String,
    },
    /// Show when one is due
    Next {
        /// Its name
        name: String,
        /// How many times to show
        #[arg(long, default_value_t = 5)]
        count: usize,
        #[command(flatten)]
        shown: Shown,
    },
}

/// One cron, as it is listed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: &'static str,
    expression: &'static str,
    timezone: &'static str,
    last: Option<Timestamp>,
    next: Option<Timestamp>,
    about: &'static str,
    file: &'static str,
    line: u32,
}

impl Background {
    pub(super) async fn cron(&self, args: CronArgs, output: &Output) -> Result<()> {
        match args.action {
            Action::List(shown) => {
                let mut all = Vec::new();
                for entry in &self.work.crons {
                    all.push(self.line(entry).await?);
                }
                shown.show(&all, output, lines);
                Ok(())
            }
            Action::Run { name } => {
                let entry = self.entry(&name)?;
                self.job(super::JobArgs::trigger(entry.worker.spec.name), output).await
            }
            Action::Next { name, count, shown } => {
                let schedule = schedule(self.entry(&name)?)?;
                let now = self.db.clock().now();
                let times: Vec<Timestamp> =
                    std::iter::successors(schedule.after(now), |due| schedule.after(*due))
                        .take(count)
                        .collect();
                shown.show(&times, output, |times| times.iter().map(ToString::to_string).collect());
                Ok(())
            }
        }
    }

    async fn line(&self, entry: &CronEntry) -> Result<Line> {
        let spec = entry.worker.spec;
        Ok(Line {
            name: spec.name,
            expression: entry.cron.expression,
            timezone: entry.cron.timezone,
            last: self.db.last_tick(spec.name).await?,
            next: schedule(entry)?.after(self.db.clock().now()),
            about: spec.summary,
            file: spec.place.file,
            line: spec.place.line,
        })
    }

    fn entry(&self, name: &str) -> Result<&CronEntry> {
        self.work.crons.iter().find(|it| it.worker.spec.name == name).ok_or_else(|| {
            let names = self.work.crons.iter().map(|it| it.worker.spec.name);
            let hint = nearest(name, names).map(|near| format!(", did you mean `{near}`?"));
            wrong(format!("no cron is named `{name}`{}", hint.unwrap_or_default()))
        })
    }
}

fn schedule(entry: &CronEntry) -> Result<Schedule> {
    let read = Schedule::read(entry.cron.expression, entry.cron.timezone);
    read.map_err(|fault| Error::internal(fault.to_string()))
}

fn lines(all: &[Line]) -> Vec<String> {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "never".to_owned(), |it| it.to_string());
    let row = |it: &Line| {
        let expression = if it.timezone == "UTC" {
            it.expression.to_owned()
        } else {
            format!("{} {}", it.expression, it.timezone)
        };
        [it.name.to_owned(), expression, time(it.last), time(it.next), it.about.to_owned()]
    };
    table(["cron", "when", "last", "next", "about"], all.iter().map(row).collect())
}
