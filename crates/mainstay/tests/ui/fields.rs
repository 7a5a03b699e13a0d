//! What a newcomer reads whose model has a field of another type than columns have.

use mainstay::prelude::*;

#[derive(Clone, Default)]
struct Look;

#[derive(Model)]
struct Post {
    id: Id<Post>,
    look: Look,
}

#[scope]
impl Scope for Post {}

fn main() {}
