//! The application of these tests, its parts written by hand as the attributes would.

use std::time::Duration;

use mainstay::kernel::{Boxed, Place};
use mainstay::prelude::*;
use mainstay::queue::cron::{Cron, CronSpec};
use mainstay::queue::operation::{Operation, OperationKind, OperationSpec, Perform};
use mainstay::queue::{Job, JobName, Run, Worked, Worker, WorkerSpec, worked};
use mainstay::schemars::{Schema, SchemaGenerator};

use super::effect::{Effect, effect};

/// A worker written by hand.
macro_rules! worker {
    ($name:ident, $input:ty, $run:expr $(, $field:ident: $value:expr)*) => {
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types)]
        pub(crate) struct $name;

        impl Job for $name {
            type Input = $input;
            const JOB: JobName = JobName { queue: Self::SPEC.queue, name: Self::SPEC.name, version: 1 };
        }

        impl Worker for $name {
            #[allow(clippy::needless_update)]
            const SPEC: WorkerSpec = WorkerSpec {
                $($field: $value,)*
                ..WorkerSpec::new(stringify!($name), Place::at(file!(), line!()))
            };
            const RUN: Run = $run;
        }
    };
}

fn write<'t>(tx: &'t mut Tx, cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let text: String = cx.input()?;
        effect(tx, &text, cx.attempt()).await?;
        worked(&())
    })
}

/// Writes, and then fails as its input says.
fn fail<'t>(tx: &'t mut Tx, cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let how: String = cx.input()?;
        effect(tx, "must not stay", cx.attempt()).await?;
        Err(match how.as_str() {
            "permanent" => WorkError::permanent("the card expired"),
            "snooze" if cx.attempt() == 1 && cx.metadata().is_empty() => WorkError::snooze(secs(60)),
            "after" => WorkError::retry_after(secs(7), "come again"),
            "panic" => panic!("as told"),
            _ => Error::http(503, "away", "the other side is away").into(),
        })
    })
}

fn free<'t>(cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let text: String = cx.input()?;
        let attempt = cx.attempt();
        mainstay::write_tx!(cx.db(), |tx| { effect(tx, &text, attempt).await }).await?;
        match text.as_str() {
            "hang" => std::future::pending().await,
            "fail" => Err(WorkError::retry("no")),
            _ => worked(&()),
        }
    })
}

/// Writes what was published, and under which subject.
fn write_subject<'t>(tx: &'t mut Tx, cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let text: String = cx.input()?;
        effect(tx, &format!("{} {}: {text}", cx.name(), cx.subject().unwrap_or("?")), cx.attempt()).await?;
        worked(&())
    })
}

/// Writes what it was given, in one row; 13 fails.
fn together<'t>(tx: &'t mut Tx, tasks: &'t [TaskCx]) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let inputs: Vec<u32> = TaskCx::inputs(tasks)?;
        effect(tx, &format!("{inputs:?}"), tasks[0].attempt()).await?;
        if inputs.contains(&13) { Err(WorkError::retry("13")) } else { worked(&()) }
    })
}

fn follow<'t>(tx: &'t mut Tx, cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let left: u32 = cx.input()?;
        effect(tx, &format!("step {left}"), cx.attempt()).await?;
        if left > 0 {
            tx.enqueue(step, left - 1).await?;
        }
        worked(&())
    })
}

worker!(record, String, Run::InTx(write), queue: "jobs", retry: Some(Retry::exponential(2).exact()));
worker!(failing, String, Run::InTx(fail), queue: "jobs", retry: Some(Retry::exponential(2).exact()));
worker!(outside, String, Run::Free(free), queue: "mail", retry: Some(Retry::fixed(1).exact()), timeout: Duration::from_millis(200));
worker!(step, u32, Run::InTx(follow));
worker!(narrow, String, Run::Free(free), queue: "mail", concurrency: Some(1));
worker!(audited, String, Run::InTx(write_subject), queue: "jobs", subscribe: Some("audit.*.created"));
worker!(watched, String, Run::InTx(write_subject), queue: "mail", subscribe: Some("audit.>"));
worker!(gather, u32, Run::BatchInTx(together), queue: "jobs", batch: 10, retry: Some(Retry::exponential(2).exact()));
worker!(unmounted, String, Run::InTx(write), queue: "jobs");

worker!(nightly, (), Run::InTx(|tx, cx| Box::pin(async move {
    effect(tx, "night", cx.attempt()).await?;
    worked(&())
})), queue: mainstay::queue::cron::QUEUE);

impl Cron for nightly {
    const CRON: CronSpec = CronSpec::new("0 3 * * *");
}

worker!(minutely, (), Run::InTx(|tx, cx| Box::pin(async move {
    effect(tx, "minute", cx.attempt()).await?;
    worked(&())
})), queue: mainstay::queue::cron::QUEUE);

impl Cron for minutely {
    const CRON: CronSpec = CronSpec::new("* * * * *");
}

worker!(one_by_one, (), Run::InTx(|tx, cx| Box::pin(async move {
    effect(tx, "one by one", cx.attempt()).await?;
    worked(&())
})), queue: mainstay::queue::cron::QUEUE);

impl Cron for one_by_one {
    const CRON: CronSpec =
        CronSpec { overlap: mainstay::queue::cron::Overlap::Queue, ..CronSpec::new("0 3 * * *") };
}

worker!(side_by_side, (), Run::InTx(|tx, cx| Box::pin(async move {
    effect(tx, "side by side", cx.attempt()).await?;
    worked(&())
})), queue: mainstay::queue::cron::QUEUE);

impl Cron for side_by_side {
    const CRON: CronSpec =
        CronSpec { overlap: mainstay::queue::cron::Overlap::Allow, ..CronSpec::new("0 3 * * *") };
}

/// An operation written by hand.
macro_rules! operation {
    ($name:ident, $kind:ident, $path:literal, $input:ty => $output:ty, $perform:expr $(, $field:ident: $value:expr)*) => {
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types)]
        pub(crate) struct $name;

        impl Job for $name {
            type Input = $input;
            const JOB: JobName = JobName { queue: <Self as Operation>::SPEC.queue, name: $path, version: 1 };
        }

        impl Operation for $name {
            type Output = $output;
            const SPEC: OperationSpec = OperationSpec {
                $($field: $value,)*
                ..OperationSpec::new(OperationKind::$kind, stringify!($name), $path, Place::at(file!(), line!()))
            };
            const DECLARED: &'static [mainstay::kernel::DeclaredError] = &[];
            const PERFORM: Perform = Perform::$kind($perform);

            fn shapes(schemas: &mut SchemaGenerator) -> [Schema; 2] {
                [schemas.subschema_for::<$input>(), schemas.subschema_for::<$output>()]
            }
        }
    };
}

/// What `users.create` is given.
#[mainstay::data]
pub(crate) struct NewPerson {
    #[garde(length(min = 2, max = 100))]
    pub(crate) name: String,
}

fn text<T: Serialize>(value: &T) -> Result<String> {
    mainstay::serde_json::to_string(value).map_err(|error| Error::internal("no JSON").caused_by(error))
}

operation!(create_person, Mutation, "people.create", NewPerson => String, |tx, asked| Box::pin(async move {
    let person: NewPerson = asked.input()?;
    if person.name == "taken" {
        effect(tx, "must not stay", 1).await?;
        return Err(Error::http(409, "name_taken", "this name is taken"));
    }
    effect(tx, &person.name, 1).await?;
    tx.enqueue(record, format!("welcome {}", person.name)).after(secs(30)).await?;
    text(&person.name)
}), queue: "jobs");

operation!(find_person, Query, "people.find.$name", () => i64, |reader, asked| Box::pin(async move {
    asked.input::<()>()?;
    let name: String = asked.param("name")?;
    text(&Effect::filter(Effect::TEXT.eq(name.as_str())).count(reader).await?)
}), queue: "jobs");

operation!(admins_only, Mutation, "people.purge", () => (), |tx, _| Box::pin(async move {
    effect(tx, "purged", 1).await?;
    text(&())
}), admits: mainstay::kernel::Admits::Roles(&["admin"]));

pub(crate) fn app() -> App {
    App::new("background")
        .model::<Effect>()
        .worker(record)
        .worker(failing)
        .worker(outside)
        .worker(narrow)
        .worker(gather)
        .worker(audited)
        .worker(watched)
        .worker(step)
        .cron(nightly)
        .operation(create_person)
        .operation(find_person)
        .operation(admins_only)
        .queue("jobs", |queue| queue.concurrency(4))
}
