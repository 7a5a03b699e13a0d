use mainstay::clap::{self, Args};
use mainstay::prelude::*;

use crate::models::{NewPost, NewUser, Post, PostStatus, User};

/// Posts per transaction.
const BATCH: u32 = 500;

#[derive(Args)]
struct Seed {
    /// How many posts
    #[arg(long, default_value_t = 100)]
    posts: u32,
}

/// Fill the database with posts (--posts N)
///
/// They are published, and by one author.
pub async fn seed(cx: CommandCx) -> Result<()> {
    let Some(Seed { posts }) = cx.parse()? else { return Ok(()) };
    let author = cx.db.write(author).await?;
    let mut done = 0;
    while done < posts {
        let batch = BATCH.min(posts - done);
        cx.db.write_unbounded(async move |tx| write_posts(tx, author, done..done + batch).await).await?;
        done += batch;
        cx.output.progress("posts", done.into(), posts.into());
    }
    cx.output.line(format!("{posts} posts written"));
    Ok(())
}

async fn author(tx: &mut Tx) -> Result<Id<User>> {
    let seeded = User::ISSUER.eq("seed").and(User::SUBJECT.eq("author"));
    if let Some(user) = User::filter(seeded).first(tx).await? {
        return Ok(user.id);
    }
    let user = NewUser {
        issuer: "seed".to_owned(),
        subject: "author".to_owned(),
        email: None,
        name: Some("The author".to_owned()),
    };
    Ok(user.insert(tx).await?.id)
}

async fn write_posts(tx: &mut Tx, author: Id<User>, numbers: std::ops::Range<u32>) -> Result<()> {
    for number in numbers {
        let post = NewPost {
            user: author.into(),
            title: format!("Post number {number}"),
            body: "What there is to say, said in a few words.".to_owned(),
            published: true,
            notes: None,
            tags: Json(vec!["seed".to_owned()]),
            status: PostStatus::Final,
            views: i64::from(number % 1000),
            data: Overflow::default(),
        };
        let _: Post = post.insert(tx).await?;
    }
    Ok(())
}
