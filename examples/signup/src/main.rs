//! A sign-up flow: somebody registers, is welcomed, and is reminded unless they confirm in time.

mod discovered;
#[cfg(test)]
mod tests;

use discovered::*;
use mainstay::prelude::*;

/// The application: what its folders declare. `cargo run -p signup -- job list` lists what it has left to do.
pub fn app() -> App {
    App::new("signup").version(env!("CARGO_PKG_VERSION")).mount(discovered::app())
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    app().run().await
}
