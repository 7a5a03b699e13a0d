//! What a newcomer reads whose model, or its scope, lacks something.

use mainstay::prelude::*;

struct Plain {
    id: Id<Plain>,
}

#[derive(Model)]
struct Unscoped {
    id: Id<Unscoped>,
}

#[derive(Model)]
struct Post {
    id: Id<Post>,
    #[model(references)]
    plain: Ref<Plain>,
    #[model(write)]
    title: String,
}

#[scope]
impl Scope for Post {
    fn can_read(who: &Caller) -> Access<Post> {
        rows(Post::TITEL.eq("x"))
    }
    fn can_update(who: &Caller) -> Access<Post> {
        rows(Post::TITLE.eq(3))
    }
    fn can_delete(who: &Caller) -> Access<Post> {
        who.has_role("admin")
    }
}

fn main() {
    let _ = App::new("x").model::<Plain>().model::<Unscoped>().model::<Post>();
}
