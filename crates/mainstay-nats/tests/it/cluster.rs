//! A cluster of three servers, of which one is lost.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::{self, ClusterInfo};
use mainstay::prelude::json;
use mainstay_nats::{Nats, NatsOptions};
use mainstay_test::TestApp;

use super::app::app;
use super::broker::{Broker, Environment};
use super::server::{Server, free_port};

/// Three servers that keep streams together.
fn cluster() -> Option<Vec<Server>> {
    let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
    let all: Vec<_> = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
    let of = |(number, port): (usize, &u16)| {
        let settings = format!(
            "server_name: s{number}\ncluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{}] }}",
            all.join(", ")
        );
        Server::start(&settings)
    };
    routes.iter().enumerate().map(of).collect()
}

/// Waits until the cluster does this.
async fn until<T, E>(what: &str, mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let done = async {
        loop {
            if let Ok(done) = attempt().await {
                return done;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done)
        .await
        .unwrap_or_else(|_| panic!("the cluster does not {what}"))
}

fn is_followed(cluster: &ClusterInfo) -> bool {
    cluster.replicas.len() == 2 && cluster.replicas.iter().all(|it| it.current)
}

#[mainstay::test(app = app, postgres)]
async fn a_cluster_that_loses_a_server_goes_on(app: TestApp) {
    let Some(mut servers) = cluster() else { return };
    let addresses: Vec<_> = servers.iter().map(Server::url).collect();
    let client = async_nats::connect(&addresses[..]).await.unwrap();
    let mut jetstream = jetstream::new(client.clone());
    jetstream.set_timeout(Duration::from_secs(1));
    // As an operator makes it: how many replicas there are is theirs to say.
    let environment = Environment::new();
    let name = format!("{}-people", environment.0);
    let kept = stream::Config {
        name: name.clone(),
        subjects: vec![format!("{}.people.>", environment.0)],
        retention: stream::RetentionPolicy::WorkQueue,
        duplicate_window: Duration::from_millis(100),
        num_replicas: 3,
        ..stream::Config::default()
    };
    until("keep a stream", async || jetstream.get_or_create_stream(kept.clone()).await).await;
    let options = NatsOptions { servers: addresses, prefix: environment.0.clone(), ..NatsOptions::default() };
    let nats = Nats::connect(options).await.unwrap();
    let broker = Broker::over(&app, environment, nats, client).await;
    assert_eq!(broker.ask("people.people.named.ann", json!(null)).await.body, "ann");
    let leader = until("follow", async || {
        let stream = jetstream.get_stream(&name).await.map_err(drop)?;
        let consumer = stream.consumer_info("mainstay").await.map_err(drop)?;
        let led = [stream.cached_info().cluster.clone(), consumer.cluster];
        let leaders = led.map(|it| it.filter(is_followed).and_then(|it| it.leader));
        leaders.into_iter().collect::<Option<Vec<_>>>().and_then(|it| it.into_iter().next()).ok_or(())
    })
    .await;
    let number: usize = leader.trim_start_matches('s').parse().unwrap();
    servers[number].kill();
    for name in ["bob", "eve"] {
        let reply = until("answer without one", async || {
            let subject = format!("people.people.named.{name}");
            let asked = broker.ask(&subject, json!(null));
            tokio::time::timeout(Duration::from_secs(2), asked).await
        });
        assert_eq!(reply.await.body, name);
    }
}
