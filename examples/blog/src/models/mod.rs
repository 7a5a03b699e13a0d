//! What the blog keeps.

mod note;
mod post;
mod user;

pub use note::Note;
pub use post::{NewPost, Post};
pub use user::{NewUser, User};
