//! The broker is lost and comes back: how soon it carries again what it carried.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mainstay::kernel::work::{Pointer, TaskId};
use mainstay::prelude::*;
use mainstay::queue::{Broker as _, Engine, Work, WorkerEntry};
use mainstay_nats::{Incoming, Nats, NatsOptions, Outgoing, Pointers};
use mainstay_test::TestApp;

use super::app::{Greeting, app, hear};
use super::broker::{Broker, Environment};
use super::server::Server;

/// Within which everything flows again. Without being told, a client misses heartbeats for longer.
const BACK: Duration = Duration::from_secs(3);

async fn connect(server: &Server, environment: &Environment) -> Nats {
    let (servers, prefix) = (vec![server.url()], environment.0.clone());
    Nats::connect(NatsOptions { servers, prefix, ..NatsOptions::default() }).await.expect("a NATS server")
}

/// Kills the server, starts it again once this connection is broken, and says when it was back.
async fn restart(server: &mut Server, nats: &Nats, meanwhile: impl FnOnce(&Server)) -> Instant {
    server.kill();
    meanwhile(server);
    let broken = async {
        while nats.is_connected() {
            tokio::task::yield_now().await;
        }
    };
    broken.await;
    server.resume();
    Instant::now()
}

/// How many ask at the same time.
const CALLERS: usize = 64;

#[mainstay::test(app = app, postgres)]
async fn requests_are_answered_soon_after_the_broker_is_back(app: TestApp) {
    let Some(mut server) = Server::start("") else { return };
    let environment = Environment::new();
    let nats = connect(&server, &environment).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let broker = Broker::over(&app, environment, nats.clone(), client).await;
    let is_lost = AtomicBool::new(false);
    // Until it is lost, so that it is in the middle of everything.
    let asking = join_all((0..CALLERS).map(async |_| {
        let reply = broker.ask("people.people.named.ann", json!(null)).await;
        assert_eq!(reply.body, "ann");
        while !is_lost.load(Ordering::SeqCst) {
            let asked = broker.ask("people.people.named.ann", json!(null));
            let _ = tokio::time::timeout(Duration::from_millis(100), asked).await;
        }
    }));
    let restarting = async {
        broker.ask("people.people.named.bob", json!(null)).await;
        let back = restart(&mut server, &nats, |_| {}).await;
        is_lost.store(true, Ordering::SeqCst);
        back
    };
    let (_, back) = tokio::join!(asking, restarting);
    // Whose connections were not lost.
    let client = async_nats::connect(server.url()).await.unwrap();
    let broker = Broker { client, ..broker };
    let took = join_all((0..CALLERS).map(async |_| {
        let reply = broker.ask("people.people.named.bob", json!(null)).await;
        assert_eq!(reply.body, "bob");
        back.elapsed()
    }));
    let took = took.await.into_iter().max().unwrap();
    assert!(took < BACK, "answered after {took:?}");
}

#[mainstay::test(app = app, postgres)]
async fn requests_are_answered_soon_after_the_broker_is_back_with_nothing(app: TestApp) {
    let Some(mut server) = Server::start("") else { return };
    let environment = Environment::new();
    let nats = connect(&server, &environment).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let broker = Broker::over(&app, environment, nats.clone(), client).await;
    broker.ask("people.people.named.ann", json!(null)).await;
    let back = restart(&mut server, &nats, Server::lose).await;
    let broker = Broker { client: async_nats::connect(server.url()).await.unwrap(), ..broker };
    loop {
        // One that is published before its stream is there is lost.
        let asked = broker.ask("people.people.named.bob", json!(null));
        if tokio::time::timeout(Duration::from_millis(100), asked).await.is_ok() {
            break;
        }
    }
    let took = back.elapsed();
    assert!(took < BACK, "answered after {took:?}");
}

#[mainstay::test(app = app, postgres)]
async fn pointers_arrive_soon_after_the_broker_is_back(_: TestApp) {
    let Some(mut server) = Server::start("") else { return };
    let environment = Environment::new();
    let (there, here) = (connect(&server, &environment).await, connect(&server, &environment).await);
    let (sending, receiving) = (Pointers::new(there.clone()), Pointers::new(here.clone()));
    let arrives = async || {
        loop {
            // One that is sent before its stream is there is lost: its task is claimed in the database.
            sending.send("greetings", Pointer { task: TaskId::new(), attempt: 0 });
            let waiting = receiving.receive("greetings", 16);
            let received = tokio::time::timeout(Duration::from_millis(50), waiting).await;
            if received.is_ok_and(|it| it.is_ok_and(|it| !it.is_empty())) {
                return;
            }
        }
    };
    arrives().await;
    let back = restart(&mut server, &here, |_| {}).await;
    arrives().await;
    let took = back.elapsed();
    assert!(took < BACK, "arrived after {took:?}");
}

#[mainstay::test(app = app, postgres)]
async fn messages_are_heard_soon_after_the_broker_is_back(app: TestApp) {
    let Some(mut server) = Server::start("") else { return };
    let environment = Environment::new();
    let nats = connect(&server, &environment).await;
    let outgoing = Outgoing::attach(nats.clone(), app.db(), "people", vec![]).await.unwrap();
    let workers = vec![WorkerEntry::of::<hear>()];
    let engine = Engine::new(app.db(), Work { workers, ..Work::default() }).unwrap();
    engine.start().await.unwrap();
    let incoming = Incoming::start(&nats, app.db(), "people", &outgoing);
    let url = server.url();
    let heard = async |message: &str| {
        let publisher = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
        let subject = format!("{}.news.local", environment.0);
        loop {
            let sent = publisher.publish(subject.clone(), json!(message).to_string().into()).await;
            // There may be no stream yet.
            if sent.unwrap().await.is_ok() {
                break;
            }
        }
        let known = format!("news.local {message}");
        while Greeting::filter(Greeting::OF.eq(known.clone())).count(&app.db().reader()).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    heard("ann").await;
    let back = restart(&mut server, &nats, |_| {}).await;
    heard("bob").await;
    let took = back.elapsed();
    assert!(took < BACK, "heard after {took:?}");
    incoming.stop(Duration::from_secs(5)).await;
    engine.stop(Duration::from_secs(5)).await;
}
