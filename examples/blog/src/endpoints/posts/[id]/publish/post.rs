use mainstay::prelude::*;

use crate::models::{Post, PostStatus, User};

/// Why a post is not published.
#[derive(ErrorSet)]
pub enum PublishError {
    /// It was before.
    #[error(status = 409, "this post is published already")]
    AlreadyPublished,
    /// Nobody would read it.
    #[error(status = 422, "a post needs a text of at least {least} characters to be published")]
    TooShort {
        /// How many.
        least: usize,
    },
    /// What the framework refuses.
    #[error(other)]
    Other(Error),
}

/// The fewest characters of a post that is published.
const LEAST: usize = 10;

/// Publishes a post.
///
/// Its author alone may, once it says something.
#[endpoint(tags = ["post"])]
pub async fn handler(
    tx: &mut Tx,
    author: User,
    Path(id): Path<Id<Post>>,
) -> Result<Json<Post>, PublishError> {
    let own = Post::ID.eq(id).and(Post::USER.eq(author.id));
    let post = Post::filter(own).first(tx).await?;
    let post = post.ok_or_else(|| Error::http(404, "post_not_found", format!("no post with id {id}")))?;
    if post.published {
        return Err(PublishError::AlreadyPublished);
    }
    if post.body.chars().count() < LEAST {
        return Err(PublishError::TooShort { least: LEAST });
    }
    let publish = |post: &mut Post| (post.published, post.status) = (true, PostStatus::Final);
    Ok(Json(post.update(tx, publish).await?))
}
