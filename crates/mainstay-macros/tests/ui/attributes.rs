#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
#[model(alive, tabel = "posts")]
struct Unknown {
    id: Id<Unknown>,
    #[model(wirte)]
    title: String,
    #[model(write(creat))]
    body: String,
    #[model(read(roll = "editor"))]
    notes: Option<String>,
    #[model(write, write)]
    tags: String,
    #[model(write())]
    link: String,
    #[model(read)]
    mood: Option<String>,
    #[model(read(role = ""))]
    hint: Option<String>,
    #[model(write(create(role = "")))]
    sign: String,
    #[model(write(update, role = "editor"))]
    mark: String,
    #[model(write(update(roll = "editor")))]
    note: String,
}

#[derive(Model)]
struct Contrary {
    id: Id<Contrary>,
    #[model(private, read(role = "editor"))]
    secret: String,
    #[model(required, default)]
    views: i64,
    #[model(required)]
    mood: Option<String>,
}

#[derive(Model)]
struct Searched {
    id: Id<Searched>,
    #[model(search, private)]
    secret: String,
    #[model(read(role = "editor"), search)]
    notes: Option<String>,
    #[model(search)]
    views: i64,
}

fn main() {}
