#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
enum State {
    Draft,
}

#[derive(Model)]
struct Pair(Id<Pair>, String);

#[derive(Model)]
struct Page<T> {
    id: Id<Page<T>>,
    rows: Json<Vec<T>>,
}

fn main() {}
