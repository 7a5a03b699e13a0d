use async_nats::jetstream;
use mainstay_test::TestApp;

use super::app::app;
use super::broker::{Environment, ingress, url};

#[mainstay::test(app = app)]
async fn a_stream_that_is_another_is_named_and_left_alone(app: TestApp) {
    let environment = Environment::new();
    let jetstream = jetstream::new(async_nats::connect(url()).await.unwrap());
    let name = format!("{}-people", environment.0);
    let other = jetstream::stream::Config {
        name: name.clone(),
        subjects: vec![format!("{}.people.>", environment.0)],
        ..Default::default()
    };
    jetstream.create_stream(other).await.unwrap();
    let error = ingress(&app, environment.connect().await).start(|_| 1).await.unwrap_err().to_string();
    for said in [name.as_str(), "its retention is Limits, not WorkQueue", "nats stream edit", "NATS_PREFIX"] {
        assert!(error.contains(said), "{error}");
    }
    let found = jetstream.get_stream(&name).await.unwrap();
    assert_eq!(found.cached_info().config.retention, jetstream::stream::RetentionPolicy::Limits);
}

#[mainstay::test(app = app, postgres)]
async fn streams_are_made_once_and_found_again(app: TestApp) {
    let environment = Environment::new();
    for _ in 0..2 {
        let ingress = ingress_anew(&app, &environment).await;
        ingress.start(|_| 1).await.unwrap();
        assert!(ingress.stop(std::time::Duration::from_secs(5)).await);
    }
    let jetstream = jetstream::new(async_nats::connect(url()).await.unwrap());
    for queue in ["people", "letters"] {
        let stream = jetstream.get_stream(format!("{}-{queue}", environment.0)).await.unwrap();
        assert_eq!(stream.cached_info().state.consumer_count, 1);
    }
}

/// On a database handle of its own: one has one.
async fn ingress_anew(app: &TestApp, environment: &Environment) -> mainstay_nats::Ingress {
    let operations: std::sync::Arc<mainstay::queue::Operations> = app.db().extension().unwrap();
    let nobody: mainstay_nats::Authenticate =
        std::sync::Arc::new(|_| Box::pin(async { Ok(mainstay::prelude::Caller::Anonymous) }));
    let db = super::broker::other(app).await;
    mainstay_nats::Ingress::new(environment.connect().await, &db, (*operations).clone(), nobody).unwrap()
}
