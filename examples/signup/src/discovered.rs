//! The modules of the folders beside this file, and what they declare as one part of the application.
//!
//! Written by `build.rs` when files come and go: keep it in version control, and edit the folders instead.

/// What is kept.
#[path = "models"]
pub mod models {
    pub mod mail;
    pub mod user;

    #[allow(unused_imports)]
    pub use self::{mail::*, user::*};
}

/// Operations that write.
#[path = "mutations"]
pub mod mutations {
    pub mod confirm_user;
    pub mod create_user;
    pub mod send_welcome;
}

/// Operations that read.
#[path = "queries"]
pub mod queries {
    pub mod get_user;
}

/// What runs the tasks that others leave behind.
#[path = "workers"]
pub mod workers {
    pub mod remind;
}

/// What runs when its time has come.
#[path = "crons"]
pub mod crons {
    pub mod forget;
}

/// Everything that the folders declare, to be given to `App::mount`.
pub fn app() -> ::mainstay::Mount {
    ::mainstay::Mount::new()
        .model::<models::mail::Mail>()
        .model::<models::user::User>()
        .operation(mutations::confirm_user::confirm_user)
        .operation(mutations::create_user::create_user)
        .operation(mutations::send_welcome::send_welcome)
        .operation(queries::get_user::get_user)
        .worker(workers::remind::remind)
        .cron(crons::forget::forget)
        .declared(file!(), &include!(concat!(env!("OUT_DIR"), "/declared.rs")))
}
