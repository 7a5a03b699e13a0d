//! Workers, crons and operations as their attributes make them.

use std::time::Duration;

use mainstay::Declared;
use mainstay::kernel::{Admits, Place};
use mainstay::prelude::*;
use mainstay::queue::cron::{self, Cron, Missed, Overlap};
use mainstay::queue::operation::{Client, OperationKind};
use mainstay::queue::{Job, Operation, OperationEntry, Operations, Run, Worker};
use mainstay::schemars::SchemaGenerator;
use mainstay_test::TestApp;

/// What is left of what ran.
#[derive(Model, Clone, Debug)]
struct Trace {
    id: Id<Trace>,
    #[model(write, unique)]
    label: String,
    #[model(private)]
    secret: String,
}

#[scope]
impl Scope for Trace {}

async fn leave(tx: &mut Tx, label: impl Into<String>) -> Result<Trace> {
    NewTrace { label: label.into(), secret: "s3cret".to_owned() }.insert(tx).await
}

async fn traces(db: &Db) -> Vec<String> {
    let all = Trace::filter(Trace::LABEL.ne("")).order(Trace::LABEL.asc()).all(&db.reader()).await.unwrap();
    all.into_iter().map(|it| it.label).collect()
}

/// Counts down to none,
/// one task at a time.
///
/// Nothing more is said of it.
#[worker(queue = "slow", retry = 7, base = "1s", timeout = "90s", concurrency = 2, keep = "10m")]
async fn count_down(from: u32, tx: &mut Tx, cx: &TaskCx) -> Result<u32> {
    leave(tx, format!("{from} of {}", cx.name())).await?;
    if from > 0 {
        tx.enqueue(self::count_down, from - 1).await?;
    }
    Ok(from)
}

/// Adds up whatever waits.
#[worker(batch = 50, subscribe = "numbers.>")]
async fn add_up(tasks: &[TaskCx], numbers: Vec<u32>, tx: &mut Tx) -> Result<()> {
    let sum: u32 = numbers.iter().sum();
    leave(tx, format!("{sum} of {}", tasks.len())).await.map(drop)
}

fn wait(attempts: u32) -> Duration {
    secs(u64::from(attempts) * 7)
}

#[worker(name = "outside.call", backoff = wait)]
async fn call_outside(cx: &TaskCx, (label, times): (String, u32)) -> Result<(), WorkError> {
    if times == 0 {
        return Err(WorkError::permanent("there is nothing to do"));
    }
    let count: u32 = "2".parse()?;
    write_tx!(cx.db(), |tx| { leave(tx, format!("{label} {}", times * count)).await.map(drop) }).await?;
    Ok(())
}

#[worker]
async fn r#loop(r#loop: Option<u8>) {
    let _ = r#loop;
}

#[cron("*/5 * * * *", timezone = "Europe/Berlin", overlap = queue, missed = all, timeout = "120s")]
async fn tick(tx: &mut Tx) -> Result<()> {
    leave(tx, "tick").await.map(drop)
}

#[cron("@daily")]
async fn nightly(cx: &TaskCx) {
    assert_eq!(cx.queue(), cron::QUEUE);
}

#[cron("rate(10 minutes)", name = "alive", retry = 1)]
async fn still_alive() -> Result<()> {
    Ok(())
}

/// What a person is made of.
#[data]
struct NewPerson {
    /// What it is called.
    #[garde(length(min = 2))]
    first_name: String,
}

/// What a person is.
#[data]
#[derive(PartialEq, Debug)]
struct Person {
    /// What it is called.
    #[garde(length(max = 6))]
    first_name: String,
    /// Who asked.
    by: String,
}

#[derive(ErrorSet, Debug)]
enum PersonError {
    #[error(status = 409, code = "name_taken", "the name is taken")]
    Taken,
    #[error(other)]
    Other(Error),
}

/// Makes a person.
///
/// Its name is taken then.
#[mutation(
    queue = "jobs",
    path = "people.create",
    auth(role = "admin"),
    retry(max = 10, backoff = "linear"),
    tags = ["people"]
)]
async fn create_person(input: NewPerson, who: Caller, tx: &mut Tx) -> Result<Person, PersonError> {
    if input.first_name == "taken" {
        return Err(PersonError::Taken);
    }
    leave(tx, &input.first_name).await?;
    Ok(Person { first_name: input.first_name, by: who.label() })
}

#[mutation(path = "traces.remove.$traceId", auth)]
async fn remove_trace(tx: &mut Tx, trace_id: Id<Trace>) -> Result<()> {
    Trace::delete(tx, trace_id).await.map(drop)
}

/// The trace as everybody sees it.
#[query(path = "traces.get.$label", cache = "10s", summary = "A trace")]
async fn get_trace(reader: &Reader, label: String, _person: Option<Principal>) -> Result<Option<Trace>> {
    Trace::filter(Trace::LABEL.eq(label)).first(reader).await
}

#[query(path = "traces.$kind.count")]
async fn count_traces(asked: &Asked, _reader: &Reader) -> Result<(String, u32)> {
    Ok((asked.param("kind")?, asked.attempt()))
}

fn app() -> App {
    App::new("attributes")
        .model::<Trace>()
        .worker(count_down)
        .worker(add_up)
        .worker(call_outside)
        .worker(r#loop)
        .cron(tick)
        .cron(nightly)
        .cron(still_alive)
        .operation(create_person)
        .operation(remove_trace)
        .operation(get_trace)
        .operation(count_traces)
        .mount(Mount::new().declared(file!(), declared()))
}

/// What discovery would find here: it keeps the application from starting unless it is mounted.
fn declared() -> &'static [Declared] {
    let of = |kind, place: Place| Declared { kind, name: "it", file: "attributes.rs", line: place.line };
    let all = [
        of("worker", count_down::SPEC.place),
        of("cron", tick::SPEC.place),
        of("mutation", create_person::SPEC.place),
        of("query", get_trace::SPEC.place),
    ];
    all.to_vec().leak()
}

#[test]
fn a_worker_says_of_itself_what_its_attribute_says() {
    let spec = count_down::SPEC;
    assert_eq!((spec.name, spec.queue), ("count-down", "slow"));
    assert_eq!(spec.summary, "Counts down to none, one task at a time.");
    assert_eq!((spec.timeout, spec.concurrency), (secs(90), Some(2)));
    assert_eq!((spec.retry.unwrap().attempts(), spec.retry.unwrap().exact().after(2)), (8, Some(secs(2))));
    assert!(spec.place.file.ends_with("attributes.rs"));
    assert_eq!(spec.keep, Some(mins(10)));
    assert!(matches!(count_down::RUN, Run::InTx(_)));

    let spec = call_outside::SPEC;
    assert_eq!((call_outside::JOB.name, spec.queue), ("outside.call", "default"));
    assert_eq!(spec.retry.unwrap().exact().after(2), Some(secs(14)));
    assert!(matches!(call_outside::RUN, Run::Free(_)));
    assert_eq!(r#loop::JOB.name, "loop");
}

#[test]
fn a_cron_is_not_tried_again_unless_it_says_so() {
    assert_eq!(tick::CRON.timezone, "Europe/Berlin");
    assert_eq!((tick::CRON.overlap, tick::CRON.missed), (Overlap::Queue, Missed::RunAll));
    assert_eq!((tick::JOB.queue, tick::SPEC.timeout), (cron::QUEUE, secs(120)));
    assert!(matches!(tick::RUN, Run::InTx(_)) && matches!(nightly::RUN, Run::Free(_)));
    let usual = nightly::CRON;
    assert_eq!((usual.timezone, usual.overlap, usual.missed), ("UTC", Overlap::Skip, Missed::RunOnce));
    assert_eq!(nightly::SPEC.retry.unwrap().attempts(), 1);
    assert_eq!((still_alive::SPEC.name, still_alive::SPEC.retry.unwrap().attempts()), ("alive", 2));
}

#[test]
fn an_operation_says_of_itself_what_its_attribute_says() {
    let spec = create_person::SPEC;
    assert_eq!((spec.name, spec.path, spec.queue), ("create_person", "people.create", "jobs"));
    assert_eq!((spec.kind, spec.admits), (OperationKind::Mutation, Admits::Roles(&["admin"])));
    assert_eq!((spec.summary, spec.description), ("Makes a person.", "Its name is taken then."));
    assert_eq!((spec.tags, spec.retry.unwrap().attempts()), (&["people"][..], 11));
    assert_eq!(create_person::JOB.name, "people.create");
    assert_eq!(create_person::DECLARED[0].code, "name_taken");
    let spec = get_trace::SPEC;
    assert_eq!((spec.kind, spec.summary), (OperationKind::Query, "A trace"));
    assert_eq!((spec.cache.map(|it| it.time), spec.admits), (Some(secs(10)), Admits::Everyone));
    let [input, output] = OperationEntry::of::<create_person>().shapes(&mut SchemaGenerator::default());
    assert_eq!(input.get("$ref"), Some(&json!("#/$defs/NewPerson")));
    assert_eq!(output.get("$ref"), Some(&json!("#/$defs/Person")));
    assert!(
        Operations::new(
            [OperationEntry::of::<remove_trace>(), OperationEntry::of::<count_traces>()]
                .map(|it| (it, Vec::new())),
            &mainstay::kernel::Clock::system(),
        )
        .is_ok()
    );
}

#[mainstay::test(app = app)]
async fn what_an_attribute_is_over_can_still_be_called(app: TestApp) {
    let db = app.db();
    let person = db.write(async |tx| {
        let input = NewPerson { first_name: "Ann".to_owned() };
        create_person(input, Caller::System, tx).await.map_err(mainstay::kernel::ErrorSet::into_error)
    });
    assert_eq!(person.await.unwrap(), Person { first_name: "Ann".to_owned(), by: Caller::System.label() });
    let seen = get_trace(&db.reader(), "Ann".to_owned(), None).await.unwrap();
    assert_eq!(seen.unwrap().secret, "s3cret");
}

#[mainstay::test(app = app)]
async fn a_worker_can_leave_a_task_for_itself(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(count_down, 2).await.map(drop) }).await.unwrap();
    app.tasks().run().await;
    assert_eq!(traces(app.db()).await, ["0 of count-down", "1 of count-down", "2 of count-down"]);
}

#[mainstay::test(app = app)]
async fn a_worker_takes_together_what_was_published(app: TestApp) {
    assert_eq!((add_up::SPEC.batch, add_up::SPEC.subscribe), (50, Some("numbers.>")));
    write_tx!(app.db(), |tx| {
        for number in 1..=4 {
            tx.publish("numbers.small", &number).await?;
        }
        tx.enqueue(add_up, 90).await.map(drop)
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert_eq!(traces(app.db()).await, ["100 of 5"]);
}

#[mainstay::test(app = app)]
async fn a_worker_without_a_transaction_takes_its_input_apart(app: TestApp) {
    write_tx!(app.db(), |tx| {
        tx.enqueue(call_outside, ("done".to_owned(), 21)).await?;
        tx.enqueue(call_outside, ("never".to_owned(), 0)).await?;
        tx.enqueue(r#loop, None).await.map(drop)
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert_eq!(traces(app.db()).await, ["done 42"]);
}

#[mainstay::test(app = app)]
async fn an_operation_takes_its_parameters_its_caller_and_its_input(app: TestApp) {
    let db = app.db();
    let client = Client::new(db);
    let call = |name: &str| client.call(create_person, NewPerson { first_name: name.to_owned() });
    let ann = call("Ann").await.unwrap();
    assert_eq!(ann, Person { first_name: "Ann".to_owned(), by: Caller::System.label() });
    assert_eq!(call("taken").await.unwrap_err().to_string(), "the name is taken");
    assert!(call("x").await.unwrap_err().to_string().contains("firstName"));
    let wrong = call("Bartholomew").await.unwrap_err();
    assert!(wrong.to_string().contains("not what its schema says"), "{wrong}");
    assert_eq!(traces(db).await, ["Ann"], "what was refused left nothing");

    let counted = client.call(count_traces, ()).param("kind", "old").await.unwrap();
    assert_eq!(counted, ("old".to_owned(), 1));
    let id = Trace::filter(Trace::LABEL.eq("Ann")).first(&db.reader()).await.unwrap().unwrap().id;
    client.call(remove_trace, ()).param("traceId", id).await.unwrap();
    assert!(traces(db).await.is_empty());
    let refused = client.acting_for(Caller::Anonymous).call(remove_trace, ()).param("traceId", id).await;
    assert!(refused.is_err());
}
