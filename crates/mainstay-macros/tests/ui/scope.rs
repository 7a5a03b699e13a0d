#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;

struct Post;

#[scope(crate = "crate::mainstay")]
impl Scope for Post {
    const GRANTS: &'static [mainstay::model::Action] = &[];

    fn can_reed(who: &Caller) -> Access<Post> {
        unimplemented!()
    }

    fn can_delete(_: &Caller) -> Access<Post> {
        unimplemented!()
    }
}

#[scope]
impl Post {}

fn main() {}
