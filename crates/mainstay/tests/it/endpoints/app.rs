//! A small application of rooms and their sessions.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use mainstay::axum::body::Body;
use mainstay::axum::response::sse::{Event, Sse};
use mainstay::prelude::*;

/// Somebody.
#[derive(Model, Clone, Debug)]
#[model(identity)]
pub(super) struct Member {
    /// Its key.
    pub id: Id<Member>,
    /// Who vouches.
    #[model(private)]
    pub issuer: String,
    /// The person.
    #[model(private)]
    pub subject: String,
    /// What the person is called.
    pub name: Option<String>,
}

#[scope]
impl Scope for Member {
    fn can_read(_: &Caller) -> Access<Member> {
        all()
    }
}

/// Where sessions are held.
#[derive(Model, Clone, Debug)]
pub(super) struct Room {
    /// Its key.
    pub id: Id<Room>,
    /// Its name.
    #[model(write, unique)]
    pub label: String,
    /// How often it was opened.
    #[model(read(role = "editor"))]
    pub opened: i64,
    /// Nobody's business.
    #[model(private)]
    pub secret: String,
}

#[scope]
impl Scope for Room {
    fn can_read(_: &Caller) -> Access<Room> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Room> {
        all()
    }
}

/// What a new session is made of.
#[data]
pub(super) struct NewSession {
    /// What it is about.
    #[garde(length(min = 1, max = 20))]
    pub title: String,
    /// Who comes.
    #[serde(default)]
    pub guests: Vec<Guest>,
    /// How long it takes, in minutes.
    #[serde(default)]
    #[garde(range(max = 600))]
    pub length_minutes: u16,
}

/// Somebody who comes.
#[data]
pub(super) struct Guest {
    /// Where to write to.
    #[garde(email)]
    pub email: String,
}

/// A session.
#[data]
pub(super) struct Session {
    /// Where.
    pub room: Id<Room>,
    /// What about.
    #[garde(length(max = 12))]
    pub title: String,
    /// Whose.
    pub host: String,
}

/// What keeps a session from being held.
#[derive(ErrorSet, Debug)]
pub(super) enum SessionError {
    /// Somebody is in there.
    #[error(status = 409, "the room is taken by {by}")]
    RoomTaken {
        /// By whom.
        by: String,
    },
    /// Not now.
    #[error(status = 423, code = "closed", "closed for {seconds} s", retry_after = seconds)]
    Closed {
        /// How long.
        seconds: u32,
    },
    /// What the framework refuses.
    #[error(other)]
    Other(Error),
}

/// Holds a session in a room.
///
/// The room counts how often it was opened.
#[endpoint(post, "/rooms/{id}/sessions")]
pub(super) async fn hold(
    Path(id): Path<Id<Room>>,
    tx: &mut Tx,
    host: Member,
    Json(input): Json<NewSession>,
) -> Result<Json<Session>, SessionError> {
    let room = Room::find(tx, id).await?.ok_or_else(|| Error::http(404, "room_not_found", "no such room"))?;
    let opened = room.opened;
    let room = room.update(tx, |it| it.opened += 1).await?;
    match input.title.as_str() {
        "taken" => return Err(SessionError::RoomTaken { by: "ann".to_owned() }),
        "closed" => return Err(SessionError::Closed { seconds: 30 }),
        "twin" => {
            drop(NewRoom { label: room.label.clone(), opened, secret: String::new() }.insert(tx).await?)
        }
        _ => {}
    }
    Ok(Json(Session { room: room.id, title: input.title, host: host.name.unwrap_or_default() }))
}

/// What to look for.
#[data]
pub(super) struct Wanted {
    /// How many.
    #[garde(range(min = 1, max = 10))]
    pub count: u8,
    /// Among which.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Says what was wanted.
#[endpoint(get, "/wanted")]
pub(super) async fn wanted(Query(wanted): Query<Wanted>, who: Option<Member>) -> Json<Value> {
    Json(json!({ "count": wanted.count, "tags": wanted.tags, "by": who.and_then(|it| it.name) }))
}

/// The room as everybody sees it.
#[endpoint(get, "/rooms/{id}/plain")]
pub(super) async fn plain_room(reader: &Reader, Path(id): Path<Id<Room>>) -> Result<Json<Option<Room>>> {
    Ok(Json(Room::find(reader, id).await?))
}

/// Says who the client says it is.
#[endpoint(get, "/client")]
pub(super) async fn client(
    client: Client,
    id: RequestId,
    TraceId(trace): TraceId,
    headers: Headers,
) -> Json<Value> {
    let agent = headers.get("user-agent").and_then(|it| it.to_str().ok());
    Json(
        json!({ "sdk": client.sdk, "os": client.os_version, "id": id.as_str(), "trace": trace, "agent": agent }),
    )
}

/// Opens the door.
#[endpoint(post, "/keys", auth, replay = never)]
pub(super) async fn make_key(tx: &mut Tx) -> Result<Created<Value>> {
    let room = NewRoom { label: Id::<Room>::new().uuid().to_string(), opened: 0, secret: String::new() };
    let room = room.insert(tx).await?;
    Ok(Created { location: format!("/v1/rooms/{}", room.id), body: json!({ "key": "s3cret" }) })
}

pub(super) struct Editor;

impl Role for Editor {
    const NAME: &'static str = "editor";
}

#[endpoint(get, "/desk", auth(role = "editor", role = "chief"))]
pub(super) async fn desk(who: Caller) -> Json<String> {
    Json(who.label())
}

#[endpoint(get, "/own-desk")]
pub(super) async fn own_desk(editor: Auth<Editor>) -> Json<String> {
    Json(editor.subject.clone())
}

/// How often `count` ran, by the name that it was given.
static RAN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

#[endpoint(post, "/ran")]
pub(super) async fn count(Json(name): Json<String>) -> Json<u32> {
    let mut ran = RAN.lock().expect("no test panics here");
    let times = ran.entry(name).or_default();
    *times += 1;
    Json(*times)
}

/// Answers nothing, or with an error of its own making after it wrote.
#[endpoint(post, "/rooms/clear")]
pub(super) async fn clear(tx: &mut Tx, body: String) -> Result<Response> {
    let _ = NewRoom { label: body.clone(), opened: 0, secret: String::new() }.insert(tx).await?;
    Ok(match body.as_str() {
        "refuse" => ApiError::forbidden("not you").into_response(),
        "stream" => Body::from_stream(chunks()).into_response(),
        _ => ([("x-own", "yes")], "kept").into_response(),
    })
}

fn chunks() -> impl futures_util::Stream<Item = std::result::Result<&'static str, std::io::Error>> + Send {
    futures_util::stream::iter(["one ", "two"].map(Ok))
}

#[endpoint(get, "/ticks")]
pub(super) async fn ticks()
-> Sse<futures_util::stream::Iter<std::vec::IntoIter<std::result::Result<Event, Error>>>> {
    Sse::new(futures_util::stream::iter(vec![Ok(Event::default().data("1")), Ok(Event::default().data("2"))]))
}

#[endpoint(delete, "/nothing")]
pub(super) async fn nothing() -> Result<()> {
    Ok(())
}

/// Gives more than its schema says.
#[endpoint(post, "/wrong", validate_output)]
pub(super) async fn wrong(Json(title): Json<String>) -> Json<Session> {
    Json(Session { room: Id::new(), title, host: String::new() })
}

/// Runs again on the first conflict.
#[endpoint(post, "/again")]
pub(super) async fn again(
    tx: &mut Tx,
    Json(name): Json<String>,
    Extension(runs): Extension<Runs>,
) -> Result<Json<u32>> {
    let run = runs.0.fetch_add(1, Ordering::SeqCst);
    let _ = NewRoom { label: format!("{name} {run}"), opened: 0, secret: String::new() }.insert(tx).await?;
    if run == 0 { Err(Error::new(mainstay::ErrorKind::Conflict)) } else { Ok(Json(run)) }
}

/// How often one request's endpoint ran.
#[derive(Clone, Default)]
pub(super) struct Runs(std::sync::Arc<AtomicU32>);

/// Replaces the generated list.
#[endpoint(get, "/members", overrides)]
pub(super) async fn members() -> Json<Vec<String>> {
    Json(vec!["nobody".to_owned()])
}

#[middleware]
pub(super) async fn outer(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    trail(cx, "outer");
    let mut response = next.run(cx).await;
    let trail = cx.get::<Trail>().cloned().unwrap_or_default();
    response.headers_mut().insert("x-trail", trail.0.parse().expect("plain words"));
    Ok(response)
}

#[middleware]
pub(super) async fn below(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    trail(cx, "below");
    Ok(next.run(cx).await)
}

#[middleware]
pub(super) async fn own(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    if cx.headers().contains_key("x-refuse") {
        return Err(Error::http(418, "teapot", "short and stout"));
    }
    trail(cx, "own");
    cx.insert(Runs::default());
    Ok(next.run(cx).await)
}

#[derive(Clone, Default)]
pub(super) struct Trail(pub String);

fn trail(cx: &mut RequestCx, step: &str) {
    let so_far = cx.get::<Trail>().cloned().unwrap_or_default().0;
    let _ = cx.insert(Trail(format!("{so_far} {step}").trim().to_owned()));
}

#[endpoint(get, "/admin/trail", middleware = [own])]
pub(super) async fn shown_trail(Extension(Trail(trail)): Extension<Trail>) -> Json<String> {
    Json(trail)
}

#[request_hook(before_auth)]
pub(super) async fn lend_credential(cx: &mut RequestCx) -> Result<()> {
    if let Some(token) = cx.headers_mut().remove("x-old-token") {
        cx.headers_mut().insert("authorization", token);
    }
    Ok(())
}

#[request_hook(before_handler)]
pub(super) async fn shut_out(cx: &mut RequestCx) -> Result<()> {
    if cx.caller().await?.user().is_some_and(|it| it.subject == "eve") {
        return Err(Error::http(403, "shut_out", "not you"));
    }
    Ok(())
}

#[request_hook(after_handler)]
pub(super) async fn stamp(cx: &mut RequestCx, response: &mut Response) -> Result<()> {
    let route = cx.route().parse().map_err(|error| Error::internal("no header").caused_by(error));
    response.headers_mut().insert("x-route", route?);
    Ok(())
}

/// With middleware around one endpoint only, so that most tests meet none.
pub(super) fn app() -> App {
    App::new("rooms")
        .users::<Member>()
        .model::<Room>()
        .endpoint(hold)
        .endpoint(wanted)
        .endpoint(plain_room)
        .endpoint(client)
        .endpoint(make_key)
        .endpoint(desk)
        .endpoint(own_desk)
        .endpoint(count)
        .endpoint(clear)
        .endpoint(ticks)
        .endpoint(nothing)
        .endpoint(wrong)
        .endpoint(members)
}

/// With everything around it that there is.
pub(super) fn guarded() -> App {
    App::new("guarded")
        .users::<Member>()
        .model::<Room>()
        .mount(
            Mount::new()
                .endpoint(shown_trail)
                .endpoint_at(Method::Post, "/again", again_within)
                .endpoint(desk)
                .middleware_below("/admin", below),
        )
        .middleware(outer)
        .request_hook(lend_credential)
        .request_hook(shut_out)
        .request_hook(stamp)
}

#[endpoint(middleware = [own])]
pub(super) async fn again_within(
    tx: &mut Tx,
    input: Json<String>,
    runs: Extension<Runs>,
) -> Result<Json<u32>> {
    again(tx, input, runs).await
}
