use std::future::pending;
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

use super::app::{Greeting, app, greet, tick};
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
