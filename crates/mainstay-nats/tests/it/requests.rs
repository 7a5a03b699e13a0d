use std::time::Duration;

use futures_util::StreamExt as _;
use mainstay::prelude::json;
use mainstay::queue::{Engine, Work};
use mainstay_nats::Ingress;
use mainstay_test::TestApp;

use super::app::app;
use super::broker::{Broker, email, next};

#[mainstay::test(app = app)]
async fn a_request_is_performed_and_answered(app: TestApp) {
    let broker = Broker::of(&app).await;
    let body = email("ann").to_string();
    let reply = broker.call("people.people.know", &[("Request-Id", "r-1")], body.as_bytes()).await;
    assert_eq!((reply.status, reply.id.as_deref(), reply.replayed), (200, Some("r-1"), false), "{reply:?}");
    assert!(reply.body.is_string());
    assert_eq!(broker.ask("people.people.count", json!(null)).await.body, json!(1));
}

#[mainstay::test(app = app)]
async fn a_repeat_is_answered_the_same_and_does_nothing(app: TestApp) {
    let broker = Broker::of(&app).await;
    let ann = email("ann").to_string();
    let mut bodies = Vec::new();
    for (header, replayed) in [("Request-Id", false), ("RBF-Request-Id", true), ("Nats-Msg-Id", true)] {
        let reply = broker.call("people.people.know", &[(header, "r-1")], ann.as_bytes()).await;
        assert_eq!((reply.status, reply.replayed), (200, replayed), "{header}");
        bodies.push(reply.body);
    }
    assert!(bodies.windows(2).all(|it| it[0] == it[1]));
    let bob = email("bob").to_string();
    let reply = broker.call("people.people.know", &[("request-id", "r-1")], bob.as_bytes()).await;
    assert_eq!(reply.code(), (409, "REQUEST_ID_CONFLICT"));
    assert_eq!(broker.ask("people.people.count", json!(null)).await.body, json!(1));
}

#[mainstay::test(app = app)]
async fn a_repeat_under_the_brokers_own_id_is_answered_too(app: TestApp) {
    let broker = Broker::of(&app).await;
    let (inbox, mut answers) = broker.inbox().await;
    let headers = [("Nats-Msg-Id", "m-1"), ("Reply-To", inbox.as_str())];
    let body = email("ann").to_string();
    broker.publish("people.people.know", &headers, body.as_bytes()).await;
    let first = next(&mut answers).await;
    let again = loop {
        // The broker drops what comes too soon.
        broker.publish("people.people.know", &headers, body.as_bytes()).await;
        if let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(250), answers.next()).await {
            break broker.call("people.people.know", &[("Request-Id", "m-1")], body.as_bytes()).await;
        }
    };
    assert_eq!((again.body, again.replayed), (first.body, true));
}

#[mainstay::test(app = app)]
async fn a_declared_error_is_an_answer_to_be_kept(app: TestApp) {
    let broker = Broker::of(&app).await;
    broker.ask("people.people.know", email("ann")).await;
    for replayed in [false, true] {
        let body = email("ann").to_string();
        let reply = broker.call("people.people.know", &[("Request-Id", "again")], body.as_bytes()).await;
        assert_eq!((reply.code(), reply.replayed), ((423, "EMAIL_TAKEN"), replayed));
        assert_eq!(reply.body["message"], json!("this e-mail is taken"));
    }
}

#[mainstay::test(app = app)]
async fn every_request_with_somebody_waiting_is_answered(app: TestApp) {
    let broker = Broker::of(&app).await;
    broker.ask("people.people.twice", json!(null)).await;
    for (subject, input, told) in [
        ("people.people.know", json!({ "email": 1 }), (400, "BAD_REQUEST")),
        ("people.people.know", json!({ "email": "no" }), (400, "BAD_REQUEST")),
        ("people.people.nothing", json!(null), (404, "NOT_FOUND")),
        ("people.people.named.%zz", json!(null), (400, "BAD_REQUEST")),
        ("people.people.named.%ff", json!(null), (400, "BAD_REQUEST")),
        ("people.people.signed", json!(null), (401, "UNAUTHORIZED")),
        ("people.people.fail.forbid", json!(null), (403, "FORBIDDEN")),
        ("people.people.fail.miss", json!(null), (404, "NOT_FOUND")),
        ("people.people.twice", json!(null), (409, "CONFLICT")),
        ("people.people.fail.panic", json!(null), (500, "INTERNAL_SERVER_ERROR")),
        ("people.people.fail.otherwise", json!(null), (500, "INTERNAL_SERVER_ERROR")),
        ("people.people.fail.away", json!(null), (503, "UNAVAILABLE")),
    ] {
        let reply = broker.ask(subject, input).await;
        assert_eq!(reply.code(), told, "{subject}: {reply:?}");
        assert_eq!(reply.body["code"], reply.body["error"]);
        assert!(!reply.body["message"].as_str().unwrap().contains("secret"));
    }
    let invalid = broker.ask("people.people.know", json!({ "email": "no" })).await;
    assert_eq!(invalid.body["data"]["fields"][0]["field"], json!("email"));
    for (headers, body) in [
        (&[("Request-Id", "1")][..], &b"{"[..]),
        (&[("Request-Id", "2")], &b"\xff"[..]),
        (&[("Request-Id", "3"), ("Content-Type", "text/plain")], &b"1"[..]),
        (&[("Request-Id", "4"), ("Target-At", "soon")], &b"null"[..]),
        (&[], &b"null"[..]),
    ] {
        let reply = broker.call("people.people.know", headers, body).await;
        assert_eq!(reply.code(), (400, "BAD_REQUEST"), "{headers:?}");
    }
}

#[mainstay::test(app = app)]
async fn a_queue_reaches_its_own_operations_alone(app: TestApp) {
    let broker = Broker::of(&app).await;
    assert_eq!(broker.ask("letters.letters.send", json!(null)).await.body, json!("sent"));
    assert_eq!(broker.ask("people.letters.send", json!(null)).await.code(), (404, "NOT_FOUND"));
    assert_eq!(broker.ask("letters.people.know", email("ann")).await.code(), (404, "NOT_FOUND"));
}

#[mainstay::test(app = app)]
async fn an_encoded_dot_reaches_no_other_subject(app: TestApp) {
    let broker = Broker::of(&app).await;
    for (segment, name) in [("a%2Eb", "a.b"), ("%2A", "*"), ("%3E", ">"), ("%20", " "), ("%C3%A9", "é")] {
        let reply = broker.ask(&format!("people.people.named.{segment}"), json!(null)).await;
        assert_eq!(reply.body, json!(name));
    }
    assert_eq!(broker.ask("people.people%2Ecount", json!(null)).await.code(), (404, "NOT_FOUND"));
}

#[mainstay::test(app = app)]
async fn the_caller_is_verified_as_over_http(app: TestApp) {
    let broker = Broker::of(&app).await;
    let token = format!("Bearer {}", app.token("ann", json!({})));
    let who = async |headers: &[(&str, &str)]| {
        let mut all = vec![("Request-Id", "r")];
        all.extend_from_slice(headers);
        broker.call("people.people.signed", &all, b"null").await
    };
    assert_eq!(who(&[("Authorization", &token)]).await.body, json!("ann"));
    assert_eq!(who(&[("authorization", "Bearer no.such.token")]).await.code(), (401, "UNAUTHORIZED"));
    assert_eq!(who(&[]).await.code(), (401, "UNAUTHORIZED"));
    let robot = [("Request-Id", "r"), ("X-Service-Token", "the token of a test's robot")];
    let reply = broker.call("people.people.who", &robot, b"null").await;
    assert_eq!(reply.body, json!("service:robot"));
}

#[mainstay::test(app = app)]
async fn an_expired_request_is_dropped_in_silence(app: TestApp) {
    let broker = Broker::of(&app).await;
    let (inbox, mut answers) = broker.inbox().await;
    let past = (app.now().as_millis() - 1).to_string();
    let body = email("late").to_string();
    let expired = [("Request-Id", "late"), ("Reply-To", inbox.as_str()), ("Expires-At", past.as_str())];
    broker.publish("people.people.know", &expired, body.as_bytes()).await;
    let next_one = [("Request-Id", "next"), ("Reply-To", inbox.as_str())];
    broker.publish("people.people.count", &next_one, b"").await;
    let reply = next(&mut answers).await;
    assert_eq!((reply.id.as_deref(), reply.body), (Some("next"), json!(0)));
}

#[mainstay::test(app = app)]
async fn a_request_before_its_time_waits_in_the_database(app: TestApp) {
    let broker = Broker::of(&app).await;
    let work = Work { workers: vec![Ingress::worker()], ..Work::default() };
    let later = Engine::new(app.db(), work).expect("an engine");
    later.enter().await.expect("it enters");
    let (inbox, mut answers) = broker.inbox().await;
    let target = (app.now().as_millis() + 60_000).to_string();
    let token = format!("Bearer {}", app.token("ann", json!({})));
    let headers = [
        ("Request-Id", "soon"),
        ("Reply-To", inbox.as_str()),
        ("Target-At", target.as_str()),
        ("Authorization", token.as_str()),
    ];
    // Delivered twice, as when an acknowledgement is lost: it waits once.
    broker.publish("people.people.signed", &headers, b"null").await;
    broker.publish("people.people.signed", &headers, b"null").await;
    broker.until_heard("people").await;
    assert_eq!(waiting(&app).await, 1);
    assert_eq!(later.step().await.unwrap(), 0);
    app.advance(Duration::from_secs(61));
    assert_eq!(later.step().await.unwrap(), 1);
    let reply = next(&mut answers).await;
    assert_eq!((reply.id.as_deref(), reply.body), (Some("soon"), json!("ann")));
    assert_eq!(waiting(&app).await, 0);
}

#[mainstay::test(app = app)]
async fn each_who_asks_before_the_time_is_answered(app: TestApp) {
    let broker = Broker::of(&app).await;
    let work = Work { workers: vec![Ingress::worker()], ..Work::default() };
    let later = Engine::new(app.db(), work).expect("an engine");
    later.enter().await.expect("it enters");
    let target = (app.now().as_millis() + 60_000).to_string();
    let mut all = Vec::new();
    for name in ["ann", "ann", "bob"] {
        let (inbox, answers) = broker.inbox().await;
        let headers = [("Request-Id", "soon"), ("Reply-To", inbox.as_str()), ("Target-At", target.as_str())];
        broker.publish("people.people.know", &headers, email(name).to_string().as_bytes()).await;
        broker.until_heard("people").await;
        all.push(answers);
    }
    app.advance(Duration::from_secs(61));
    while later.step().await.unwrap() > 0 {}
    let mut told = Vec::new();
    for answers in &mut all {
        let reply = next(answers).await;
        told.push((reply.status, reply.body["code"].clone()));
    }
    assert_eq!(told, [(200, json!(null)), (200, json!(null)), (409, json!("REQUEST_ID_CONFLICT"))]);
}

#[mainstay::test(app = app)]
async fn an_answer_that_is_too_large_for_the_broker_is_said_to_be(app: TestApp) {
    let broker = Broker::of(&app).await;
    let reply = broker.ask("people.people.long", json!(null)).await;
    assert_eq!(reply.code(), (500, "INTERNAL_SERVER_ERROR"));
    assert!(reply.body["message"].as_str().unwrap().contains("max_payload"), "{reply:?}");
}

/// How many requests wait for their time; none of them holds a credential.
async fn waiting(app: &TestApp) -> usize {
    let all = app.db().tasks(&mainstay::kernel::work::TaskFilter::default(), 100).await.unwrap();
    let later: Vec<_> = all.into_iter().filter(|it| it.name == "mainstay.request").collect();
    assert!(later.iter().all(|it| !it.body.to_lowercase().contains("bearer")));
    later.len()
}

#[mainstay::test(app = app)]
async fn no_answer_is_sent_into_our_own_subjects(app: TestApp) {
    let broker = Broker::of(&app).await;
    let ours = format!("{}.people.people.know", broker.environment.0);
    let mut told = broker.client.subscribe(ours.clone()).await.unwrap();
    let headers = [("Request-Id", "r"), ("Reply-To", ours.as_str())];
    broker.publish("people.people.count", &headers, b"null").await;
    broker.ask("people.people.count", json!(null)).await;
    broker.client.flush().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(1), told.next()).await.is_err());
}

#[mainstay::test(app = app)]
async fn what_nobody_waits_for_is_held_until_it_can_be_done(app: TestApp) {
    let broker = Broker::of(&app).await;
    broker.publish("people.people.fail.once", &[("Request-Id", "r")], b"null").await;
    broker.until_heard("people").await;
    // To give it back would have been a delivery, of which so many are taken for a request that ends processes.
    assert_eq!(broker.deliveries("people").await, 1);
}

#[mainstay::test(app = app)]
async fn a_thousand_requests_at_once_are_all_answered(app: TestApp) {
    let broker = Broker::of(&app).await;
    let (inbox, mut answers) = broker.inbox().await;
    for number in 0..1000 {
        let id = format!("r-{number}");
        let headers = [("Request-Id", id.as_str()), ("Reply-To", inbox.as_str())];
        let body = email(&format!("p{number}")).to_string();
        broker.publish("people.people.know", &headers, body.as_bytes()).await;
    }
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let reply = next(&mut answers).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        ids.insert(reply.id.unwrap());
    }
    assert_eq!(ids.len(), 1000);
    assert_eq!(broker.ask("people.people.count", json!(null)).await.body, json!(1000));
}

#[mainstay::test(app = app, postgres)]
async fn a_process_that_stops_gives_back_what_it_has_not_begun(app: TestApp) {
    let first = Broker::of(&app).await;
    assert!(first.ingress.stop(Duration::from_secs(5)).await);
    let (inbox, mut answers) = first.inbox().await;
    let headers = [("Request-Id", "r"), ("Reply-To", inbox.as_str())];
    first.publish("people.people.count", &headers, b"null").await;
    let operations: std::sync::Arc<mainstay::queue::Operations> = app.db().extension().unwrap();
    let db = super::broker::other(&app).await;
    let nobody: mainstay_nats::Authenticate =
        std::sync::Arc::new(|_| Box::pin(async { Ok(mainstay::prelude::Caller::Anonymous) }));
    let nats = first.environment.connect().await;
    let second = Ingress::new(nats, &db, (*operations).clone(), nobody).unwrap();
    second.start(|_| 4).await.unwrap();
    assert_eq!(next(&mut answers).await.id.as_deref(), Some("r"));
    assert!(second.stop(Duration::from_secs(5)).await);
}
