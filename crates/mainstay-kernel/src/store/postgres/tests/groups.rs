//! Inserts that share a commit: of those that start at once, the first few take the lanes, and the others
//! make groups.

use futures_util::future::{join, join_all};

use super::proxy::{Cut, Proxy};
use super::trial::{Trial, answer, options, record, request};
use crate::store::Commit;
use crate::store::postgres::Postgres;
use crate::{ErrorKind, Result, Row, Statement};

const TABLE: &str = "CREATE TABLE thing (id bigint PRIMARY KEY, name text);
     CREATE TABLE held (id bigint PRIMARY KEY)";
const COUNT: &str = "SELECT count(*) FROM thing";

fn insert(id: i64) -> Statement {
    Statement::new("INSERT INTO thing VALUES ($1, $2)").bind(id).bind("a")
}

fn done(inserted: &Result<(Commit, Vec<Row>)>) -> bool {
    matches!(inserted, Ok((Commit::Done, rows)) if rows.len() == 1)
}

#[tokio::test]
async fn inserts_that_arrive_together_share_a_commit() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let inserts: Vec<_> = (0..40).map(insert).collect();
        let many = join_all(inserts.iter().map(|it| trial.store.insert_one(it, None)));
        let inserted = many.await;
        assert!(inserted.iter().all(done), "{inserted:?}");
        assert_eq!(trial.see::<i64>(COUNT).await, 40);
        let commits: i64 = trial.see("SELECT count(DISTINCT xmin::text) FROM thing").await;
        assert!(commits <= 4 + 2 * 4, "{commits} commits for 40 inserts");
    })
    .await;
}

#[tokio::test]
async fn an_insert_that_fails_fails_alone() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        trial.batch("INSERT INTO thing VALUES (7)").await;
        let inserts: Vec<_> = (0..16).map(insert).collect();
        let many = join_all(inserts.iter().map(|it| trial.store.insert_one(it, None)));
        let inserted = many.await;
        for (id, inserted) in inserted.iter().enumerate() {
            match inserted {
                Ok((Commit::Failed(error), _)) if id == 7 => {
                    assert!(matches!(error.kind(), ErrorKind::UniqueViolation { .. }), "{error:?}");
                }
                inserted => assert!(id != 7 && done(inserted), "{id}: {inserted:?}"),
            }
        }
        assert_eq!(trial.see::<i64>(COUNT).await, 16);
    })
    .await;
}

#[tokio::test]
async fn each_answer_is_kept_with_its_insert_and_a_duplicate_is_found_out() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let answer = answer("{}");
        let requests: Vec<_> = (0..12).map(|id| request(&format!("key {}", id % 10))).collect();
        let inserts: Vec<_> = (0..12).map(insert).collect();
        let many = join_all(
            inserts
                .iter()
                .zip(&requests)
                .map(|(insert, request)| trial.store.insert_one(insert, Some(record(request, &answer)))),
        );
        let inserted = many.await;
        let duplicates = inserted.iter().filter(|it| matches!(it, Ok((Commit::Duplicate, _)))).count();
        assert_eq!((duplicates, inserted.iter().filter(|it| done(it)).count()), (2, 10), "{inserted:?}");
        assert_eq!(trial.see::<i64>(COUNT).await, 10);
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM mainstay_result").await, 10);
    })
    .await;
}

#[tokio::test]
async fn an_insert_that_waits_for_another_transaction_holds_up_no_other() {
    Trial::run_with(
        |options| options.pool_size = 16,
        async |trial| {
            trial.batch(TABLE).await;
            trial.hold("INSERT INTO thing VALUES (1000), (1001), (1002), (1003), (1004), (1005)").await;
            let waiting: Vec<_> = (1000..1006).map(insert).collect();
            let waiting = join_all(waiting.iter().map(|it| trial.store.insert_one(it, None)));
            let others: Vec<_> = (0..30).map(insert).collect();
            let others = async {
                let inserted = join_all(others.iter().map(|it| trial.store.insert_one(it, None))).await;
                assert!(inserted.iter().all(done), "{inserted:?}");
                trial.let_go().await;
            };
            let (refused, ()) = join(waiting, others).await;
            assert!(refused.iter().all(|it| matches!(it, Ok((Commit::Failed(_), _)))), "{refused:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_group_whose_answer_is_lost_is_of_unknown_outcome_for_each() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let store = Postgres::open(&options(proxy.url())).await.unwrap();
        let answer = answer("{}");
        let requests: Vec<_> = (0..20).map(|id| request(&format!("key {id}"))).collect();
        let inserts: Vec<_> = (0..20).map(insert).collect();
        proxy.cut(Cut::After("SET LOCAL lock_timeout"));
        let inserted = join_all(
            inserts
                .iter()
                .zip(&requests)
                .map(|(insert, request)| store.insert_one(insert, Some(record(request, &answer)))),
        )
        .await;
        let mut unknown = 0;
        for (inserted, request) in inserted.iter().zip(&requests) {
            match inserted {
                Ok((Commit::Unknown { backend }, _)) => {
                    unknown += 1;
                    store.end_backend(*backend).await.unwrap();
                }
                inserted => {
                    assert!(done(inserted), "{inserted:?}");
                    assert!(store.kept(request).await.unwrap().is_some());
                }
            }
        }
        assert!(unknown > 1, "a whole group: {inserted:?}");
        let (rows, kept) =
            (trial.see::<i64>(COUNT).await, trial.see::<i64>("SELECT count(*) FROM mainstay_result").await);
        assert_eq!(rows, kept, "a row and its answer are there together");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn callers_that_go_away_hold_up_nobody() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let inserts: Vec<_> = (0..30).map(insert).collect();
        let many = async {
            let mut gone: Vec<_> =
                inserts[..20].iter().map(|it| Box::pin(trial.store.insert_one(it, None))).collect();
            for insert in &mut gone {
                assert!(futures_util::poll!(insert).is_pending());
            }
            drop(gone);
            join_all(inserts[20..].iter().map(|it| trial.store.insert_one(it, None))).await
        };
        let inserted = many.await;
        assert!(inserted.iter().all(done), "{inserted:?}");
    })
    .await;
}
