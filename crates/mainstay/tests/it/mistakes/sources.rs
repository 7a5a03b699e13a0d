use super::Made::Refused;
use super::{Mistake, mistake};

/// What builds refuse.
const BUILDS: &str = "crates/mainstay-build/src/refusals.txt";

/// Where parts of an application are, and what they are called.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "an endpoint in a file that is named for no method",
        Refused(BUILDS, "endpoints/hello.rs: #[endpoint] pub async fn handler() {}"),
        "endpoints/hello.rs:1:26: `hello` is not a method: name the file `get`, `post`, `put`, `patch`, `delete`, as in `endpoints/hello/get.rs`, or say method and path in the attribute: `#[endpoint(get, \"/hello\")]`",
        "say method and path in the attribute: `#[endpoint(get, \"/hello\")]`",
    ),
    mistake(
        "a misspelt method",
        Refused(BUILDS, "endpoints/posts/pots.rs: #[endpoint] pub async fn handler() {}"),
        "endpoints/posts/pots.rs:1:26: `pots` is not a method, did you mean `endpoints/posts/post.rs`?",
        "did you mean `endpoints/posts/post.rs`?",
    ),
    mistake(
        "a folder of a parameter that is not closed",
        Refused(BUILDS, "endpoints/posts/[id/get.rs: #[endpoint] pub async fn handler() {}"),
        "endpoints/posts/[id/get.rs: `[id` cannot be the name of a module, did you mean `[id]`, a parameter?",
        "did you mean `[id]`",
    ),
    mistake(
        "a file whose name is no module's",
        Refused(BUILDS, "services/2fa.rs: pub fn check() {}"),
        "services/2fa.rs: `2fa` cannot be the name of a module: use letters, digits and `_`, or `[name]` for a parameter",
        "use letters, digits and `_`",
    ),
    mistake(
        "a private model",
        Refused(BUILDS, "models/post.rs: #[derive(Model)] struct Post {}"),
        "models/post.rs:1:25: the model `Post` is private, so that it cannot be registered: make it `pub`",
        "make it `pub`",
    ),
    mistake(
        "a file that cannot be read as Rust",
        Refused(BUILDS, "models/post.rs: pub struct Post { pub id Id<Post> }"),
        "models/post.rs:1:26: expected `:`",
        "expected `:`",
    ),
    mistake(
        "modules declared by hand",
        Refused(BUILDS, "models/mod.rs: mod post;"),
        "models/mod.rs: the modules of `models` are declared in `discovered.rs`: delete this file",
        "delete this file",
    ),
    mistake(
        "a command of another name than its file",
        Refused(BUILDS, "commands/seed.rs: pub async fn sead(cx: CommandCx) {}"),
        "commands/seed.rs: expected `pub async fn seed(cx: CommandCx) -> Result<()>`, the command that the file is named for: what is no command goes to `services`",
        "expected `pub async fn seed(cx: CommandCx) -> Result<()>`",
    ),
    mistake(
        "folders that the program leaves out",
        Refused(BUILDS, "main.rs: fn main() {}\nmodels/post.rs: #[derive(Model)] pub struct Post {}"),
        "main.rs: what `models` holds is written into `discovered.rs`, which nothing uses: add `mod discovered;` here, and `.mount(discovered::app())` to the `App`",
        "add `mod discovered;` here",
    ),
];
