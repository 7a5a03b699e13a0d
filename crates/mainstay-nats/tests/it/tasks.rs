use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay::kernel::work::{Pointer, TaskFilter};
use mainstay::kernel::{Boxed, Db};
use mainstay::prelude::*;
use mainstay::queue::cron::CronEntry;
use mainstay::queue::{Broker, Duty, Engine, Received, Shares, Work, WorkerEntry};
use mainstay_nats::Pointers;
use mainstay_test::TestApp;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::sync::mpsc;

use super::app::{Greeting, NewGreeting, app, greet, tick};
use super::broker::{Environment, other, url};

const ENOUGH: Duration = Duration::from_secs(20);

fn work(duty: Duty, shares: Shares) -> Work {
    Work { workers: vec![WorkerEntry::of::<greet>()], duty, shares, ..Work::default() }
}

/// A broker that keeps what it is given.
#[derive(Clone, Default)]
struct Caught(Arc<Mutex<Vec<Pointer>>>);

impl Broker for Caught {
    fn is_there(&self) -> bool {
        true
    }

    fn send(&self, queue: &str, pointer: Pointer) {
        assert_eq!(queue, "greetings");
        self.0.lock().unwrap().push(pointer);
    }

    fn receive<'b>(&'b self, _: &'b str, _: usize) -> Boxed<'b, Result<Vec<Received>>> {
        Box::pin(pending())
    }
}

/// What commits tasks and runs none of them; whom it points at what.
async fn pointing(app: &TestApp) -> (Engine, Caught) {
    let caught = Caught::default();
    let engine = Engine::new(app.db(), work(Duty::Nothing, Shares::by(caught.clone()))).unwrap();
    engine.start().await.unwrap();
    (engine, caught)
}

async fn leave(db: &Db, name: &str) -> mainstay::kernel::work::TaskId {
    write_tx!(db, |tx| { tx.enqueue(greet, name.to_owned()).await }).await.unwrap()
}

async fn greeted(app: &TestApp) -> i64 {
    Greeting::filter(Greeting::OF.ne("")).count(&app.db().reader()).await.unwrap()
}

async fn until_greeted(app: &TestApp, count: i64) {
    let all = async {
        while greeted(app).await < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, all).await.expect("they are greeted in time");
}

fn counted(engine: &Engine) -> String {
    let mut registry = Registry::default();
    engine.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[mainstay::test(app = app, postgres)]
async fn what_finds_no_room_here_runs_where_there_is_some(app: TestApp) {
    let environment = Environment::new();
    let over = async || Shares::by(Pointers::new(environment.connect().await));
    let front = Engine::new(app.db(), work(Duty::Nothing, over().await)).unwrap();
    front.start().await.unwrap();
    let db = other(&app).await;
    let back = Engine::new(&db, work(Duty::Tasks, over().await)).unwrap();
    back.start().await.unwrap();
    for number in 0..50 {
        leave(app.db(), &format!("p{number}")).await;
    }
    until_greeted(&app, 50).await;
    assert_eq!(app.db().tasks(&TaskFilter::default(), 10).await.unwrap(), []);
    let followed = counted(&back);
    assert!(
        followed.contains(r#"task_pointers_total{queue="greetings",outcome="followed"} 50"#),
        "{followed}"
    );
    front.stop(ENOUGH).await;
    back.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn rubbish_among_the_pointers_is_counted_and_gone(app: TestApp) {
    let environment = Environment::new();
    let nats = environment.connect().await;
    let engine = Engine::new(app.db(), work(Duty::Tasks, Shares::by(Pointers::new(nats)))).unwrap();
    engine.start().await.unwrap();
    let client = async_nats::connect(url()).await.unwrap();
    let stream = format!("{}-mainstay-tasks", environment.0);
    let jetstream = async_nats::jetstream::new(client.clone());
    while jetstream.get_stream(&stream).await.is_err() {
        tokio::task::yield_now().await;
    }
    let subject = format!("{}.mainstay.tasks.greetings", environment.0);
    let gone = format!(r#"{{"task":"{}","attempt":1}}"#, uuid::Uuid::now_v7());
    for body in ["", "{", r#"{"task":1}"#, gone.as_str()] {
        jetstream.publish(subject.clone(), body.to_owned().into()).await.unwrap().await.unwrap();
    }
    let empty = async {
        while jetstream.get_stream(&stream).await.unwrap().cached_info().state.messages > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, empty).await.expect("they are acknowledged");
    let counted = counted(&engine);
    assert!(
        counted.contains(r#"outcome="malformed"} 3"#) && counted.contains(r#"outcome="stale"} 1"#),
        "{counted}"
    );
    engine.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn a_pointer_is_followed_once(app: TestApp) {
    let (front, caught) = pointing(&app).await;
    let id = leave(app.db(), "ann").await;
    let pointers = caught.0.lock().unwrap().clone();
    assert_eq!(pointers, [Pointer { task: id, attempt: 1 }]);
    let stale = [Pointer { attempt: 2, ..pointers[0] }];
    let node = uuid::Uuid::now_v7();
    assert_eq!(app.db().take(node, "greetings", &stale).await.unwrap(), []);
    assert_eq!(app.db().take(node, "elsewhere", &pointers).await.unwrap(), []);
    assert_eq!(app.db().take(node, "greetings", &pointers).await.unwrap().len(), 1);
    assert_eq!(app.db().take(node, "greetings", &pointers).await.unwrap(), []);
    front.stop(ENOUGH).await;
}

/// A broker that brings pointers one by one.
struct Brought(tokio::sync::Mutex<mpsc::UnboundedReceiver<Pointer>>);

impl Broker for Brought {
    fn is_there(&self) -> bool {
        false
    }

    fn send(&self, _: &str, _: Pointer) {}

    fn receive<'b>(&'b self, queue: &'b str, _: usize) -> Boxed<'b, Result<Vec<Received>>> {
        Box::pin(async move {
            let next = if queue == "greetings" { self.0.lock().await.recv().await } else { None };
            let Some(pointer) = next else { return pending().await };
            Ok(vec![Received { pointer: Some(pointer), done: Box::new(|| Box::pin(async {})) }])
        })
    }
}

/// How many are in the middle of a greeting, and how many of those may end it: each test is a process.
static GREETING: AtomicUsize = AtomicUsize::new(0);
static MAY_END: AtomicUsize = AtomicUsize::new(usize::MAX);

#[worker(queue = "greetings", name = "greet-slowly")]
async fn greet_slowly(tx: &mut Tx, name: String) -> Result<(), WorkError> {
    NewGreeting { of: name }.insert(tx).await?;
    GREETING.fetch_add(1, Ordering::SeqCst);
    while GREETING.load(Ordering::SeqCst) < MAY_END.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// A process that is given pointers.
async fn given(app: &TestApp) -> (Engine, mpsc::UnboundedSender<Pointer>) {
    let (bring, brought) = mpsc::unbounded_channel();
    let shares = Shares::by(Brought(tokio::sync::Mutex::new(brought)));
    let work = Work { workers: vec![WorkerEntry::of::<greet_slowly>()], ..work(Duty::Tasks, shares) };
    let engine = Engine::new(&other(app).await, work).unwrap();
    engine.start().await.unwrap();
    (engine, bring)
}

/// A task of [`greet_slowly`], and what points at it.
async fn leave_slow(app: &TestApp) -> Pointer {
    let caught = Caught::default();
    let workers = vec![WorkerEntry::of::<greet_slowly>()];
    let front = Work { workers, ..work(Duty::Nothing, Shares::by(caught.clone())) };
    let db = other(app).await;
    let front = Engine::new(&db, front).unwrap();
    front.start().await.unwrap();
    write_tx!(db, |tx| { tx.enqueue(greet_slowly, "ann".to_owned()).await }).await.unwrap();
    front.stop(ENOUGH).await;
    let caught = caught.0.lock().unwrap().clone();
    assert_eq!(caught.len(), 1);
    caught[0]
}

async fn until_greeting(count: usize) {
    let enough = async {
        while GREETING.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, enough).await.expect("they begin in time");
}

async fn until_gone(app: &TestApp) {
    let gone = async {
        while !app.db().tasks(&TaskFilter::default(), 10).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, gone).await.expect("they end in time");
}

#[mainstay::test(app = app, postgres)]
async fn processes_that_follow_the_same_pointer_leave_one_effect(app: TestApp) {
    let pointer = leave_slow(&app).await;
    MAY_END.store(2, Ordering::SeqCst);
    let ((one, to_one), (two, to_two)) = (given(&app).await, given(&app).await);
    to_one.send(pointer).unwrap();
    to_two.send(pointer).unwrap();
    until_greeting(2).await;
    assert!(one.stop(ENOUGH).await && two.stop(ENOUGH).await);
    assert_eq!(greeted(&app).await, 1);
    assert_eq!(app.db().tasks(&TaskFilter::default(), 10).await.unwrap(), []);
}

#[mainstay::test(app = app, postgres)]
async fn a_pointer_that_comes_again_while_its_task_runs_begins_nothing(app: TestApp) {
    let pointer = leave_slow(&app).await;
    let (engine, bring) = given(&app).await;
    bring.send(pointer).unwrap();
    bring.send(pointer).unwrap();
    let again = async {
        while !counted(&engine).contains(r#"outcome="stale"} 1"#) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, again).await.expect("it comes again");
    MAY_END.store(0, Ordering::SeqCst);
    assert!(engine.stop(ENOUGH).await);
    assert_eq!((GREETING.load(Ordering::SeqCst), greeted(&app).await), (1, 1));
}

/// Whether this process holds a task in the middle of its greeting, in the eyes of others.
async fn is_held_while_it_runs(
    app: &TestApp,
    pointer: Pointer,
    bring: &mpsc::UnboundedSender<Pointer>,
) -> bool {
    let before = GREETING.load(Ordering::SeqCst);
    MAY_END.store(usize::MAX, Ordering::SeqCst);
    bring.send(pointer).unwrap();
    until_greeting(before + 1).await;
    app.db().tasks(&TaskFilter::default(), 10).await.unwrap()[0].state == "running"
}

#[mainstay::test(app = app, postgres)]
async fn what_was_pointed_at_long_ago_is_held_before_it_begins(app: TestApp) {
    let (engine, bring) = given(&app).await;
    for (late, held) in [(Duration::ZERO, false), (Duration::from_secs(2), true)] {
        let pointer = leave_slow(&app).await;
        app.advance(late);
        assert_eq!(is_held_while_it_runs(&app, pointer, &bring).await, held);
        MAY_END.store(0, Ordering::SeqCst);
        until_gone(&app).await;
    }
    assert!(engine.stop(ENOUGH).await);
}

#[mainstay::test(app = app, postgres)]
async fn what_took_long_is_held_before_it_begins_again(app: TestApp) {
    let (engine, bring) = given(&app).await;
    for (takes, held) in
        [(Duration::from_millis(1500), false), (Duration::ZERO, true), (Duration::ZERO, false)]
    {
        let pointer = leave_slow(&app).await;
        assert_eq!(is_held_while_it_runs(&app, pointer, &bring).await, held);
        app.advance(takes);
        MAY_END.store(0, Ordering::SeqCst);
        until_gone(&app).await;
    }
    assert!(engine.stop(ENOUGH).await);
}

#[mainstay::test(app = app, postgres)]
async fn a_task_whose_pointer_is_lost_runs_all_the_same(app: TestApp) {
    let (front, caught) = pointing(&app).await;
    leave(app.db(), "ann").await;
    let waiting = app.db().depths().await.unwrap();
    assert_eq!((waiting[0].ready, waiting[0].running), (1, 0), "nobody runs it yet");
    let db = other(&app).await;
    let back = Engine::new(&db, work(Duty::Tasks, Shares::default())).unwrap();
    back.enter().await.unwrap();
    assert_eq!(back.step().await.unwrap(), 0, "it is pointed at");
    assert!(app.db().unpoint(Duration::from_secs(5)).await.unwrap().is_empty());
    app.advance(Duration::from_secs(6));
    assert_eq!(app.db().unpoint(Duration::from_secs(5)).await.unwrap(), ["greetings"]);
    assert_eq!(back.step().await.unwrap(), 1);
    assert_eq!(greeted(&app).await, 1);
    // The pointer arrives after all.
    let late = caught.0.lock().unwrap().clone();
    assert_eq!(app.db().take(uuid::Uuid::now_v7(), "greetings", &late).await.unwrap(), []);
    front.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn a_dead_process_is_not_whoever_points(app: TestApp) {
    let (front, _) = pointing(&app).await;
    leave(app.db(), "ann").await;
    assert!(app.db().reap().await.unwrap().is_empty(), "its pointer is on its way");
    front.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn a_task_that_is_pointed_at_can_be_cancelled_and_moved(app: TestApp) {
    let (front, caught) = pointing(&app).await;
    let (ann, bob) = (leave(app.db(), "ann").await, leave(app.db(), "bob").await);
    assert!(write_tx!(app.db(), |tx| { tx.cancel(ann).await }).await.unwrap());
    let later = app.now().plus(Duration::from_secs(60));
    assert!(write_tx!(app.db(), |tx| { tx.reschedule(bob, later).await }).await.unwrap());
    let pointers = caught.0.lock().unwrap().clone();
    assert_eq!(app.db().take(uuid::Uuid::now_v7(), "greetings", &pointers).await.unwrap(), []);
    let all = app.db().tasks(&TaskFilter::default(), 10).await.unwrap();
    let listed: Vec<_> = all.iter().map(|it| (it.id, it.state.as_str(), it.attempt)).collect();
    assert_eq!(listed, [(bob, "scheduled", 0)]);
    front.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn without_a_broker_tasks_wait_in_the_database(app: TestApp) {
    struct Away;
    impl Broker for Away {
        fn is_there(&self) -> bool {
            false
        }
        fn send(&self, _: &str, _: Pointer) {
            panic!("nobody is there");
        }
        fn receive<'b>(&'b self, _: &'b str, _: usize) -> Boxed<'b, Result<Vec<Received>>> {
            Box::pin(pending())
        }
    }
    let front = Engine::new(app.db(), work(Duty::Nothing, Shares::by(Away))).unwrap();
    front.start().await.unwrap();
    leave(app.db(), "ann").await;
    assert_eq!(app.engine().step().await.unwrap(), 1);
    assert_eq!(greeted(&app).await, 1);
    front.stop(ENOUGH).await;
}

#[mainstay::test(app = app, postgres)]
async fn who_points_at_tasks_alone_sees_to_no_cron(app: TestApp) {
    let work =
        Work { crons: vec![CronEntry::of::<tick>()], ..work(Duty::Nothing, Shares::by(Caught::default())) };
    let front = Engine::new(app.db(), work).unwrap();
    front.enter().await.unwrap();
    app.advance(Duration::from_secs(120));
    assert_eq!(front.step().await.unwrap(), 0);
    assert_eq!(app.db().tasks(&TaskFilter::default(), 10).await.unwrap(), []);
}
