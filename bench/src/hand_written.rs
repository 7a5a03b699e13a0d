//! The same service written by hand, without Mainstay: axum and tokio-postgres, nothing else, and
//! what their users know to be fast. Reads go over four shared, pipelined connections, writes over a
//! pool of sixteen; every statement is prepared; the answers have the same content.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use deadpool::unmanaged::Pool;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

use crate::app::hello;

const SHARED: usize = 4;
const POOLED: usize = 16;
const COLUMNS: &str = "id, title, body, published, tags, views, version, created_at, updated_at";

/// Serves `GET /v1/hello` and, with a database, the posts.
#[tokio::main]
pub(crate) async fn serve(url: Option<&str>) -> Result<()> {
    let mut router = Router::new().route("/v1/hello", get(hello));
    if let Some(url) = url {
        let posts = Router::new()
            .route("/v1/posts", get(list).post(create))
            .route("/v1/posts/{id}", get(one))
            .with_state(Arc::new(Store::open(url).await?));
        router = router.merge(posts);
    }
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

struct Store {
    readers: Vec<Reader>,
    next: AtomicUsize,
    writers: Pool<Writer>,
}

struct Reader {
    client: Client,
    one: Statement,
    list: Statement,
}

struct Writer {
    client: Client,
    insert: Statement,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    id: Uuid,
    r#type: &'static str,
    created_at: String,
    updated_at: String,
    title: String,
    body: String,
    published: bool,
    tags: Value,
    views: i64,
    version: i64,
}

#[derive(Deserialize)]
struct NewPost {
    title: String,
    #[serde(default)]
    body: String,
    published: bool,
    tags: Vec<String>,
    #[serde(default)]
    views: i64,
}

#[derive(Serialize)]
struct Envelope<T> {
    result: T,
    success: bool,
}

#[derive(Serialize)]
struct Page {
    posts: Vec<Post>,
}

type Answer<T> = Result<Json<Envelope<T>>, StatusCode>;

impl Store {
    async fn open(url: &str) -> Result<Self> {
        let mut readers = Vec::new();
        for _ in 0..SHARED {
            let client = connect(url).await?;
            let one = format!("SELECT {COLUMNS} FROM posts WHERE id = $1 AND published");
            let list = format!("SELECT {COLUMNS} FROM posts WHERE published ORDER BY id LIMIT 26");
            let (one, list) = (client.prepare(&one).await?, client.prepare(&list).await?);
            readers.push(Reader { client, one, list });
        }
        let mut writers = Vec::new();
        for _ in 0..POOLED {
            let client = connect(url).await?;
            let insert =
                format!("INSERT INTO plain_posts ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
            writers.push(Writer { insert: client.prepare(&insert).await?, client });
        }
        Ok(Self { readers, next: AtomicUsize::new(0), writers: Pool::from(writers) })
    }

    fn reader(&self) -> &Reader {
        &self.readers[self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len()]
    }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("no connection")?;
    tokio::spawn(connection);
    Ok(client)
}

async fn one(State(store): State<Arc<Store>>, Path(id): Path<Uuid>) -> Answer<Post> {
    let reader = store.reader();
    let row = reader.client.query_opt(&reader.one, &[&id]).await.map_err(failed)?;
    answer(post(&row.ok_or(StatusCode::NOT_FOUND)?))
}

async fn list(State(store): State<Arc<Store>>) -> Answer<Page> {
    let reader = store.reader();
    let rows = reader.client.query(&reader.list, &[]).await.map_err(failed)?;
    answer(Page { posts: rows.iter().take(25).map(post).collect() })
}

async fn create(
    State(store): State<Arc<Store>>,
    Json(new): Json<NewPost>,
) -> Result<(StatusCode, Json<Envelope<Post>>), StatusCode> {
    let writer = store.writers.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let (id, now, version, tags) = (Uuid::now_v7(), Timestamp::now(), 1_i64, Value::from(new.tags));
    let values: [&(dyn ToSql + Sync); 9] =
        [&id, &new.title, &new.body, &new.published, &tags, &new.views, &version, &now, &now];
    writer.client.execute(&writer.insert, &values).await.map_err(failed)?;
    let post = Post {
        id,
        r#type: "post",
        created_at: written(now),
        updated_at: written(now),
        title: new.title,
        body: new.body,
        published: new.published,
        tags,
        views: new.views,
        version,
    };
    Ok((StatusCode::CREATED, answer(post)?))
}

fn answer<T>(result: T) -> Answer<T> {
    Ok(Json(Envelope { result, success: true }))
}

fn post(row: &Row) -> Post {
    Post {
        id: row.get(0),
        r#type: "post",
        created_at: written(row.get(7)),
        updated_at: written(row.get(8)),
        title: row.get(1),
        body: row.get(2),
        published: row.get(3),
        tags: row.get(4),
        views: row.get(5),
        version: row.get(6),
    }
}

fn written(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn failed(error: tokio_postgres::Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}
