#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
struct NoId {
    title: String,
}

#[derive(Model)]
struct WrongTypes {
    id: String,
    created_at: i64,
    updated_at: Option<Timestamp>,
    #[model(version)]
    revision: i32,
}

#[derive(Model)]
struct WrittenByClients {
    #[model(write)]
    id: Id<WrittenByClients>,
    #[model(write(update))]
    created_at: Timestamp,
    #[model(version, write)]
    version: i64,
}

#[derive(Model)]
struct PlainVersion {
    id: Id<PlainVersion>,
    version: String,
}

#[derive(Model)]
struct Loose {
    id: Id<Loose>,
    #[model(overflow)]
    text: String,
    #[model(overflow)]
    maybe: Option<Overflow>,
    plain: Overflow,
    #[model(overflow, rename = "more")]
    named: Overflow,
    #[model(overflow, unique)]
    unique: Overflow,
}

#[derive(Model)]
struct Twice {
    id: Id<Twice>,
    #[model(overflow)]
    some: Overflow,
    #[model(overflow)]
    more: Overflow,
}

#[derive(Model)]
#[model(identity)]
struct User {
    id: Id<User>,
    #[model(write)]
    subject: String,
}

fn main() {}
