//! Discovery is only convenience: the same application, written out.

use mainstay::prelude::*;
use mainstay::serde_json;

use crate::models::{Comment, Note, Post, User};
use crate::{commands, endpoints, hooks};

fn written_out() -> App {
    App::new("blog")
        .version(env!("CARGO_PKG_VERSION"))
        .endpoint_at(Method::Post, "/posts/{id}/publish", endpoints::posts::id::publish::post::handler)
        .endpoint(endpoints::hello::hello)
        .command("seed", "Fill the database with posts (--posts N)", commands::seed::seed)
        .hook(hooks::comment::trim_comment)
        .model::<Post>()
        .model::<Comment>()
        .model::<Note>()
        .users::<User>()
}

#[test]
fn what_is_discovered_and_what_is_written_out_is_the_same_to_the_byte() {
    let listed = |app: &App| {
        let routes = app.routes().expect("no clash");
        serde_json::to_string_pretty(&routes).expect("JSON")
    };
    assert_eq!(listed(&crate::app()), listed(&written_out()));
    let hooks = |app: &App| {
        let hooks = app.hooks_for::<Comment>().expect("no clash");
        serde_json::to_string(&hooks).expect("JSON")
    };
    assert_eq!(hooks(&crate::app()), hooks(&written_out()));
}
