use mainstay::prelude::*;

#[derive(Model)]
#[model(alive, tabel = "posts")]
struct Post {
    id: Id<Post>,
    #[model(wirte)]
    title: String,
    #[model(write(creat))]
    body: String,
    #[model(read(roll = "editor"))]
    notes: Option<String>,
    #[model(private, read(role = "editor"))]
    secret: String,
    #[model(required, default)]
    views: i64,
    #[model(write, write)]
    tags: String,
}

fn main() {}
