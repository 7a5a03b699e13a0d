use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use mainstay::Running;
use mainstay::config::Sources;
use mainstay::kernel::{Db, StoreUrl};
use mainstay::prelude::*;
use mainstay_nats::CommitHints;
use mainstay_test::TestApp;

use super::broker::{Environment, other, url};

const SOON: Duration = Duration::from_secs(20);

/// Somebody may watch these.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Ball {
    id: Id<Ball>,
    name: String,
}

#[scope]
impl Scope for Ball {}

fn app() -> App {
    App::new("balls").model::<Ball>()
}

async fn throw(db: &Db) {
    let ball = || NewBall { name: "ball".to_owned() };
    db.write(async |tx: &mut Tx| ball().insert(tx).await.map(drop)).await.expect("a ball");
}

/// Commits here until it is heard there: who listens may only just have begun.
async fn until_heard(here: &Db, there: &Db) {
    let hints = there.hints().expect("hints");
    let heard = async {
        loop {
            throw(here).await;
            if tokio::time::timeout(Duration::from_millis(200), hints.heard()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, heard).await.expect("it is heard in time");
}

/// A process of its own, but for the process.
async fn started(app_under: &TestApp, environment: &Environment) -> Running {
    let StoreUrl::Postgres(database) = app_under.url() else { panic!("a file has one process") };
    let root = std::env::temp_dir().join(&environment.0);
    std::fs::create_dir_all(&root).expect("a folder");
    let variables = [
        ("DATABASE_URL", database.clone()),
        ("NATS_URL", url()),
        ("NATS_PREFIX", environment.0.clone()),
        ("PORT", "0".to_owned()),
        ("AUTH_JWT_SECRET", "a secret that is long enough for anybody".to_owned()),
        ("MODE", "test".to_owned()),
    ];
    app().start_with(Sources::new("balls", root).environment(variables)).await.expect("it starts")
}

#[mainstay::test(app = app, postgres)]
async fn processes_of_one_database_hear_of_each_others_commits(app: TestApp) {
    let environment = Environment::new();
    let one = started(&app, &environment).await;
    let two = started(&app, &environment).await;
    until_heard(one.db(), two.db()).await;
    until_heard(two.db(), one.db()).await;
    assert!(one.stop().await && two.stop().await);
    std::fs::remove_dir_all(std::env::temp_dir().join(&environment.0)).expect("it was there");
}

#[mainstay::test(app = app, postgres)]
async fn many_commits_are_one_word_and_nobody_hears_its_own(app: TestApp) {
    let environment = Environment::new();
    let there = other(&app).await;
    let here = CommitHints::start(environment.connect().await, app.db()).await.expect("hints");
    let also = CommitHints::start(environment.connect().await, &there).await.expect("hints");
    until_heard(app.db(), &there).await;
    let own = app.db().hints().expect("hints");
    assert!(own.heard().now_or_never().is_none(), "its own words came back before others heard them");

    let client = async_nats::connect(url()).await.expect("a client");
    let subject = format!("{}.mainstay.changes.*", environment.0);
    let mut words = client.subscribe(subject).await.expect("a subscription");
    client.flush().await.expect("it is subscribed");
    for _ in 0..1000 {
        own.tell();
    }
    assert!(words.next().await.is_some());
    let (mut count, mut quiet) = (1, false);
    while !quiet {
        match tokio::time::timeout(Duration::from_millis(300), words.next()).await {
            Ok(word) => count += usize::from(word.is_some()),
            Err(_) => quiet = true,
        }
    }
    assert!(count <= 3, "{count} words");
    assert!(here.stop(SOON).await && also.stop(SOON).await);
    there.stop(SOON).await;
}
