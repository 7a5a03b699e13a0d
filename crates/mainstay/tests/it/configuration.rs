//! What an application is told: its own configuration, values for its handlers, and starting inside
//! another program.

use std::sync::Arc;

use mainstay::Assembly;
use mainstay::auth::{AuthOptions, Credentials};
use mainstay::config::Sources;
use mainstay::prelude::*;
use mainstay_test::{Db, TestApp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::models::{self, Shelf};

#[derive(Config, Clone, Debug, PartialEq)]
#[config(prefix = "CONFIGURED_")]
struct Settings {
    /// Who is greeted.
    #[config(default = "world")]
    name: String,
    key: Secret<String>,
}

/// A client of something.
#[derive(Clone)]
struct Client(&'static str);

async fn greet(State(settings): State<Settings>, State(client): State<Client>) -> String {
    format!("hello {} by {}", settings.name, client.0)
}

async fn behind_a_box(request: mainstay::axum::extract::Request) -> std::result::Result<String, ApiError> {
    let _ = request;
    Ok(String::new())
}

/// A type whose name has brackets and an arrow.
type Nested = Option<std::result::Result<fn(u8) -> u8, Vec<Client>>>;

fn settings(name: &str) -> Settings {
    Settings { name: name.to_owned(), key: Secret::new("k".to_owned()) }
}

fn app() -> App {
    let app = App::new("configured").config::<Settings>().state(Client("wire")).route(get("/greet", greet));
    app.state(settings("tests"))
}

#[mainstay::test(app = app)]
async fn a_handler_is_given_its_configuration_and_other_values(app: TestApp) {
    assert_eq!(app.anonymous().get("/v1/greet").await.expect_status(200).text(), "hello tests by wire");
}

fn assembled(app: App, db: &Db) -> mainstay::Result<Assembly> {
    let options = AuthOptions::new("a secret of at least 32 bytes, or so");
    let credentials = Credentials::new(options, db.clock().clone())?;
    Assembly::new(app, db.clone(), Arc::new(credentials), "/v1")
}

fn refusal(app: App, db: &Db) -> String {
    let Err(error) = assembled(app, db) else { panic!("it was put together") };
    error.to_string()
}

#[mainstay::test]
async fn a_value_that_nobody_gave_keeps_an_application_from_starting(db: Db) {
    let refused = refusal(App::new("a").state(settings("x")).route(get("/greet", greet)), &db);
    for part in
        ["the route `GET /greet` (", "configuration.rs:", "asks for `State<Client>`", "add `.state(…)`"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let twice = App::new("a").state(Client("one")).state(Client("two"));
    let refused = refusal(twice, &db);
    assert!(
        refused.contains("is given twice, at ") && refused.matches("configuration.rs:").count() == 2,
        "{refused}"
    );
    let refused = refusal(App::new("a").config::<Settings>(), &db);
    assert!(refused.contains("was not read"), "{refused}");
    let nested = async |State(_): State<Nested>| String::new();
    let refused = refusal(App::new("a").state(Client("one")).route(get("/x", nested)), &db);
    assert!(refused.contains("fn(u8) -> u8"), "{refused}");
    let of_the_site = async |State(_): State<mainstay::web::Site>, State(_): State<Db>| String::new();
    assembled(App::new("a").route(get("/site", of_the_site)).route(get("/box", behind_a_box)), &db)
        .expect("the site and its database are there anyway");
}

#[mainstay::test]
async fn what_is_asked_for_unseen_is_an_error_that_names_it(db: Db) {
    let site = assembled(App::new("a"), &db).expect("an application").site;
    let Err(error) = site.state::<Client>() else { panic!("nobody gave a client") };
    let said = error.to_string();
    assert!(said.contains("configuration::Client`") && said.contains("State<Client>"), "{said}");
}

fn sources(root: &tempfile::TempDir) -> Sources {
    let variables =
        [("PORT", "0"), ("CONFIGURED_KEY", "k"), ("CONFIGURED_NAME", "host"), ("SHUTDOWN_TIMEOUT", "5s")];
    Sources::new("configured", root.path()).environment(variables)
}

fn embedded() -> App {
    let app = App::new("configured").config::<Settings>().state(Client("wire"));
    app.model::<Shelf>().route(get("/greet", greet))
}

async fn get_over_a_socket(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_starts_inside_another_program_and_stops_twice() {
    let root = tempfile::tempdir().expect("a folder");
    let running = embedded().start_with(sources(&root)).await.expect("it starts");
    assert_ne!(running.address().port(), 0);
    let answer = get_over_a_socket(running.address(), "/v1/greet").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello host by wire"), "{answer}");
    assert_eq!(running.site().env().require("CONFIGURED_NAME").expect("it is set"), "host");
    let (one, other) = tokio::join!(running.stop(), running.stop());
    assert!(one && other && running.stop().await);
    assert!(tokio::net::TcpStream::connect(running.address()).await.is_err(), "it still listens");
    // The file is free again.
    let again = embedded().start_with(sources(&root)).await.expect("it starts again");
    assert!(again.stop().await);
}

#[tokio::test]
async fn an_application_that_is_told_wrong_does_not_start() {
    let root = tempfile::tempdir().expect("a folder");
    let wrong = Sources::new("configured", root.path()).environment([("PORT", "x")]);
    let Err(error) = embedded().start_with(wrong).await else { panic!("it started") };
    let said = error.to_string();
    assert!(said.contains("2 faults") && said.contains("CONFIGURED_KEY"), "{said}");
    let _ = models::app();
}
