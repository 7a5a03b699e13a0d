use futures_util::future::join_all;

use super::trial::{Trial, connect};
use crate::Timestamp;
use crate::store::postgres::migrate::{MIGRATIONS, Migration, run};

const ONE: Migration = Migration { name: "one", text: "CREATE TABLE one (id bigint)" };
const TWO: Migration =
    Migration { name: "two", text: "INSERT INTO one VALUES (1); INSERT INTO one VALUES (2)" };

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    Trial::run(async |trial| {
        let node = async || {
            let session = connect(&trial.url).await;
            run(&session, &[ONE, TWO], Timestamp::EPOCH).await
        };
        for done in join_all((0..6).map(|_| node())).await {
            done.unwrap();
        }
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM one").await, 2);
        let applied: i64 = trial.see("SELECT count(*) FROM mainstay_migration").await;
        assert_eq!(usize::try_from(applied).unwrap(), 2 + MIGRATIONS.len());
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_changed_after_it_was_applied_is_refused() {
    Trial::run(async |trial| {
        run(&trial.beside, &[ONE], Timestamp::EPOCH).await.unwrap();
        let other = Migration { text: "CREATE TABLE one (id text)", ..ONE };
        let error = run(&connect(&trial.url).await, &[other, TWO], Timestamp::EPOCH).await.unwrap_err();
        assert!(error.to_string().contains("`one`"), "{error}");
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM one").await, 0, "and nothing after it runs");
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_half_way_leaves_nothing() {
    Trial::run(async |trial| {
        let broken = Migration { name: "broken", text: "CREATE TABLE half (id bigint); SELECT 1/0" };
        run(&connect(&trial.url).await, &[broken], Timestamp::EPOCH).await.unwrap_err();
        let namesake = Migration { name: "kernel_0001_records", text: "CREATE TABLE half (id bigint)" };
        trial.batch("DELETE FROM mainstay_migration").await;
        let twice = [Migration { text: "SELECT 1", ..namesake }, namesake];
        run(&connect(&trial.url).await, &twice, Timestamp::EPOCH).await.unwrap_err();
        assert!(trial.see::<bool>("SELECT to_regclass('half') IS NULL").await);
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM mainstay_migration").await, 1);
        run(&trial.beside, &[ONE], Timestamp::EPOCH).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_database_has_an_identity() {
    Trial::run(async |trial| {
        trial.store.migrate(Timestamp::EPOCH).await.unwrap();
        assert_eq!(trial.see::<i64>("SELECT epoch FROM mainstay_meta").await, 1);
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM mainstay_meta").await, 1);
    })
    .await;
}
