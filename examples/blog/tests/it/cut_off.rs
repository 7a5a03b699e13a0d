//! PostgreSQL ends connections, or is away.

use std::thread;
use std::time::{Duration, Instant};

use mainstay::serde_json::json;
use mainstay_test::Proxy;

use crate::ledger::Ledger;
use crate::place::{Kept, Place, on};
use crate::server::{Blog, Launch};
use crate::store;
use crate::waiting::until;

#[test]
fn backends_that_are_ended_under_load_lose_no_acknowledged_write() {
    on(Kept::Postgres, backends_are_ended);
}

#[test]
fn a_database_that_is_away_is_reported_and_comes_back_without_a_restart() {
    on(Kept::Postgres, database_is_away);
}

fn backends_are_ended(place: &Place) {
    let (server, application) = place.server().expect("this is PostgreSQL");
    let blog = Launch::at(place).start();
    let ledger = Ledger::new(8);
    let end = Instant::now() + Duration::from_secs(2);
    thread::scope(|scope| {
        scope.spawn(|| store::end_backends(server, application, || Instant::now() < end));
        scope.spawn(|| ledger.write(&blog, || Instant::now() < end));
    });
    // The server recovers by itself: the same process goes on.
    let goal = ledger.acknowledged() + 50;
    ledger.write(&blog, || ledger.acknowledged() < goal);
    println!("{} writes acknowledged", ledger.acknowledged());
    ledger.settle(place, blog);
}

fn database_is_away(place: &Place) {
    let url = place.database_url().expect("this is PostgreSQL");
    let server = authority(&url);
    let proxy = Proxy::before(server.to_owned());
    let through = url.replacen(server, &proxy.address().to_string(), 1);
    let blog = Launch::at(place).with("DATABASE_URL", through).start();
    assert_eq!(readiness(&blog), (200, "ready".to_owned()));
    let mut ann = blog.person("ann");
    let post = json!({ "title": "kept", "published": true, "tags": [] });
    ann.post("/v1/posts", &post).expect(201);

    proxy.cut();
    until("readyz tells", || (readiness(&blog) == (503, "error".to_owned())).then_some(()));
    for _ in 0..5 {
        let refused = [ann.post("/v1/posts", &post), ann.get("/v1/posts"), ann.put(&missing(), &json!({}))];
        for answer in refused {
            let answer = answer.expect(503);
            let retried = answer.header("retry-after").is_some();
            assert!(
                retried && ["unavailable", "outcome_unknown"].contains(&answer.code().as_str()),
                "{answer:?}"
            );
            assert!(!answer.code().is_empty() && !names_the_database(&answer.body), "{answer:?}");
        }
    }
    blog.anybody().get("/healthz").expect(200);

    proxy.mend();
    until("readyz tells", || (readiness(&blog) == (200, "ready".to_owned())).then_some(()));
    ann.post("/v1/posts", &post).expect(201);
    let list = ann.get("/v1/posts").expect(200).json();
    assert_eq!(list["result"]["total"], json!(2), "what was refused was not written: {list}");
    blog.stop();
}

fn missing() -> String {
    "/v1/posts/00000000-0000-7000-8000-000000000000".to_owned()
}

fn readiness(blog: &Blog) -> (u16, String) {
    let answer = blog.anybody().get("/readyz");
    (answer.status, answer.json()["status"].as_str().expect("a status").to_owned())
}

fn names_the_database(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body).to_ascii_lowercase();
    ["postgres", "connect", "socket", "os error"].iter().any(|word| body.contains(word))
}

/// `host:port` in a URL that names both.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.split(['/', '?']).next().unwrap_or_default();
    place.rsplit('@').next().unwrap_or_default()
}
