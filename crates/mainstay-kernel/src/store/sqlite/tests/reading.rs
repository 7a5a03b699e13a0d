use std::sync::Arc;
use std::time::Duration;

use super::{
    ENDLESS_READ, begin, committed, done, insert, is_too_slow, numbers, open, open_with, sql, write,
};

#[tokio::test]
async fn readers_see_what_is_committed_and_do_not_wait_for_the_writer() {
    let db = open().await;
    let tx = begin(&db).await;
    tx.execute(&insert(1)).unwrap();
    assert_eq!(tx.rows(&sql("select n from t")).unwrap().len(), 1, "its own");
    assert!(db.point(&sql("select n from t")).unwrap().is_none());
    assert_eq!(numbers(&db).await, [0_i64; 0]);
    done(tx.commit(None).await);
    assert!(db.point(&sql("select n from t")).unwrap().is_some());
    assert_eq!(numbers(&db).await, [1]);
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_ended_and_its_connection_reads_on() {
    let db = open_with(|options| {
        options.read_limit = Duration::from_millis(500);
        options.reader_threads = 1;
    })
    .await;
    is_too_slow(&db.rows(&sql(ENDLESS_READ)).await.unwrap_err());
    is_too_slow(&db.point(&sql(ENDLESS_READ)).unwrap_err());
    assert_eq!(numbers(&db).await, [0_i64; 0]);
    assert_eq!(committed::<i64>(&db, "select 7"), 7);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let db = open().await;
    assert!(db.rows(&insert(1)).await.is_err());
    assert!(db.point(&insert(2)).is_err());
    assert_eq!(numbers(&db).await, [0_i64; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_callers_than_connections_all_read() {
    let db = open_with(|options| options.reader_threads = 2).await;
    write(&db, "insert into t values (1, 1)").await;
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move {
                for _ in 0..20 {
                    assert_eq!(numbers(&db).await, [1]);
                    assert_eq!(committed::<i64>(&db, "select n from t"), 1);
                }
            })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn a_key_finds_one_row_even_where_there_are_more() {
    let db = open().await;
    write(&db, "insert into t values (1, 1), (2, 2)").await;
    let row = db.point(&sql("select n from t order by n")).unwrap().unwrap();
    assert_eq!(row.get::<i64>("n").unwrap(), 1);
}

#[tokio::test]
async fn a_misspelt_column_is_an_error_and_not_a_text() {
    let db = open().await;
    assert!(db.point(&sql("select \"titel\" from t")).is_err());
}

#[tokio::test]
async fn a_prepared_statement_follows_its_table() {
    let db = open().await;
    write(&db, "insert into t values (1, 1)").await;
    let all = sql("select * from t");
    assert!(db.rows(&all).await.unwrap()[0].get::<Option<i64>>("k").is_err());
    write(&db, "alter table t add column k integer").await;
    assert_eq!(db.rows(&all).await.unwrap()[0].get::<Option<i64>>("k").unwrap(), None);
}
