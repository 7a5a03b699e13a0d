#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
struct Unknown {
    id: Id<Unknown>,
    #[model(on_delete = cascad)]
    parent: Option<Ref<Unknown>>,
}

#[derive(Model)]
struct Comment {
    id: Id<Comment>,
    #[model(on_delete = set_null)]
    post: Ref<Comment>,
    #[model(references)]
    title: String,
    #[model(on_delete = cascade)]
    body: String,
}

fn main() {}
