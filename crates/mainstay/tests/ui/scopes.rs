//! What a newcomer reads who forgot `#[scope]`.

use mainstay::prelude::*;

#[derive(Model)]
struct Post {
    id: Id<Post>,
}

impl Scope for Post {
    fn can_read(_: &Caller) -> Access<Post> {
        all()
    }
}

fn main() {
    let _ = App::new("x").model::<Post>();
}
