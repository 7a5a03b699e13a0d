//! Hooks: they run in the transaction that writes the row, once, whatever door it came through.

mod around;
mod doors;
mod failing;
mod models;
mod registry;

use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};
use models::{Article, Trail};

/// What the hooks left behind since the last look, oldest first.
async fn trail(app: &TestApp) -> Vec<String> {
    let all = Trail::filter(Filter::always()).order(Trail::ID.asc()).all(&app.db().reader()).await;
    let left = all.expect("a trail").into_iter().map(|it| it.what).collect();
    let wipe = async |tx: &mut Tx| tx.sql("delete from trails").execute().await.map(drop);
    app.db().write(wipe).await.expect("the trail is wiped");
    left
}

async fn articles(app: &TestApp) -> i64 {
    Article::filter(Filter::always()).count(&app.db().reader()).await.expect("a count")
}

async fn article(actor: &Actor, title: &str) -> String {
    let made = actor.post("/v1/articles", json!({ "title": title })).await.expect_status(201);
    format!("/v1/articles/{}", made.id())
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let counted = app.db().reader().sql(&format!("select count(*) from {table}")).one::<i64>().await;
    counted.expect("a count").unwrap_or_default()
}
