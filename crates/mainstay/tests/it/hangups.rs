//! Clients that go away: everything they asked for is done, or nothing.

use std::future::Future;
use std::pin::pin;

use futures_util::future::join_all;
use futures_util::poll;
use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app;

/// Polls a request at most so often and then drops it.
async fn hang_up_after(polls: usize, request: impl Future) {
    let mut request = pin!(request);
    for _ in 0..polls {
        if poll!(&mut request).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn texts(app: &TestApp, sql: &str) -> Vec<String> {
    let mut texts = app.db().reader().sql(sql).all::<String>().await.expect("rows");
    texts.sort_unstable();
    texts
}

#[mainstay::test(app = app)]
async fn a_client_that_hangs_up_leaves_everything_or_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.get("/v1/users").await.expect_status(200);
    let requests = (0..60).map(|number| {
        let ann = ann.clone().key(&format!("k{number}"));
        async move {
            let request = ann.post("/v1/posts", json!({ "title": format!("t{number:02}") }));
            hang_up_after(1 + number % 12, request).await;
        }
    });
    join_all(requests).await;
    each_is_there_once_when_sent_again(&app, &ann, 60).await;
}

/// Sends every request again by its key: those that were done replay, the others run now.
async fn each_is_there_once_when_sent_again(app: &TestApp, actor: &Actor, count: usize) {
    let again = (0..count).map(|number| {
        let actor = actor.clone().key(&format!("k{number}"));
        async move {
            actor.post("/v1/posts", json!({ "title": format!("t{number:02}") })).await.expect_status(201)
        }
    });
    join_all(again).await;
    let all: Vec<String> = (0..count).map(|number| format!("t{number:02}")).collect();
    assert_eq!(texts(app, "select title from posts").await, all);
    assert_eq!(texts(app, "select id from mainstay_change").await.len(), count);
    assert_eq!(texts(app, "select path from mainstay_result").await.len(), count);
}

#[mainstay::test(app = app)]
async fn an_update_without_its_client_is_done_or_not_and_blocks_nobody(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "0" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    for round in 0..40 {
        let update = ann.put(&path, json!({ "title": format!("{round}"), "body": format!("{round}") }));
        hang_up_after(1 + round % 10, update).await;
    }
    let last = ann.put(&path, json!({ "published": true })).await.expect_status(200);
    let row = last.result();
    assert!(row["body"] == "" || row["title"] == row["body"], "half an update: {row}");
}

#[mainstay::test(app = app)]
async fn a_first_request_that_is_dropped_leaves_a_person_or_none(app: TestApp) {
    for round in 0..30 {
        let new = app.user(&format!("p{}", round / 3)).await;
        hang_up_after(1 + round % 7, new.get("/v1/users")).await;
    }
    for person in 0..10 {
        let users = app.user(&format!("p{person}")).await.get("/v1/users").await.expect_status(200);
        assert_eq!(users.rows().len(), 1);
    }
    assert_eq!(texts(&app, "select subject from users").await.len(), 10);
}

#[mainstay::test(app = app)]
async fn a_socket_closed_in_the_middle_leaves_everything_or_nothing(app: TestApp) {
    let address = app.listen().await;
    let token = app.token("ann", json!({}));
    for round in 0..24 {
        let body = json!({ "title": format!("t{round:02}") }).to_string();
        let head = format!(
            "POST /v1/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: k{round}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let request = format!("{head}{body}");
        // Cut within the head, within the body, right after it, and after the first byte of the answer.
        let cut = [head.len() / 2, head.len() + 5, request.len(), request.len()][round % 4];
        let mut socket = TcpStream::connect(address).await.expect("a connection");
        socket.write_all(&request.as_bytes()[..cut]).await.expect("sent");
        if round % 4 == 3 {
            socket.read_exact(&mut [0; 1]).await.expect("an answer");
        }
        drop(socket);
    }
    let ann = app.user("ann").await;
    each_is_there_once_when_sent_again(&app, &ann, 24).await;
}

#[mainstay::test(app = app)]
async fn what_is_acknowledged_on_a_socket_is_stored(app: TestApp) {
    let address = app.listen().await;
    let request = "POST /v1/shelves HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 13\r\n\r\n{\"label\":\"s\"}";
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(texts(&app, "select label from shelves").await, ["s"]);
}
