//! The command line beside a running server.

use std::process::Command;

use crate::on_both_stores;
use crate::place::{Kept, Place, on};
use crate::server::Launch;
use crate::wire::Client;

on_both_stores! {
    a_token_of_the_command_line_is_the_running_servers
    seed_fills_the_running_servers_database
}

/// With a secret that nobody but the server knows.
fn unknown(place: &Place) -> Launch {
    Launch::at(place).without("AUTH_JWT_SECRET").with("LOG", "error")
}

fn a_token_of_the_command_line_is_the_running_servers(place: &Place) {
    let blog = unknown(place).start();
    let told = unknown(place).words(&["token", "--sub", "ann", "--email", "ann@example.com"]).finish();
    assert_eq!(told.code, Some(0), "{}", told.said);
    let mut ann = Client::new(blog.address(), Some(told.said.trim().to_owned()));
    let users = ann.get("/v1/users").expect(200).json();
    assert_eq!(users["result"]["users"][0]["email"], "ann@example.com");
    let wrong = unknown(place).words(&["token", "--sbu", "ann"]).finish();
    assert!(wrong.code == Some(1) && wrong.said.contains("--sub"), "{}", wrong.said);
    blog.stop();
}

fn seed_fills_the_running_servers_database(place: &Place) {
    let blog = Launch::at(place).start();
    let told = Launch::at(place).words(&["seed", "--posts", "1200"]).finish();
    assert!(told.code == Some(0) && told.said.contains("1200 posts written"), "{}", told.said);
    assert!(told.said.contains("500/1200"), "its progress is shown: {}", told.said);
    let posts = blog.anybody().get("/v1/posts?count=only").expect(200).json();
    assert_eq!(posts["result"]["total"], 1200);
    blog.stop();
}

#[test]
fn what_operations_promise_is_written_down_and_compared_without_a_database() {
    on(Kept::Sqlite, |place| {
        let launch = || Launch::at(place).with("DATABASE_URL", "not a database");
        let schema = launch().words(&["ops", "schema"]).finish();
        assert!(schema.code == Some(0) && schema.said.contains("\"operations\": {}"), "{}", schema.said);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("schema.json");
        std::fs::write(&path, &schema.said).expect("it can be written");
        let against = path.display().to_string();
        let check = || launch().words(&["ops", "check", "--against", &against]).finish();
        assert_eq!((check().code, check().said.as_str()), (Some(0), ""));
        let had_more = schema.said.replace("\"workers\": {}", "\"workers\": { \"mail\": {} }");
        std::fs::write(&path, had_more).expect("it can be written");
        assert_eq!(check().code, Some(1));
        assert!(check().said.contains("breaking   worker `mail` is gone: "), "{}", check().said);
    });
}

#[test]
fn routes_lists_the_routes_or_the_hooks() {
    on(Kept::Sqlite, |place| {
        let routes = Launch::at(place).words(&["routes"]).finish();
        assert!(
            routes.said.contains("POST    /v1/comments") && !routes.said.contains("trim"),
            "{}",
            routes.said
        );
        let line = routes.said.lines().find(|it| it.contains("post.update")).expect("a route of the posts");
        assert!(line.starts_with("PUT     /v1/posts/{id}"), "{line}");
        assert!(line.contains("  examples/blog/src/models/post.rs:"), "{line}");
        let json = Launch::at(place).words(&["routes", "--json"]).finish();
        let told: mainstay::serde_json::Value = mainstay::serde_json::from_str(&json.said).expect("JSON");
        let hello = told.as_array().expect("a list").iter().find(|it| it["path"] == "/v1/hello");
        let hello = hello.expect("the endpoint");
        assert_eq!((&hello["method"], &hello["kind"]), (&"GET".into(), &"endpoint".into()));
        assert_eq!(hello["serves"], "hello");
        let hooks = Launch::at(place).words(&["routes", "--hooks"]).finish();
        let (hook, place) = hooks.said.trim().split_once("trim_comment").expect("the hook's name");
        assert_eq!(hook.trim(), "comment          before save     100");
        assert!(place.trim().starts_with("examples/blog/src/hooks/comment.rs:"), "{place}");
    });
}

#[test]
fn a_reader_that_leaves_early_breaks_off_no_command() {
    on(Kept::Sqlite, |place| {
        let mut shell = Command::new("sh");
        let pipe = r#"{ "$0" routes; echo "code $?" >&2; } | true"#;
        shell.args(["-c", pipe, env!("CARGO_BIN_EXE_blog")]);
        assert_eq!(Launch::wrapped(place, shell).finish().said.trim(), "code 0");
    });
}

#[test]
fn a_token_that_nobody_would_accept_is_refused() {
    on(Kept::Sqlite, |place| {
        let said = unknown(place).words(&["token", "--sub", "ann"]).refused();
        assert!(said.contains("start the server first"), "{said}");
    });
}
