#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

#[derive(Model)]
#[model(index(), unique)]
struct Empty {
    id: Id<Empty>,
}

#[derive(Model)]
#[model(index(slug downwards), unique(slug, where(published == true)))]
#[model(index(slug, where(slug is nil)), index(slug, where(published = true or slug = "x")))]
#[model(index(slug, where(published = now())), index(slug, where(published), slug))]
struct Grammar {
    id: Id<Grammar>,
    slug: String,
    published: bool,
}

#[derive(Model)]
#[model(unique(slug, where(publishd = true)), index(slug, where(slug is null)), index(slug, slug))]
struct Meaning {
    id: Id<Meaning>,
    slug: String,
    published: bool,
}

fn main() {}
