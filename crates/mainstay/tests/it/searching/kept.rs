//! What a search finds follows what is written, however it is written, and stays out of sight.

use mainstay::kernel::Dialect;
use mainstay::model::{Filter, Schema, additive};
use mainstay::prelude::*;
use mainstay_test::{Db, TestApp};

use super::{Article, NewArticle, NewShelf, app};

async fn found(db: &Db, search: &str) -> Vec<String> {
    let filter = Article::search(search).expect("a search");
    let found = Article::filter(filter).order(Article::TITLE.asc()).all(&db.reader()).await;
    found.expect("articles").into_iter().map(|it| it.title).collect()
}

async fn write(db: &Db, text: &str) {
    let text = text.to_owned();
    let written = db.write(async move |tx: &mut Tx| tx.sql(&text).execute().await);
    assert!(written.await.expect("a write") > 0);
}

#[mainstay::test(app = app)]
async fn a_search_follows_raw_sql_replacements_and_cascades(app: TestApp) {
    let db = app.db();
    let shelf = db
        .write(async |tx: &mut Tx| {
            let shelf = NewShelf { name: "s".to_owned() }.insert(tx).await?;
            for title in ["one", "two", "three"] {
                let new = NewArticle {
                    shelf: Some(shelf.id.into()),
                    title: title.to_owned(),
                    body: Some("common".to_owned()),
                    public: true,
                };
                let _ = new.insert(tx).await?;
            }
            Ok(shelf)
        })
        .await
        .expect("a shelf");
    write(db, "update articles set body = 'changed' where title = 'one'").await;
    assert_eq!((found(db, "common").await.len(), found(db, "changed").await), (2, vec!["one".to_owned()]));
    write(db, "update articles set title = 'eins' where title = 'one'").await;
    assert_eq!((found(db, "one").await.len(), found(db, "eins changed").await.len()), (0, 1));
    if db.reader().dialect() == Dialect::Sqlite {
        let replace = "insert or replace into articles select id, shelf_id, 'zwei', body, public, created_at, \
                       updated_at, version from articles where title = 'two'";
        write(db, replace).await;
    } else {
        write(db, "update articles set title = 'zwei' where title = 'two'").await;
    }
    assert_eq!((found(db, "two").await.len(), found(db, "zwei").await.len()), (0, 1));
    write(db, "delete from articles where title = 'three'").await;
    assert_eq!(found(db, "common").await, ["zwei"]);
    write(db, &format!("delete from shelves where id = '{}'", shelf.id)).await;
    assert_eq!(found(db, "common or changed").await, [""; 0]);
}

#[mainstay::test(app = app)]
async fn what_is_rolled_back_is_not_found(app: TestApp) {
    let gone = app.db().write(async |tx: &mut Tx| {
        let _ = NewArticle { shelf: None, title: "ghost".to_owned(), body: None, public: true }
            .insert(tx)
            .await?;
        assert_eq!(Article::filter(Article::search("ghost")?).count(tx).await?, 1);
        Err::<(), _>(mainstay::kernel::Error::bad_request("bad_request", "not today"))
    });
    assert!(gone.await.is_err());
    assert_eq!(found(app.db(), "ghost").await, [""; 0]);
}

#[mainstay::test(app = app)]
async fn what_makes_search_fast_is_in_no_row_and_no_change(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/articles", json!({ "title": "t", "body": "b", "public": true })).await;
    let row = made.expect_status(201).result().clone();
    let mut names: Vec<_> = row.as_object().expect("a row").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["body", "createdAt", "id", "public", "shelf", "title", "type", "updatedAt"]);
    let after = app.db().reader().sql("select after from mainstay_change").all::<Value>().await;
    let after = after.expect("changes");
    let captured: Vec<_> = after[0].as_object().expect("an image").keys().cloned().collect();
    assert_eq!(captured.len(), 7, "{captured:?}");
    let whole = app.db().reader().sql("select * from articles").rows().await.expect("rows");
    assert!(whole[0].at::<i64>(7).is_ok(), "the version is the last");
    assert!(whole[0].at::<i64>(8).is_err(), "nothing comes after it");
}

/// An article as it was before anything was searched.
#[derive(Model, Clone, Debug)]
#[model(name = "article", plural = "articles", table = "articles")]
struct Plain {
    id: Id<Plain>,
    title: String,
    body: Option<String>,
}

#[scope]
impl Scope for Plain {}

/// As it was when its title alone was searched.
#[derive(Model, Clone, Debug)]
#[model(name = "article", plural = "articles", table = "articles")]
struct Titled {
    id: Id<Titled>,
    #[model(search)]
    title: String,
    body: Option<String>,
}

#[scope]
impl Scope for Titled {}

/// As it is.
#[derive(Model, Clone, Debug)]
#[model(name = "article", plural = "articles", table = "articles")]
struct Whole {
    id: Id<Whole>,
    #[model(search)]
    title: String,
    #[model(search)]
    body: Option<String>,
}

#[scope]
impl Scope for Whole {}

#[mainstay::test]
async fn what_was_there_before_is_found_once_its_field_is_searched(db: Db) {
    let make = async |schema: &'static Schema| {
        assert!(!additive::apply(&db, &[schema]).await.expect("tables").is_empty());
        assert_eq!(additive::plan(&db, &[schema]).await.expect("a plan").additions, []);
    };
    make(Plain::SCHEMA).await;
    let new = |title: &str, body: &str| NewPlain { title: title.to_owned(), body: Some(body.to_owned()) };
    let insert = db.write(async |tx: &mut Tx| {
        let _ = new("first", "red").insert(tx).await?;
        new("second", "green").insert(tx).await
    });
    let _ = insert.await.expect("rows");
    make(Titled::SCHEMA).await;
    let titled = async |text: &str| {
        Titled::filter(Titled::search(text).expect("a search")).count(&db.reader()).await.expect("a count")
    };
    assert_eq!((titled("first").await, titled("red").await), (1, 0));
    make(Whole::SCHEMA).await;
    let whole = async |text: &str| {
        Whole::filter(Whole::search(text).expect("a search")).count(&db.reader()).await.expect("a count")
    };
    assert_eq!((whole("first").await, whole("red").await, whole("first green").await), (1, 1, 0));
    let changed = db.write(async |tx: &mut Tx| {
        tx.sql("update articles set body = 'blue' where title = 'first'").execute().await
    });
    assert_eq!(changed.await.expect("a change"), 1);
    assert_eq!((whole("red").await, whole("first blue").await), (0, 1));
    assert_eq!(Whole::filter(Filter::always()).count(&db.reader()).await.expect("a count"), 2);
    assert_eq!(
        additive::plan(&db, &[Plain::SCHEMA]).await.expect("a plan").additions,
        [],
        "what is there stays"
    );
}

#[mainstay::test(app = app)]
async fn a_search_is_answered_by_its_index(app: TestApp) {
    let many = app.db().write(async |tx: &mut Tx| {
        for number in 0..300 {
            let title = format!("word{number} common");
            let _ = NewArticle { shelf: None, title, body: None, public: true }.insert(tx).await?;
        }
        Ok(())
    });
    many.await.expect("rows");
    let reader = app.db().reader();
    let plan: String = match reader.dialect() {
        Dialect::Postgres => {
            let (lexemes, plain) = functions(&app).await;
            let query = format!(
                "explain select id from articles where {lexemes}({plain}(left(title, 100000)) || \
                 {plain}(left(body, 100000))) @@ cast('word7' as tsquery)"
            );
            reader.sql(&query).all::<String>().await.expect("a plan").join("\n")
        }
        Dialect::Sqlite => {
            let query = "explain query plan select id from articles where id in (select k.id from \
                         mainstay_search_articles i join mainstay_search_key_articles k on k.key = i.rowid \
                         where mainstay_search_articles match '\"word7\"')";
            let plan = reader.sql(query).rows().await.expect("a plan");
            plan.iter().map(|it| it.at::<String>(3).expect("a detail")).collect::<Vec<_>>().join("\n")
        }
    };
    let uses = ["Bitmap Index Scan on articles_search_", "VIRTUAL TABLE INDEX"];
    assert!(uses.iter().any(|it| plan.contains(it)), "{plan}");
    assert!(!plan.contains("SCAN articles"), "{plan}");
}

/// The names of the functions that take texts apart.
async fn functions(app: &TestApp) -> (String, String) {
    let names = "select proname::text from pg_proc where pronamespace = current_schema()::regnamespace \
                 and proname like 'mainstay_%' and proname not like 'mainstay_capture%' order by proname";
    let names = app.db().reader().sql(names).all::<String>().await.expect("names");
    let [lexemes, plain] = names.as_slice() else { panic!("{names:?}") };
    (lexemes.clone(), plain.clone())
}
