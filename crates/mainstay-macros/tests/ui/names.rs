#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
#[model(table = "Posts", plural = "blog posts", name = "2nd")]
#[model(unique(id, tilte))]
struct Post {
    id: Id<Post>,
    #[model(rename = "the title")]
    title: String,
    r#type: String,
}

#[derive(Model)]
#[model(unique(user, tilte))]
struct Clash {
    id: Id<Clash>,
    title: String,
    #[model(column = "title")]
    heading: String,
    #[model(rename = "title")]
    caption: String,
}

#[derive(Model)]
#[model(plural = "total", table = "mainstay_result")]
struct Sum {
    id: Id<Sum>,
}

fn main() {}
