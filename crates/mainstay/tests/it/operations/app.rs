use std::sync::atomic::{AtomicUsize, Ordering};

use mainstay::prelude::*;
use tokio::sync::Semaphore;

/// What was noted.
#[derive(Model, Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: Id<Entry>,
    pub(super) text: String,
}

#[scope]
impl Scope for Entry {}

pub(super) async fn entries(db: &Db) -> Vec<String> {
    let all = Entry::filter(Entry::TEXT.ne("")).order(Entry::ID.asc()).all(&db.reader()).await;
    all.expect("entries").into_iter().map(|it| it.text).collect()
}

pub(super) async fn note(tx: &mut Tx, text: impl Into<String>) -> Result<()> {
    NewEntry { text: text.into() }.insert(tx).await.map(drop)
}

/// For whom a call is.
#[derive(Clone, Serialize)]
pub(super) struct Org(pub(super) String);

/// Which middleware ran, the outermost first.
#[derive(Clone, Default)]
pub(super) struct Trail(pub(super) Vec<&'static str>);

fn leave(cx: &mut Cx<'_>, name: &'static str) {
    let mut trail = cx.get::<Trail>().cloned().unwrap_or_default();
    trail.0.push(name);
    cx.insert(trail);
}

/// How often the one of the application ran.
pub(super) static RUNS: AtomicUsize = AtomicUsize::new(0);

#[middleware]
async fn of_application(cx: &mut Cx<'_>) -> Result<Reply> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    assert!(cx.get::<Trail>().is_none(), "nothing of another run is there");
    leave(cx, "application");
    if cx.asked().header_value("x-refuse").is_some() {
        return Err(Error::http(418, "teapot", "as told"));
    }
    if cx.asked().metadata().contains_key("refuse") {
        return Err(Error::http(503, "away", "as told"));
    }
    cx.next().await
}

#[middleware]
async fn of_part(cx: &mut Cx<'_>) -> Result<Reply> {
    leave(cx, "part");
    cx.next().await
}

#[middleware]
async fn of_queue(cx: &mut Cx<'_>) -> Result<Reply> {
    leave(cx, "queue");
    cx.next().await
}

#[middleware]
async fn with_org(cx: &mut Cx<'_>) -> Result<Reply> {
    leave(cx, "own");
    let asked = cx.asked();
    let of_task = asked.metadata().get("org").and_then(Value::as_str);
    let name = asked.header_value("x-org").or(of_task).unwrap_or("nobody").to_owned();
    cx.insert(Org(name));
    cx.next().await
}

/// Notes what became of an operation, in its transaction, and gives its errors another code.
#[middleware]
async fn audited(cx: &mut Cx<'_>) -> Result<Reply> {
    note(cx.tx()?, "before").await?;
    let reply = cx.next().await.map_err(|error| Error::http(409, "audited", error.to_string()))?;
    note(cx.tx()?, format!("gave {}", reply.as_json())).await?;
    Ok(reply)
}

#[middleware]
async fn twice(cx: &mut Cx<'_>) -> Result<Reply> {
    drop(cx.next().await);
    cx.next().await
}

/// Lets those run who have the role that the operation names.
#[middleware]
async fn permitted(cx: &mut Cx<'_>) -> Result<Reply> {
    let role = cx.operation().said("role").unwrap_or_default();
    if cx.asked().caller().has_role(role) {
        return cx.next().await;
    }
    Err(Error::new(mainstay::ErrorKind::Forbidden(format!("`{}` needs `{role}`", cx.operation().path))))
}

#[mutation(path = "trail.leave", queue = "walks", middleware = [with_org])]
pub(super) async fn leave_trail(
    tx: &mut Tx,
    Extension(Trail(trail)): Extension<Trail>,
    Extension(Org(org)): Extension<Org>,
) -> Result<String> {
    let told = format!("{} for {org}", trail.join(" "));
    note(tx, told.clone()).await?;
    Ok(told)
}

/// How it can go wrong.
#[derive(ErrorSet, Debug)]
pub(super) enum NoteError {
    /// As asked for.
    #[error(status = 422, code = "not_liked", "this is not liked")]
    NotLiked,
    /// The framework's.
    #[error(other)]
    Other(Error),
}

#[mutation(path = "notes.add", middleware = [audited])]
pub(super) async fn add_note(tx: &mut Tx, input: String) -> Result<String, NoteError> {
    note(tx, input.clone()).await?;
    if input == "bad" { Err(NoteError::NotLiked) } else { Ok(input) }
}

#[mutation(path = "notes.twice", middleware = [twice])]
async fn note_twice(tx: &mut Tx) -> Result<()> {
    note(tx, "twice").await
}

#[mutation(path = "notes.guarded", middleware = [permitted], metadata(role = "keeper"))]
async fn guarded(tx: &mut Tx) -> Result<()> {
    note(tx, "guarded").await
}

/// What says of itself that it is short.
#[data]
pub(super) struct Short {
    #[garde(length(max = 3))]
    pub(super) text: String,
}

#[mutation(path = "notes.unfit", middleware = [with_org])]
async fn unfit(tx: &mut Tx) -> Result<Short> {
    note(tx, "unfit").await?;
    Ok(Short { text: "longer".to_owned() })
}

#[query(path = "notes.writes", middleware = [audited])]
async fn writes(reader: &Reader) -> Result<i64> {
    Entry::filter(Entry::TEXT.ne("")).count(reader).await
}

#[query(path = "notes.unasked", middleware = [of_part])]
async fn unasked(_reader: &Reader, Extension(Org(name)): Extension<Org>) -> Result<String> {
    Ok(name)
}

/// How often a query ran that is given again.
pub(super) static READS: AtomicUsize = AtomicUsize::new(0);

/// What `notes.slow` waits for.
pub(super) static GATE: Semaphore = Semaphore::const_new(0);

async fn counted(reader: &Reader) -> Result<i64> {
    READS.fetch_add(1, Ordering::SeqCst);
    Entry::filter(Entry::TEXT.ne("")).count(reader).await
}

#[query(path = "notes.count.$kind", cache = "10s", auth)]
pub(super) async fn count_notes(reader: &Reader, kind: String, input: Option<i64>) -> Result<String> {
    if kind == "none" {
        READS.fetch_add(1, Ordering::SeqCst);
        return Err(Error::http(404, "no_such_kind", "there is none"));
    }
    Ok(format!("{kind} {input:?} {}", counted(reader).await?))
}

#[query(path = "notes.count_for_all", cache(time = "10s", shared))]
async fn count_for_all(reader: &Reader) -> Result<i64> {
    counted(reader).await
}

#[query(path = "notes.count_of_org", cache(time = "10s", shared), middleware = [with_org])]
async fn count_of_org(reader: &Reader, Extension(Org(name)): Extension<Org>) -> Result<String> {
    Ok(format!("{name} {}", counted(reader).await?))
}

#[query(path = "notes.slow", cache(time = "10s", shared))]
async fn slow(reader: &Reader) -> Result<i64> {
    let count = counted(reader).await?;
    GATE.acquire().await.expect("it is never closed").forget();
    Ok(count)
}

#[mutation(path = "notes.rare", rate_limit = "2/60s")]
pub(super) async fn rare(tx: &mut Tx, input: String) -> Result<()> {
    note(tx, input).await
}

#[endpoint(post, "/rare", rate_limit = "1/10s")]
async fn rare_endpoint(tx: &mut Tx, Json(input): Json<String>) -> Result<Json<String>> {
    note(tx, input.clone()).await?;
    Ok(Json(input))
}

#[endpoint(get, "/org", middleware = [org_of_request], auth(role = "keeper"))]
async fn org_told(Extension(Org(name)): Extension<Org>, other: Option<Extension<Trail>>) -> Json<String> {
    assert!(other.is_none());
    Json(name)
}

#[middleware]
async fn org_of_request(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    cx.insert(Org("of the request".to_owned()));
    Ok(next.run(cx).await)
}

pub(super) fn app() -> App {
    App::new("around")
        .model::<Entry>()
        .middleware(of_application)
        .mount(Mount::new().middleware(of_part).operation(leave_trail))
        .queue("walks", |queue| queue.middleware(of_queue).concurrency(2).retry(Retry::fixed(1).exact()))
        .operation(add_note)
        .operation(note_twice)
        .operation(guarded)
        .operation(unfit)
        .operation(writes)
        .operation(unasked)
        .operation(rare)
        .endpoint(rare_endpoint)
        .endpoint(org_told)
}

/// Without a middleware around all of them.
pub(super) fn cached() -> App {
    App::new("cached")
        .model::<Entry>()
        .operation(add_note)
        .operation(count_notes)
        .operation(count_for_all)
        .operation(count_of_org)
        .operation(slow)
}
