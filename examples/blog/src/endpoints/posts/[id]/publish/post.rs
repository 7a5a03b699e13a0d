use mainstay::prelude::*;

use crate::models::{Post, PostStatus, User};

/// Why a post is not published.
#[derive(ErrorSet)]
pub enum PublishError {
    /// There is none of the author's.
    #[error(status = 404, code = "post_not_found", "no post of yours has the id {id}")]
    NotFound {
        /// What was asked for.
        id: Id<Post>,
    },
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
#[endpoint]
pub async fn handler(
    tx: &mut Tx,
    author: User,
    Path(id): Path<Id<Post>>,
) -> Result<Json<Post>, PublishError> {
    let own = Post::ID.eq(id).and(Post::USER.eq(author.id));
    let post = Post::filter(own).first(tx).await?.ok_or(PublishError::NotFound { id })?;
    if post.published {
        return Err(PublishError::AlreadyPublished);
    }
    if post.body.chars().count() < LEAST {
        return Err(PublishError::TooShort { least: LEAST });
    }
    let publish = |post: &mut Post| (post.published, post.status) = (true, PostStatus::Final);
    Ok(Json(post.update(tx, publish).await?))
}
