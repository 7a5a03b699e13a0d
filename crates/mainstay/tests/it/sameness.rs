//! The same requests, the same answers, whatever the store.
//!
//! One conversation runs on each store and is compared with what `conversation.txt` has of it, ids by the
//! order in which they appeared. `MAINSTAY_BLESS=1` writes the files anew.

use std::collections::HashMap;
use std::fmt::Write as _;

use http::Method;
use mainstay_test::{Actor, Answer, TestApp};
use serde_json::{Value, json};

use crate::models::thing;
use crate::{app, walks};

#[mainstay::test(app = app)]
async fn both_stores_sort_alike_by_every_column(app: TestApp) {
    let ann = walks::scatter(&app).await;
    let mut told = String::new();
    for sort in walks::SORTS.iter().flat_map(|sort| [(*sort).to_owned(), walks::turned(sort)]) {
        let answer = ann.get(&format!("/v1/things?limit=100&sort={sort}")).await.expect_status(200);
        let order: Vec<_> =
            answer.column("born").iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
        let _ = writeln!(told, "{sort}: {}", order.join(" "));
    }
    compare(&told, include_str!("orders.txt"), "orders.txt");
}

#[mainstay::test(app = app)]
async fn both_stores_give_the_same_answers_to_the_same_requests(app: TestApp) {
    let mut talk = Talk::begin(&app).await;
    posts(&mut talk).await;
    notes(&mut talk).await;
    things(&mut talk).await;
    patches(&mut talk).await;
    references(&mut talk).await;
    repeats(&mut talk).await;
    talk.end();
}

async fn posts(talk: &mut Talk) {
    talk.ask("ann", "GET", "/v1/users", Value::Null).await;
    let post = talk.ask("ann", "POST", "/v1/posts", json!({ "title": "First", "tags": ["b", "a"] })).await;
    let path = format!("/v1/posts/{post}");
    talk.ask("", "GET", &path, Value::Null).await;
    talk.ask("ann", "PUT", &path, json!({ "published": true, "notes": "kept from ann" })).await;
    talk.ask("", "GET", &path, Value::Null).await;
    talk.ask("ed", "GET", &path, Value::Null).await;
    talk.ask("bob", "PUT", &path, json!({ "title": "stolen" })).await;
    talk.ask("", "DELETE", &path, Value::Null).await;
    talk.ask("ann", "PUT", &path, json!({ "title": "", "views": 7, "nonsense": 1 })).await;
    talk.ask("ann", "POST", "/v1/posts", json!({ "title": "t", "tags": "x" })).await;
    talk.ask("ann", "POST", "/v1/posts", json!({})).await;
    talk.ask("", "POST", "/v1/posts", json!({ "title": "t" })).await;
    talk.ask("bob", "POST", "/v1/posts", json!({ "title": "Second", "published": true })).await;
    talk.ask("", "GET", "/v1/posts?sort=-title&select=title,user", Value::Null).await;
    talk.ask("", "GET", "/v1/posts?sort=title&limit=1", Value::Null).await;
    talk.ask("", "GET", "/v1/posts?where[titel]=x", Value::Null).await;
    talk.ask("", "GET", "/v1/posts?where[title][lik]=x", Value::Null).await;
    talk.ask("", "GET", "/v1/posts?where[views][gt]=x", Value::Null).await;
    talk.ask("ann", "DELETE", &path, Value::Null).await;
    talk.ask("ann", "DELETE", &path, Value::Null).await;
    talk.ask("ann", "GET", "/v1/posts/7", Value::Null).await;
}

async fn notes(talk: &mut Talk) {
    let body = json!({ "z": [1.0, 1e16, 1e22, 0.1, -0.0], "a": { "é": "\u{1f600}\u{7}" }, "": null });
    let note = talk.ask("ann", "POST", "/v1/notes", json!({ "body": body })).await;
    let path = format!("/v1/notes/{note}");
    talk.ask("ann", "GET", &path, Value::Null).await;
    talk.ask("bob", "GET", &path, Value::Null).await;
    talk.ask("", "GET", "/v1/notes", Value::Null).await;
    talk.ask("ann", "PUT", &path, json!({ "body": null })).await;
    talk.ask("ann", "PUT", &path, json!({ "body": "a\0" })).await;
    talk.ask("ann", "GET", "/v1/notes?where[body]=1", Value::Null).await;
    talk.ask("ann", "GET", "/v1/notes?sort=body", Value::Null).await;
}

async fn things(talk: &mut Talk) {
    let whole = json!({
        "text": "b", "big": i64::MAX, "small": -1, "ratio": 1e300, "flag": true, "at": "2026-01-31T12:00:00.5+02:00",
        "key": "0190B6A0-0000-7000-8000-000000000001", "blob": "AP+A", "maybeText": "é", "maybeDoc": [], "code": "c",
        "area": "a", "number": 1, "secret": "hush", "born": "here",
    });
    let one = talk.ask("ann", "POST", "/v1/things", whole.clone()).await;
    talk.ask("ann", "POST", "/v1/things", thing(json!({ "text": "B" }))).await;
    talk.ask(
        "ann",
        "POST",
        "/v1/things",
        thing(json!({ "maybeText": "e", "ratio": 5e-324, "big": i64::MIN })),
    )
    .await;
    talk.ask("bob", "POST", "/v1/things", whole).await;
    talk.ask("bob", "POST", "/v1/things", thing(json!({ "area": "a", "number": 1 }))).await;
    talk.ask(
        "bob",
        "POST",
        "/v1/things",
        thing(json!({ "small": 2_147_483_648_i64, "ratio": "x", "at": 1 })),
    )
    .await;
    talk.ask("", "GET", "/v1/things?sort=maybeText&select=maybeText", Value::Null).await;
    talk.ask("", "GET", "/v1/things?sort=-maybeText&select=maybeText", Value::Null).await;
    talk.ask("", "GET", "/v1/things?sort=text,-big&select=text,big,ratio,blob,key,at", Value::Null).await;
    talk.ask("", "GET", "/v1/things?where[maybeText][nin]=e&select=maybeText", Value::Null).await;
    talk.ask("", "GET", "/v1/things?where[code][null]=true&count=only", Value::Null).await;
    talk.ask("", "GET", "/v1/things?where[doc][null]=true&count=only", Value::Null).await;
    talk.ask("", "GET", "/v1/things?where[secret]=hush", Value::Null).await;
    talk.ask("", "GET", "/v1/things?sort=grade", Value::Null).await;
    let path = format!("/v1/things/{one}");
    talk.ask("ann", "PUT", &path, json!({ "maybeDoc": null, "remark": "r", "small": 7 })).await;
    talk.ask("ann", "PUT", &path, json!({ "born": "there" })).await;
    talk.matching("\"1\"").ask("ann", "PUT", &path, json!({ "text": "late" })).await;
    talk.matching("\"2\"").ask("ann", "DELETE", &path, Value::Null).await;
}

async fn patches(talk: &mut Talk) {
    let body = json!({ "a": [1.0, 1e16, 0.1], "é": null });
    let note = talk.ask("ann", "POST", "/v1/notes", json!({ "body": body })).await;
    let path = format!("/v1/notes/{note}");
    let operations = json!([
        { "op": "test", "path": "/body/a/1", "value": 10_000_000_000_000_000_i64 },
        { "op": "add", "path": "/body/a/0", "value": 1e22 },
        { "op": "move", "from": "/body/é", "path": "/body/a~1b" },
        { "op": "copy", "from": "/body/a", "path": "/body/c" },
    ]);
    talk.ask("ann", "PATCH", &path, operations).await;
    talk.ask("ann", "PATCH", &path, json!([{ "op": "test", "path": "/body/c/0", "value": 1 }])).await;
    talk.ask("ann", "PATCH", &path, json!([{ "op": "remove", "path": "/body/c/9" }])).await;
    talk.ask("ann", "PATCH", &path, json!([{ "op": "add", "path": "/user", "value": null }])).await;
    talk.ask("ann", "PATCH", &path, json!({ "body": 1 })).await;
    talk.ask("bob", "PATCH", &path, json!([])).await;
    talk.ask("", "PATCH", &path, json!([])).await;
    talk.matching("\"1\"").ask("ann", "PATCH", &path, json!([])).await;
    for _ in 0..2 {
        talk.keyed("p")
            .ask("ann", "PATCH", &path, json!([{ "op": "replace", "path": "/body", "value": "v" }]))
            .await;
    }
    talk.sending("application/merge-patch+json")
        .ask("ann", "PATCH", &path, json!({ "body": { "n": null } }))
        .await;
    talk.sending("text/plain").ask("ann", "PATCH", &path, json!({ "body": 1 })).await;
}

async fn references(talk: &mut Talk) {
    const NOBODY: &str = "0190b6a0-0000-7000-8000-000000000000";
    let shelf = talk.ask("", "POST", "/v1/shelves", json!({ "label": "s" })).await;
    talk.ask("", "POST", "/v1/books", json!({ "shelf": NOBODY, "wantedBy": NOBODY })).await;
    let book = talk.ask("", "POST", "/v1/books", json!({ "shelf": shelf, "lentFrom": shelf })).await;
    talk.ask("", "PUT", &format!("/v1/books/{book}"), json!({ "lentFrom": NOBODY })).await;
    talk.ask("", "DELETE", &format!("/v1/shelves/{shelf}"), Value::Null).await;
    talk.ask("", "PUT", &format!("/v1/books/{book}"), json!({ "lentFrom": null })).await;
    talk.ask("", "DELETE", &format!("/v1/shelves/{shelf}"), Value::Null).await;
    talk.ask("", "GET", "/v1/books", Value::Null).await;
    let tag = json!({ "id": "0190b6a0-0000-7000-8000-00000000000f", "label": "t" });
    talk.ask("", "POST", "/v1/tags", tag.clone()).await;
    talk.ask("", "POST", "/v1/tags", tag).await;
}

async fn repeats(talk: &mut Talk) {
    for title in ["once", "once", "twice"] {
        talk.keyed("k").ask("ann", "POST", "/v1/posts", json!({ "title": title })).await;
    }
    for _ in 0..2 {
        let gone = "/v1/posts/0190b6a0-0000-7000-8000-000000000000";
        talk.keyed("k").ask("ann", "DELETE", gone, Value::Null).await;
    }
}

/// A conversation, written down as it goes.
struct Talk {
    actors: HashMap<&'static str, Actor>,
    headers: Vec<(&'static str, &'static str)>,
    names: HashMap<String, String>,
    text: String,
}

impl Talk {
    async fn begin(app: &TestApp) -> Self {
        let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
        let actors = [
            ("ann", app.user("ann").await),
            ("bob", app.user("bob").await),
            ("ed", ed),
            ("", app.anonymous()),
        ];
        Self { actors: actors.into(), headers: Vec::new(), names: HashMap::new(), text: String::new() }
    }

    fn keyed(&mut self, key: &'static str) -> &mut Self {
        self.headers.push(("idempotency-key", key));
        self
    }

    fn matching(&mut self, tags: &'static str) -> &mut Self {
        self.headers.push(("if-match", tags));
        self
    }

    fn sending(&mut self, media: &'static str) -> &mut Self {
        self.headers.push(("content-type", media));
        self
    }

    /// Asks, writes both sides down, and gives the id of the row in the answer.
    async fn ask(&mut self, who: &str, method: &str, path: &str, body: Value) -> String {
        let headers = std::mem::take(&mut self.headers);
        let actor =
            headers.iter().fold(self.actors[who].clone(), |actor, (name, value)| actor.header(name, value));
        let sent = if body.is_null() { String::new() } else { body.to_string() };
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let asked = format!("{} {method} {path} {sent}", if who.is_empty() { "anybody" } else { who });
        let _ = writeln!(self.text, "{}", asked.trim_end());
        let answer = actor.send(method, path, sent).await;
        self.note(&answer);
        answer.id().to_owned()
    }

    fn note(&mut self, answer: &Answer) {
        let mut body = answer.body.clone();
        if body.get("request_id").is_some() {
            body["request_id"] = json!("…");
        }
        if let Some(next) = body["result"].get_mut("next").filter(|next| next.is_string()) {
            *next = json!("…");
        }
        let _ = writeln!(self.text, "  {} {body}", answer.status.as_u16());
        for name in ["location", "etag", "idempotent-replayed", "www-authenticate"] {
            if !answer.header(name).is_empty() {
                let _ = writeln!(self.text, "  {name}: {}", answer.header(name));
            }
        }
    }

    /// Ids by the order in which they appeared.
    fn tidied(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        let mut tidy = String::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let id = rest.get(..36).filter(|id| uuid::Uuid::try_parse(id).is_ok());
            tidy.push_str(&id.map_or_else(|| first.to_string(), |id| self.name(id)));
            rest = &rest[id.map_or(first.len_utf8(), str::len)..];
        }
        tidy
    }

    fn name(&mut self, id: &str) -> String {
        if id.to_ascii_lowercase().starts_with("0190b6a0") {
            return id.to_owned();
        }
        let next = format!("<id {}>", self.names.len() + 1);
        self.names.entry(id.to_owned()).or_insert(next).clone()
    }

    fn end(mut self) {
        compare(&self.tidied(), include_str!("conversation.txt"), "conversation.txt");
    }
}

fn compare(told: &str, expected: &str, file: &str) {
    if std::env::var_os("MAINSTAY_BLESS").is_some() {
        let path = format!("{}/tests/it/{file}", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, told).expect("the file is written");
    }
    for (number, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
        assert_eq!(told, expected, "line {} of {file}", number + 1);
    }
    assert_eq!(told.lines().count(), expected.lines().count(), "lines of {file}");
}
