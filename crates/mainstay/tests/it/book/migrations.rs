use mainstay::model::migration::Migration;
use mainstay::prelude::*;

#[derive(Model, Clone, Debug)]
struct Post {
    id: Id<Post>,
    title: String,
    slug: String,
}

#[scope]
impl Scope for Post {}

fn slug(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

async fn fill_slugs(tx: &mut Tx) -> Result<()> {
    for (id, title) in
        tx.sql("select id, title from posts where slug = ''").all::<(Id<Post>, String)>().await?
    {
        tx.sql("update posts set slug = ? where id = ?").bind(slug(&title)).bind(id).execute().await?;
    }
    Ok(())
}

fn app() -> App {
    App::new("blog")
        .model::<Post>()
        .migration(Migration::new("20261121100000_fill_slugs", fill_slugs).only_where("posts.slug"))
}

#[mainstay::test(app = app)]
async fn the_page_on_migrations_does_what_it_says(app: mainstay_test::TestApp) {
    let slug = app
        .db()
        .write(async |tx| {
            let post = NewPost { title: "Hello You".to_owned(), slug: String::new() }.insert(tx).await?;
            fill_slugs(tx).await?;
            Ok(Post::find(tx, post.id).await?.map(|it| it.slug))
        })
        .await
        .unwrap();
    assert_eq!(slug.as_deref(), Some("hello-you"));
}
