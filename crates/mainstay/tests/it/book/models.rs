use mainstay::model::{Filter, additive};
use mainstay::prelude::*;
use mainstay_test::Db;

use crate::models::{NewUser, User};

/// As the page begins.
mod first {
    #![allow(dead_code, reason = "it shows how a model is declared")]

    use crate::models::User;
    use mainstay::prelude::*;

    /// Something to read.
    #[derive(Model, Clone, Debug)]
    #[model(live)]
    pub struct Post {
        /// Its key.
        pub id: Id<Post>,
        /// Who wrote it: set by the scope, not by clients.
        #[model(references, on_delete = cascade)]
        pub user: Ref<User>,
        /// Its title.
        #[garde(length(min = 1, max = 200))]
        #[model(write)]
        pub title: String,
        /// Whether everybody may read it.
        #[model(write, index)]
        pub published: bool,
        /// What editors say about it.
        #[model(write(update), read(role = "editor"))]
        pub notes: Option<String>,
        /// Counts its changes.
        #[model(version)]
        pub version: i64,
        /// When it was written.
        pub created_at: Timestamp,
    }

    #[scope]
    impl Scope for Post {
        fn can_read(who: &Caller) -> Access<Post> {
            rows(Post::PUBLISHED.eq(true).or(Post::USER.eq(who.user_id())))
        }
        fn can_create(who: &Caller) -> Access<Post> {
            who.user().map(|user| set(Post::USER, user.id)).or_deny()
        }
        fn can_update(who: &Caller) -> Access<Post> {
            who.user().map(|user| rows(Post::USER.eq(user.id))).or_deny()
        }
    }

    pub(super) async fn written(db: &Db, user: Id<User>, title: String) -> Result<i64> {
        db.write(async move |tx| {
            let post = NewPost { user: user.into(), title: title.clone(), published: true, notes: None }
                .insert(tx)
                .await?;
            let post = post.update(tx, |it| it.published = false).await?; // writes the changed columns only
            Post::delete(tx, post.id).await
        })
        .await?;
        let reader = &db.reader();
        let id = Id::<Post>::new();
        let post = Post::find(reader, id).await?; // Option<Post>
        let posts = Post::filter(Post::PUBLISHED.eq(true))
            .order(Post::CREATED_AT.desc())
            .limit(25)
            .all(reader)
            .await?;
        let count = Post::filter(Post::USER.eq(user)).count(reader).await?;
        assert!(post.is_none() && posts.is_empty());
        Ok(count)
    }
}

#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq)]
pub enum PostStatus {
    #[default]
    Draft,
    InReview, // "in_review"
    #[model(rename = "live")]
    Published,
}

/// With all that the rest of the page speaks of.
#[derive(Model, Clone, Debug)]
#[model(unique(user, slug), index(user, created_at desc))]
#[model(unique(slug, where(published = true and deleted_at is null)))]
#[model(unique(slug))]
#[model(table = "articles")]
pub struct Post {
    pub id: Id<Post>,
    pub user: Ref<User>,
    #[model(search)]
    pub title: String,
    pub slug: String,
    pub published: bool,
    pub views: i64,
    pub status: PostStatus,
    pub tags: Json<Vec<String>>,
    #[model(overflow, write)]
    pub data: Overflow,
    pub deleted_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[scope]
impl Scope for Post {}

fn post(user: Id<User>, slug: &str) -> NewPost {
    NewPost {
        user: user.into(),
        title: format!("rust, said {slug}"),
        slug: slug.to_owned(),
        published: true,
        views: 7,
        status: PostStatus::InReview,
        tags: Json(vec!["news".to_owned()]),
        data: Overflow::default(),
        deleted_at: None,
    }
}

async fn ready(db: &Db) -> Id<User> {
    additive::apply(db, &[User::SCHEMA, first::Post::SCHEMA, Post::SCHEMA]).await.expect("tables");
    let user = async |tx: &mut Tx| {
        let user = NewUser { issuer: "x".into(), subject: "ann".into(), email: None, name: None };
        Ok(user.insert(tx).await?.id)
    };
    db.write(user).await.expect("a user")
}

async fn asked(reader: &Reader) -> Result<[usize; 3]> {
    let news = Post::TITLE.ilike("%rust%").and(Post::TAGS.has("news"));
    let wide = Post::SLUG.starts_with("2026-").or(Post::DATA.path(["size", "width"]).eq(640));
    let found =
        Post::filter(Post::search("rust -java")?.and(Post::PUBLISHED.eq(true))).limit(25).all(reader).await?;
    let news = Post::filter(news).all(reader).await?;
    Ok([found.len(), news.len(), Post::filter(wide).all(reader).await?.len()])
}

async fn changed(tx: &mut Tx, user: Id<User>) -> Result<u64> {
    let many = vec![post(user, "2026-one"), post(user, "two"), post(user, "three")];
    let posts = NewPost::insert_all(tx, many).await?; // Vec<Post>, in their order
    let shown = Post::filter(Post::USER.eq(user))
        .update_all(tx, [Post::PUBLISHED.set(true), Post::VIEWS.plus(1)])
        .await?;
    assert_eq!((posts.len(), shown), (3, 3));

    let post = posts.into_iter().next().expect("a post");
    let post = tx.upsert(post).await?; // by its id
    let new = self::post(user, &post.slug);
    let post = new.upsert(tx, Post::SLUG).await?; // by a unique index, or a tuple of its columns
    assert_eq!(post.slug, "2026-one");
    assert_eq!(asked(tx).await?, [3, 3, 1]);
    assert_eq!(counted(tx, user).await?, (true, 23));
    raw(tx, user).await?;
    let gone = Post::filter(Post::USER.eq(user)).delete_all(tx).await?; // how many there were
    Ok(gone)
}

async fn counted(reader: &Reader, user: Id<User>) -> Result<(bool, i64)> {
    let any = Post::filter(Post::USER.eq(user)).exists(reader).await?; // looks no further than the first row
    let views = Post::filter(Post::USER.eq(user)).sum(reader, Post::VIEWS).await?; // i64
    let first = Post::filter(Filter::always()).min(reader, Post::CREATED_AT).await?; // Option<Timestamp>
    let (posts, most) =
        Post::filter(Filter::always()).aggregate(reader, (Post::ID.count(), Post::VIEWS.max())).await?;

    let busiest: Vec<(Ref<User>, (i64, i64))> = Post::filter(Post::PUBLISHED.eq(true))
        .group_by(Post::USER) // or a tuple of up to four columns
        .order(Post::ID.count().desc())
        .limit(10)
        .all(reader, (Post::ID.count(), Post::VIEWS.sum()))
        .await?;
    assert!(first.is_some());
    assert_eq!((posts, most), (3, Some(8)));
    assert_eq!(busiest[0].1, (3, views));
    Ok((any, views))
}

#[derive(FromRow)]
struct Stats {
    posts: i64,
    #[row(column = "most_read")]
    most: Option<i64>,
}

async fn raw(tx: &mut Tx, user: Id<User>) -> Result<()> {
    let reader: &Reader = tx;
    let stats: Option<Stats> = reader
        .sql("select count(*) as posts, max(views) as most_read from articles where user_id = ? and views > :views")
        .bind(user)
        .bind_as("views", 3)
        .one()
        .await?;
    assert_eq!(stats.map(|it| (it.posts, it.most)), Some((3, Some(8))));
    let touched = tx.sql("update articles set views = 0 where user_id = ?").bind(user).execute().await?;
    assert_eq!(touched, 3);
    Ok(())
}

#[mainstay::test]
async fn the_page_on_models_does_what_it_says(db: Db) {
    let user = ready(&db).await;
    assert_eq!(first::written(&db, user, "Hello".to_owned()).await.expect("it is written"), 0);
    assert_eq!(db.write(async |tx| changed(tx, user).await).await.expect("it is changed"), 3);
}
