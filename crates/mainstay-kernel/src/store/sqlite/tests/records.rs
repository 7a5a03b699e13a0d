use std::sync::Arc;

use rusqlite::ffi;
use serde_json::{Value as Json, json};

use super::{again_alone, begin, committed, done, insert, numbers, open, sql, write};
use crate::store::sqlite::migration::{self, Migration};
use crate::store::sqlite::{Sqlite, capture};
use crate::store::{Commit, Company, Record, Rollback};
use crate::{Answer, Capture, ErrorKind, Kind, Request, Timestamp};

fn request(key: &str) -> Request {
    Request::keyed(key, "user:1", "POST /v1/t", b"{}")
}

fn answer() -> Answer {
    Answer { status: 201, head: vec![("etag".to_owned(), "\"1\"".to_owned())], body: b"{\"n\":1}".to_vec() }
}

fn record<'a>(request: &'a Request, answer: &'a Answer) -> Record<'a> {
    Record { request, answer, now: Timestamp::EPOCH, expires: Timestamp::from_micros(100) }
}

#[tokio::test]
async fn an_answer_is_kept_with_its_rows() {
    let db = open().await;
    let (request, answer) = (request("k"), answer());
    let tx = db.begin(Some(&request), Company::Grouped).await.unwrap();
    tx.execute(&insert(1)).unwrap();
    done(tx.commit(Some(record(&request, &answer))).await);
    let kept = db.kept(&request).unwrap().unwrap();
    assert_eq!((kept.path, kept.input, kept.answer), (request.path.clone(), request.input.to_vec(), answer));
    assert!(db.kept(&self::request("other")).unwrap().is_none());
}

#[tokio::test]
async fn an_answered_request_runs_nothing() {
    let db = open().await;
    let (request, answer) = (request("k"), answer());
    let tx = begin(&db).await;
    done(tx.commit(Some(record(&request, &answer))).await);
    let again = db.begin(Some(&request), Company::Grouped).await.unwrap();
    assert_eq!(again.execute(&insert(2)).unwrap_err().kind(), &ErrorKind::Answered);
    assert_eq!(again.rollback().await, Rollback::Answered);
    let again = db.begin(Some(&request), Company::Grouped).await.unwrap();
    assert!(matches!(again.commit(Some(record(&request, &answer))).await, Commit::Duplicate));
    assert_eq!(numbers(&db).await, [0_i64; 0]);
}

#[tokio::test]
async fn the_second_to_keep_an_answer_is_undone() {
    let db = open().await;
    let (request, answer) = (request("k"), answer());
    done(begin(&db).await.commit(Some(record(&request, &answer))).await);
    let second = begin(&db).await;
    second.execute(&insert(2)).unwrap();
    assert!(matches!(second.commit(Some(record(&request, &answer))).await, Commit::Duplicate));
    assert_eq!(numbers(&db).await, [0_i64; 0]);
}

#[tokio::test]
async fn an_answer_found_in_the_same_group_is_replayed_only_once_it_is_durable() {
    for fails in [None, Some(ffi::SQLITE_FULL)] {
        let db = open().await;
        let first = begin(&db).await;
        let theirs = Arc::clone(&db);
        let second = tokio::spawn(async move {
            let tx = theirs.begin(Some(&request("k")), Company::Grouped).await.unwrap();
            assert_eq!(tx.execute(&insert(2)).unwrap_err().kind(), &ErrorKind::Answered);
            (tx.rollback().await, theirs.kept(&request("k")).unwrap().is_some())
        });
        tokio::task::yield_now().await;
        if let Some(code) = fails {
            db.writer.probe.fail_once(code);
        }
        let (request, answer) = (request("k"), answer());
        let commit = first.commit(Some(record(&request, &answer))).await;
        match fails {
            None => {
                done(commit);
                assert_eq!(second.await.unwrap(), (Rollback::Answered, true));
            }
            Some(_) => {
                again_alone(&commit);
                assert_eq!(second.await.unwrap(), (Rollback::AgainAlone, false));
            }
        }
    }
}

#[tokio::test]
async fn a_single_write_keeps_its_answer_only_when_it_touches_a_row() {
    let db = open().await;
    let (request, answer) = (request("k"), answer());
    let nothing = sql("update t set m = 1 where n = 7");
    let (commit, rows) = db.write_one(&nothing, Some(record(&request, &answer))).await.unwrap();
    done(commit);
    assert!(rows.is_empty());
    assert!(db.kept(&request).unwrap().is_none());

    let two = sql("insert into t values (1, 1), (2, 2)");
    let (commit, rows) = db.write_one(&two, Some(record(&request, &answer))).await.unwrap();
    done(commit);
    assert_eq!(rows.len(), 2);
    assert!(db.kept(&request).unwrap().is_some());

    let again = sql("insert into t values (3, 3) returning n");
    let (commit, _) = db.write_one(&again, Some(record(&request, &answer))).await.unwrap();
    assert!(matches!(commit, Commit::Duplicate));
    let (commit, rows) = db.write_one(&again, None).await.unwrap();
    done(commit);
    assert_eq!(rows[0].get::<i64>("n").unwrap(), 3);
    assert!(db.write_one(&again, None).await.unwrap_err().is_unique_violation());
    assert_eq!(numbers(&db).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_single_write_whose_group_is_lost_runs_again_alone() {
    let db = open().await;
    let first = begin(&db).await;
    first.execute(&insert(1)).unwrap();
    let theirs = Arc::clone(&db);
    let second = tokio::spawn(async move { theirs.write_one(&insert(2), None).await });
    tokio::task::yield_now().await;
    db.writer.probe.fail_once(ffi::SQLITE_FULL);
    again_alone(&first.commit(None).await);
    done(second.await.unwrap().unwrap().0);
    assert_eq!(numbers(&db).await, [2]);
}

#[tokio::test]
async fn expired_answers_go_in_batches_oldest_first() {
    let db = open().await;
    let answer = answer();
    for age in 0..5 {
        let request = request(&age.to_string());
        let record = Record {
            request: &request,
            answer: &answer,
            now: Timestamp::EPOCH,
            expires: Timestamp::from_micros(age),
        };
        done(begin(&db).await.commit(Some(record)).await);
    }
    let now = Timestamp::from_micros(3);
    assert_eq!(db.expire_results(now, 2).await.unwrap(), 2);
    assert_eq!(committed::<i64>(&db, "select min(expires_at) from mainstay_result"), 2);
    assert_eq!(db.expire_results(now, 2).await.unwrap(), 1);
    assert_eq!(db.expire_results(now, 2).await.unwrap(), 0);
    assert_eq!(committed::<i64>(&db, "select count(*) from mainstay_result"), 2);
    let plan = "explain query plan select rowid from mainstay_result where expires_at < 1 order by expires_at limit 2";
    let plan: String = db.rows(&sql(plan)).await.unwrap()[0].get("detail").unwrap();
    assert!(plan.contains("mainstay_result_expires_at"), "{plan}");
}

#[tokio::test]
async fn migrations_run_once_and_the_system_keeps_its_name() {
    let db = open().await;
    let name: String = committed(&db, "select system from mainstay_meta");
    db.migrate(Timestamp::from_micros(9)).await.unwrap();
    assert_eq!(committed::<String>(&db, "select system from mainstay_meta"), name);
    assert_eq!(committed::<i64>(&db, "select epoch from mainstay_meta"), 1);
    assert_eq!(committed::<i64>(&db, "select max(applied_at) from mainstay_migration"), 0);
}

const fn step(sql: &'static str) -> Migration {
    Migration { name: "mainstay/9999_step", sql }
}

#[tokio::test]
async fn an_edited_migration_is_refused_by_name() {
    let db = open().await;
    migration::migrate(&db, &[step("create table a (x integer) strict")], Timestamp::EPOCH).await.unwrap();
    let edited = [step("create table a (x integer, y integer) strict")];
    let refusal = migration::migrate(&db, &edited, Timestamp::EPOCH).await.unwrap_err().to_string();
    assert!(refusal.contains("`mainstay/9999_step` was edited after it was applied"), "{refusal}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_can_be_tried_again() {
    let db = open().await;
    let broken = [step("create table a (x integer) strict; create table t (x integer)")];
    assert!(migration::migrate(&db, &broken, Timestamp::EPOCH).await.is_err());
    let mended = [step("create table a (x integer) strict")];
    migration::migrate(&db, &mended, Timestamp::EPOCH).await.unwrap();
}

/// The changes so far: model, id, before, after.
async fn changes(db: &Sqlite) -> Vec<(String, String, Option<Json>, Option<Json>)> {
    let rows =
        db.rows(&sql("select model, id, before, after from mainstay_change order by seq")).await.unwrap();
    rows.iter()
        .map(|row| (row.at(0).unwrap(), row.at(1).unwrap(), row.at(2).unwrap(), row.at(3).unwrap()))
        .collect()
}

async fn captured(db: &Sqlite) {
    write(
        db,
        "create table \"no\"\"te\" (id text primary key not null, title text, done integer, price real, at integer,
                                    body text, data blob, secret text) strict",
    )
    .await;
    let kinds = [
        ("id", Kind::Uuid),
        ("title", Kind::Text),
        ("done", Kind::Bool),
        ("price", Kind::Float),
        ("at", Kind::Timestamp),
        ("body", Kind::Json),
        ("data", Kind::Bytes),
    ];
    let columns = kinds.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
    let capture = Capture { table: "no\"te".to_owned(), model: "it's".to_owned(), columns };
    // Twice, as at every start.
    for statement in capture::ddl(&capture).into_iter().chain(capture::ddl(&capture)) {
        write(db, &statement).await;
    }
}

#[tokio::test]
async fn row_triggers_capture_what_changed_and_nothing_private() {
    let db = open().await;
    captured(&db).await;
    let insert = "insert into \"no\"\"te\" values ('a', 'T', 1, 0.30000000000000004, 5, '{\"k\":[1]}', x'00ff', 'hidden')";
    write(&db, insert).await;
    write(&db, "update \"no\"\"te\" set title = null, done = 0, body = null, data = null, price = null")
        .await;
    write(&db, "delete from \"no\"\"te\"").await;
    let first = json!({"id": "a", "title": "T", "done": true, "price": 0.1 + 0.2, "at": 5, "body": {"k": [1]}, "body!": null, "data": "00ff"});
    let second = json!({"id": "a", "title": null, "done": false, "price": null, "at": 5, "body": null, "body!": null, "data": null});
    let change = |before: Option<&Json>, after: Option<&Json>| {
        ("it's".to_owned(), "a".to_owned(), before.cloned(), after.cloned())
    };
    assert_eq!(
        changes(&db).await,
        [change(None, Some(&first)), change(Some(&first), Some(&second)), change(Some(&second), None)]
    );
    let at: i64 = committed(&db, "select min(at) from mainstay_change");
    assert!(at > 1_700_000_000_000_000, "microseconds: {at}");
}

#[tokio::test]
async fn replacing_a_row_captures_that_the_old_one_went() {
    let db = open().await;
    captured(&db).await;
    write(&db, "insert into \"no\"\"te\" (id, title) values ('a', 'old')").await;
    write(&db, "insert or replace into \"no\"\"te\" (id, title) values ('a', 'new')").await;
    let titles: Vec<_> = changes(&db)
        .await
        .into_iter()
        .map(|(_, _, before, after)| {
            (before.map(|it| it["title"].clone()), after.map(|it| it["title"].clone()))
        })
        .collect();
    assert_eq!(titles, [(None, Some(json!("old"))), (Some(json!("old")), None), (None, Some(json!("new")))]);
}

#[tokio::test]
async fn a_rolled_back_row_is_not_captured() {
    let db = open().await;
    captured(&db).await;
    let tx = begin(&db).await;
    tx.execute(&sql("insert into \"no\"\"te\" (id) values ('a')")).unwrap();
    tx.rollback().await;
    assert!(changes(&db).await.is_empty());
}
