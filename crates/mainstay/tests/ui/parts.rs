//! What a newcomer reads who adds to an application what is no part of one.

use mainstay::prelude::*;

async fn plain() {}

#[derive(Clone)]
struct Settings {
    name: String,
}

fn main() {
    let _ = App::new("x").endpoint(plain);
    let _ = App::new("x").hook(plain);
    let _ = App::new("x").middleware(plain);
    let _ = App::new("x").request_hook(plain);
    let _ = App::new("x").config::<Settings>();
}
