use mainstay::prelude::*;

#[derive(Model)]
struct Post {
    id: Id<Post>,
}

#[scope]
impl Scope for Post {
    const GRANTS: &'static [mainstay::model::Action] = &[];

    fn can_reed(who: &Caller) -> Access<Post> {
        all()
    }

    fn can_delete(who: &Caller) -> Access<Post> {
        deny()
    }
}

#[scope]
impl Post {}

fn main() {}
