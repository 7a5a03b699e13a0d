use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt as _;
use mainstay::kernel::work::TaskFilter;
use mainstay::prelude::*;
use mainstay::queue::{Duty, Engine, Work, WorkerEntry};
use mainstay_nats::{Incoming, Outgoing};
use mainstay_test::TestApp;

use super::app::{Greeting, app, hear};
use super::broker::{Environment, url};

const SOON: Duration = Duration::from_secs(20);

/// An application that publishes, and what runs its messages.
struct Publishing {
    environment: Environment,
    outgoing: Outgoing,
    engine: Engine,
    jetstream: jetstream::Context,
}

impl Publishing {
    async fn of(app: &TestApp) -> Self {
        Self::with(app, Duty::default()).await
    }

    async fn with(app: &TestApp, duty: Duty) -> Self {
        let environment = Environment::new();
        let outgoing =
            Outgoing::attach(environment.connect().await, app.db(), "people", vec!["people"]).await;
        let mut workers = vec![WorkerEntry::of::<hear>()];
        workers.extend(Outgoing::workers());
        let work = Work { workers, duty, relayed: vec![Outgoing::QUEUE], ..Work::default() };
        let engine = Engine::new(app.db(), work).unwrap();
        engine.enter().await.unwrap();
        let jetstream = jetstream::new(async_nats::connect(url()).await.unwrap());
        Self { environment, outgoing: outgoing.unwrap(), engine, jetstream }
    }

    /// A stream over `news.>` of this environment.
    async fn stream(&self) -> jetstream::stream::Stream {
        let config = jetstream::stream::Config {
            name: format!("{}-news", self.environment.0),
            subjects: vec![format!("{}.news.>", self.environment.0)],
            ..Default::default()
        };
        self.jetstream.get_or_create_stream(config).await.unwrap()
    }

    /// How many messages the stream has had.
    async fn last(&self) -> u64 {
        self.stream().await.cached_info().state.last_sequence
    }
}

async fn publish(app: &TestApp, subject: &str, message: &str) -> Result<usize> {
    write_tx!(app.db(), |tx| { tx.publish(subject, message).await }).await
}

async fn heard(app: &TestApp) -> Vec<String> {
    let all = Greeting::filter(Greeting::OF.ne("")).order(Greeting::OF.asc()).all(&app.db().reader()).await;
    all.unwrap().into_iter().map(|it| it.of).collect()
}

async fn left(app: &TestApp) -> Vec<String> {
    let all = app.db().tasks(&TaskFilter::default(), 100).await.unwrap();
    all.into_iter().map(|it| it.name).collect()
}

#[mainstay::test(app = app)]
async fn what_is_published_is_sent_until_it_is_acknowledged_and_looked_for_again(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    let stream = publishing.stream().await;
    publish(&app, "news.local", "ann").await.unwrap();
    publishing.engine.step().await.unwrap();
    let sent = stream.get_raw_message(1).await.unwrap();
    assert_eq!(sent.subject.as_str(), format!("{}.news.local", publishing.environment.0));
    assert_eq!(&sent.payload[..], b"\"ann\"");
    assert_eq!(left(&app).await, ["mainstay.confirm"]);
    app.advance(Duration::from_secs(241));
    publishing.engine.step().await.unwrap();
    assert_eq!((left(&app).await, publishing.last().await), (vec![], 1));
}

#[mainstay::test(app = app)]
async fn a_relay_sends_messages_and_makes_ready_what_is_due_and_runs_nothing_else(app: TestApp) {
    let publishing = Publishing::with(&app, Duty::Relay).await;
    publishing.stream().await;
    publish(&app, "news.local", "ann").await.unwrap();
    let later =
        write_tx!(app.db(), |tx| { tx.enqueue(hear, "bob".to_owned()).after(Duration::from_secs(60)).await });
    let later = later.await.unwrap();
    publishing.engine.step().await.unwrap();
    assert_eq!(publishing.last().await, 1);
    app.advance(Duration::from_secs(61));
    publishing.engine.step().await.unwrap();
    let all =
        app.db().tasks(&TaskFilter { queue: Some("ears".to_owned()), ..TaskFilter::default() }, 10).await;
    let all = all.unwrap();
    let waiting: Vec<_> = all.iter().map(|it| (it.id, it.state.as_str(), it.attempt)).collect();
    assert!(waiting.contains(&(later, "ready", 0)), "{waiting:?}");
    assert_eq!(heard(&app).await, Vec::<String>::new());
}

#[mainstay::test(app = app)]
async fn what_the_broker_lost_is_sent_again(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    publishing.stream().await;
    publish(&app, "news.local", "ann").await.unwrap();
    publish(&app, "news.local", "bob").await.unwrap();
    publishing.engine.step().await.unwrap();
    assert_eq!(publishing.last().await, 2);
    // A disk that was restored: the stream is as it was before.
    publishing.jetstream.delete_stream(format!("{}-news", publishing.environment.0)).await.unwrap();
    publishing.stream().await;
    app.advance(Duration::from_secs(241));
    publishing.engine.step().await.unwrap();
    assert_eq!(publishing.last().await, 2);
    assert_eq!(left(&app).await, ["mainstay.confirm", "mainstay.confirm"]);
}

#[mainstay::test(app = app)]
async fn a_rolled_back_transaction_publishes_nothing(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    publishing.stream().await;
    let undone = write_tx!(app.db(), |tx| {
        tx.publish("news.local", "ann").await?;
        Err::<(), _>(Error::internal("as told"))
    });
    assert!(undone.await.is_err());
    publishing.engine.step().await.unwrap();
    assert_eq!(publishing.last().await, 0);
}

#[mainstay::test(app = app)]
async fn nothing_is_published_into_the_subjects_of_our_queues(app: TestApp) {
    let _publishing = Publishing::of(&app).await;
    for subject in ["people.know", "people", "mainstay.tasks.people"] {
        let error = publish(&app, subject, "ann").await.unwrap_err().to_string();
        assert!(error.contains("requests and tasks of this application"), "{error}");
    }
    assert_eq!(publish(&app, "peoples.know", "ann").await.unwrap(), 0);
}

#[mainstay::test(app = app)]
async fn without_a_stream_whoever_listens_has_it(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    let client = async_nats::connect(url()).await.unwrap();
    let subject = format!("{}.loose.words", publishing.environment.0);
    let mut listener = client.subscribe(subject).await.unwrap();
    client.flush().await.unwrap();
    publish(&app, "loose.words", "ann").await.unwrap();
    publishing.engine.step().await.unwrap();
    let message = tokio::time::timeout(SOON, listener.next()).await.unwrap().unwrap();
    assert_eq!(&message.payload[..], b"\"ann\"");
    assert_eq!(left(&app).await, Vec::<String>::new());
}

#[mainstay::test(app = app)]
async fn a_message_that_is_too_large_for_the_broker_stops_no_other(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    publishing.stream().await;
    let long = "x".repeat(async_nats::connect(url()).await.unwrap().max_payload());
    for (subject, message) in [("loose.words", &*long), ("news.local", &*long), ("news.local", "ann")] {
        // A megabyte takes a busy machine longer than a transaction may hold the writer.
        app.db().write_unbounded(async |tx| tx.publish(subject, message).await).await.unwrap();
    }
    // Together, and then each by itself.
    publishing.engine.step().await.unwrap();
    app.advance(Duration::from_secs(60));
    publishing.engine.step().await.unwrap();
    assert_eq!((left(&app).await, publishing.last().await), (vec!["mainstay.confirm".to_owned()], 1));
    let dead = app.db().dead(&TaskFilter::default(), 10).await.unwrap();
    assert!(dead.len() == 2 && dead.iter().all(|it| it.errors.contains("max_payload")));
}

#[mainstay::test(app = app)]
async fn what_others_publish_is_given_to_who_subscribes_once(app: TestApp) {
    let publishing = Publishing::of(&app).await;
    publishing.stream().await;
    let nats = publishing.environment.connect().await;
    let incoming = Incoming::start(&nats, app.db(), "people", &publishing.outgoing);
    let subject = format!("{}.news.abroad", publishing.environment.0);
    for body in ["\"zoe\"", "no JSON", "\"yan\""] {
        let sent = publishing.jetstream.publish(subject.clone(), body.to_owned().into()).await;
        sent.unwrap().await.unwrap();
    }
    // Its own has been given by the transaction.
    assert_eq!(publish(&app, "news.local", "ann").await.unwrap(), 1);
    let all = async {
        while heard(&app).await.len() < 3 {
            publishing.engine.step().await.unwrap();
        }
    };
    tokio::time::timeout(SOON, all).await.expect("they are heard");
    until_worked_off(&publishing).await;
    publishing.engine.step().await.unwrap();
    assert_eq!(heard(&app).await, ["news.abroad yan", "news.abroad zoe", "news.local ann"]);
    assert!(incoming.stop(SOON).await);
}

/// Until the consumer has acknowledged everything, our own message too.
async fn until_worked_off(publishing: &Publishing) {
    let worked_off = async {
        let stream = publishing.stream().await;
        loop {
            let mut consumer =
                stream.get_consumer::<jetstream::consumer::pull::Config>("people-hear").await.unwrap();
            let info = consumer.info().await.unwrap();
            if info.num_pending == 0 && info.num_ack_pending == 0 && info.delivered.stream_sequence == 4 {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, worked_off).await.expect("they are worked off");
}
