#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
struct Post {
    id: Id<Post>,
    #[garde(lenght(min = 1))]
    title: String,
    #[garde(length(least = 1), url)]
    link: String,
    #[garde(length, ascii(true))]
    body: String,
    #[garde(length(graphemes, max = 3), matches(title))]
    notes: String,
    #[garde(pattern("["), pattern(r"\d+"))]
    slug: String,
    #[garde(range(min = 1, equal = 2))]
    views: i64,
}

fn main() {}
