//! Reading what was committed to live models: each hazard by name, on both stores.

mod bursts;
mod hazards;
mod keeping;
mod overlaps;
mod tokens;

use std::collections::BTreeMap;

use mainstay_kernel::changes::{Captured, Most, Since, Token};
use mainstay_kernel::{Capture, Db, Dialect, Kind, StoreUrl, Tx};
use serde_json::Value as Json;
use tokio_postgres::NoTls;

use crate::stores::Given;

/// A change without its images' other columns: the model, and its title before and after.
type Seen = (String, Option<String>, Option<String>);

/// Boards, and notes that hang on them.
async fn live(db: &Db) {
    let mut statements = vec![
        "CREATE TABLE boards (id bigint PRIMARY KEY NOT NULL, title text)".to_owned(),
        "CREATE TABLE notes (id bigint PRIMARY KEY NOT NULL, title text UNIQUE, secret text, \
           board bigint REFERENCES boards (id) ON DELETE CASCADE, pinned bigint REFERENCES boards (id) ON DELETE SET NULL)"
            .to_owned(),
    ];
    for (table, model, columns) in
        [("boards", "board", &["id", "title"][..]), ("notes", "note", &["id", "title", "board", "pinned"])]
    {
        let kind = |name: &str| if name == "title" { Kind::Text } else { Kind::Int };
        let columns = columns.iter().map(|it| ((*it).to_owned(), kind(it))).collect();
        let capture = Capture { table: table.to_owned(), model: model.to_owned(), columns };
        statements.extend(capture.ddl(db.dialect()));
    }
    db.migrate(&statements).await.expect("the tables");
}

/// Runs statements in one transaction.
async fn write(db: &Db, statements: &[&str]) {
    db.write(async |tx: &mut Tx| {
        for statement in statements {
            tx.sql(statement).execute().await?;
        }
        Ok(())
    })
    .await
    .expect("a write");
}

async fn now(db: &Db) -> Token {
    Token::of(&db.reader()).await.expect("a token")
}

/// So many changes, of any size.
fn few(changes: u32) -> Most {
    Most { changes, ..Most::default() }
}

/// What was committed since, all of it.
async fn since(db: &Db, token: &Token) -> (Vec<Captured>, Token) {
    match db.changes(token, Most::default()).await.expect("changes") {
        Since::Changes(changes, token) => (changes, token),
        other @ (Since::TooMany(..) | Since::Lost(_)) => panic!("{other:?}"),
    }
}

/// Reads on from where it read the last time.
struct Tail {
    db: Db,
    token: Token,
}

impl Tail {
    async fn of(db: &Db) -> Self {
        Self { db: db.clone(), token: now(db).await }
    }

    async fn next(&mut self) -> Vec<Captured> {
        let (changes, token) = since(&self.db, &self.token).await;
        for change in &changes {
            assert!(
                !self.token.saw(change.stamp) && token.saw(change.stamp),
                "{change:?} between {:?} and {token:?}",
                self.token
            );
        }
        self.token = token;
        changes
    }

    async fn seen(&mut self) -> Vec<Seen> {
        self.next().await.iter().map(seen).collect()
    }
}

fn seen(change: &Captured) -> Seen {
    let title = |image: &Option<String>| {
        let image: Option<Json> = image.as_deref().map(|it| serde_json::from_str(it).expect("an image"));
        image.map(|it| it["title"].as_str().unwrap_or("-").to_owned())
    };
    (change.model.clone(), title(&change.before), title(&change.after))
}

/// What a list of such is compared with.
fn is(model: &str, before: &str, after: &str) -> Seen {
    let title = |it: &str| (!it.is_empty()).then(|| it.to_owned());
    (model.to_owned(), title(before), title(after))
}

/// The notes as changes make them: the titles by id.
#[derive(Default, Debug, PartialEq)]
struct Mirror(BTreeMap<i64, Option<String>>);

impl Mirror {
    /// Applies changes, each of which must fit what the mirror holds.
    fn apply(&mut self, changes: &[Captured]) {
        for change in changes.iter().filter(|it| it.model == "note") {
            let row = |image: &Option<String>| {
                let image: Json = serde_json::from_str(image.as_deref()?).expect("an image");
                Some((image["id"].as_i64().expect("an id"), image["title"].as_str().map(str::to_owned)))
            };
            if let Some((id, title)) = row(&change.before) {
                assert_eq!(self.0.remove(&id), Some(title), "{change:?}");
            }
            if let Some((id, title)) = row(&change.after) {
                assert_eq!(self.0.insert(id, title), None, "{change:?}");
            }
        }
    }

    async fn committed(db: &Db) -> Self {
        let rows = db.reader().sql("SELECT id, title FROM notes").all::<(i64, Option<String>)>().await;
        Self(rows.expect("rows").into_iter().collect())
    }
}

/// A connection of somebody else's to the same PostgreSQL schema.
async fn stranger(given: &Given) -> tokio_postgres::Client {
    let StoreUrl::Postgres(url) = &given.options.url else { panic!("only PostgreSQL has strangers") };
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    given.db.owned().spawn("a stranger's connection", async move { connection.await.ok() });
    client
}

fn is_postgres(given: &Given) -> bool {
    given.db.dialect() == Dialect::Postgres
}
