use std::time::Duration;

use mainstay::prelude::*;
use mainstay_client::{CallError, Client, Operation};
use mainstay_test::TestApp;

use super::app::app;
use super::broker::Broker;

#[derive(Serialize)]
struct Known {
    email: &'static str,
}

const ANN: Known = Known { email: "ann@example.org" };

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
enum KnowError {
    EmailTaken,
}

const KNOW: Operation<Known, String, KnowError> = Operation::new("people", "people.know");
const NAMED: Operation<(), String> = Operation::new("people", "people.named.$name");
const SIGNED: Operation<(), String> = Operation::new("people", "people.signed");
const FAIL: Operation<(), ()> = Operation::new("people", "people.fail.$how");

/// The clock of the test's application stands still, so that a client's time is never over there.
fn client(broker: &Broker) -> Client {
    Client::over(broker.client.clone()).prefix(&broker.environment.0)
}

#[mainstay::test(app = app)]
async fn a_call_is_typed_from_its_input_to_its_errors(app: TestApp) {
    let broker = Broker::of(&app).await;
    let client = client(&broker);
    let id = client.call(KNOW, &ANN).request_id("r-1").await.unwrap();
    assert_eq!(client.call(KNOW, &ANN).request_id("r-1").await.unwrap(), id, "it is answered the same");
    let taken = client.call(KNOW, &ANN).await.unwrap_err();
    assert!(matches!(taken, CallError::Declared(KnowError::EmailTaken, it) if it.status == 423));
    assert_eq!(client.call(NAMED, &()).param("name", "a.b > c").await.unwrap(), "a.b > c");
    let token = app.token("ann", json!({}));
    assert_eq!(client.bearer(&token).call(SIGNED, &()).await.unwrap(), "ann");
    let nobody = client.call(SIGNED, &()).await.unwrap_err();
    assert!(matches!(nobody, CallError::Refused(it) if it.code == "UNAUTHORIZED"));
    let missing = client.call(NAMED, &()).await.unwrap_err().to_string();
    assert!(missing.contains("the parameter `name`"), "{missing}");
}

#[mainstay::test(app = app)]
async fn what_fails_for_the_moment_is_asked_again_until_the_time_is_over(app: TestApp) {
    let broker = Broker::of(&app).await;
    let away = client(&broker).call(FAIL, &()).param("how", "away").timeout(Duration::from_millis(300));
    let refused = away.await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(it) if it.status == 503));
    broker.ingress.stop(Duration::from_secs(5)).await;
    let nobody = client(&broker).call(KNOW, &ANN).timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(nobody, CallError::TimedOut(_)), "{nobody}");
}
