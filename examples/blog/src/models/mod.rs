//! What the blog keeps.

mod comment;
mod note;
mod post;
mod user;

pub use comment::Comment;
pub use note::Note;
pub use post::{NewPost, Post, PostStatus};
pub use user::{NewUser, User};
