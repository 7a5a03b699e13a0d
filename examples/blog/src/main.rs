//! A small blog: users, posts, comments and private notes.

mod discovered;
#[cfg(test)]
mod tests;

use discovered::*;
use mainstay::prelude::*;

/// The application: what its folders declare. `cargo run -p blog -- routes` lists what it serves.
pub fn app() -> App {
    App::new("blog").version(env!("CARGO_PKG_VERSION")).mount(discovered::app())
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    app().run().await
}
