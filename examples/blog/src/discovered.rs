//! The modules of the folders beside this file, and what they declare as one part of the application.
//!
//! Written by `build.rs` when files come and go: keep it in version control, and edit the folders instead.

/// What is kept.
#[path = "models"]
pub mod models {
    pub mod comment;
    pub mod note;
    pub mod post;
    pub mod user;

    #[allow(unused_imports)]
    pub use self::{comment::*, note::*, post::*, user::*};
}

/// What runs when a row is written.
#[path = "hooks"]
pub mod hooks {
    pub mod comment;
}

/// Routes beside those of the models.
#[path = "endpoints"]
pub mod endpoints {
    pub mod posts {
        #[path = "[id]"]
        pub mod id {
            pub mod publish {
                pub mod post;
            }
        }
    }
    pub mod hello;
}

/// What the command line can do beside serving.
#[path = "commands"]
pub mod commands {
    pub mod seed;
}

/// Everything that the folders declare, to be given to `App::mount`.
pub fn app() -> ::mainstay::Mount {
    ::mainstay::Mount::new()
        .users::<models::user::User>()
        .model::<models::comment::Comment>()
        .model::<models::note::Note>()
        .model::<models::post::Post>()
        .hook(hooks::comment::trim_comment)
        .endpoint(endpoints::hello::hello)
        .endpoint_at(
            ::mainstay::prelude::Method::Post,
            "/posts/{id}/publish",
            endpoints::posts::id::publish::post::handler,
        )
        .command("seed", "Fill the database with posts (--posts N)", commands::seed::seed)
        .declared(file!(), &include!(concat!(env!("OUT_DIR"), "/declared.rs")))
}
