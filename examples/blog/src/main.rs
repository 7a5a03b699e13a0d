//! A small blog: users, posts, comments and private notes.

mod commands;
mod endpoints;
mod hooks;
mod models;
#[cfg(test)]
mod tests;

use mainstay::prelude::*;

use crate::models::{Comment, Note, Post, User};

/// The application, written out; `cargo run -p blog -- routes` lists what it serves.
pub fn app() -> App {
    App::new("blog")
        .version(env!("CARGO_PKG_VERSION"))
        .users::<User>()
        .model::<Post>()
        .model::<Comment>()
        .model::<Note>()
        .hook(hooks::trim_comment)
        .route(get("/hello", endpoints::hello))
        .command("seed", "Fill the database with posts (--posts N)", commands::seed)
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    app().run().await
}
