//! The application that is measured: one live model that everybody may read and write, and a plain
//! route. It is a process of its own, started as `bench serve`, with Mainstay's own command line.

use mainstay::clap::{self, Args};
use mainstay::prelude::*;

/// Rows of a transaction of `seed`.
const BATCH: u32 = 2048;

/// Something to read.
#[derive(Model, Clone, Debug)]
#[model(live, index(published, views))]
pub(crate) struct Post {
    /// Its key.
    pub(crate) id: Id<Post>,
    /// Its title.
    #[garde(length(min = 1, max = 200))]
    #[model(write)]
    pub(crate) title: String,
    /// Its text.
    #[model(write, default)]
    pub(crate) body: String,
    /// Whether everybody may read it.
    #[model(write)]
    pub(crate) published: bool,
    /// What it is about.
    #[model(write)]
    pub(crate) tags: Json<Vec<String>>,
    /// How often it was read.
    #[model(write, default)]
    pub(crate) views: i64,
    /// Counts its changes.
    #[model(version)]
    pub(crate) version: i64,
    /// When it was written.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) updated_at: Timestamp,
}

#[scope]
impl Scope for Post {
    fn can_read(_: &Caller) -> Access<Post> {
        rows(Post::PUBLISHED.eq(true))
    }
    fn can_create(_: &Caller) -> Access<Post> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Post> {
        all()
    }
}

/// What the plain route answers.
#[derive(Serialize)]
#[serde(crate = "mainstay::serde")]
pub(crate) struct Hello {
    message: &'static str,
}

/// `GET /v1/hello`
pub(crate) async fn hello() -> mainstay::axum::Json<Hello> {
    mainstay::axum::Json(Hello { message: "Hello, world!" })
}

/// Runs the command line of the application.
pub(crate) fn run() -> std::process::ExitCode {
    let app = App::new("bench").model::<Post>().route(get("/hello", hello)).command(
        "seed",
        "Fill the database with posts (--posts N)",
        seed,
    );
    mainstay::runtime::run(app.run())
}

#[derive(Args)]
struct Seed {
    /// How many posts
    #[arg(long)]
    posts: u32,
}

async fn seed(cx: CommandCx) -> Result<()> {
    let Some(Seed { posts }) = cx.parse()? else { return Ok(()) };
    for first in (0..posts).step_by(BATCH as usize) {
        let numbers = first..posts.min(first + BATCH);
        cx.db.write_unbounded(async move |tx| write_posts(tx, numbers.clone()).await).await?;
    }
    Ok(())
}

async fn write_posts(tx: &mut Tx, numbers: std::ops::Range<u32>) -> Result<()> {
    let posts = numbers.map(|number| NewPost {
        title: format!("Post number {number}"),
        body: "What there is to say, said in a few words.".to_owned(),
        published: true,
        tags: Json(vec!["seed".to_owned()]),
        views: i64::from(number),
    });
    NewPost::insert_all(tx, posts.collect()).await.map(drop)
}
