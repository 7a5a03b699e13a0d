//! Connections that break.

use std::time::Duration;

use super::proxy::{Cut, Proxy};
use super::trial::{Trial, answer, options, record, request, sql};
use crate::store::postgres::Postgres;
use crate::store::{Backend, Commit, Rollback};
use crate::{ErrorKind, Owned, Timestamp};

const TABLE: &str = "CREATE TABLE thing (id bigint PRIMARY KEY)";
const COUNT: &str = "SELECT count(*) FROM thing";

#[tokio::test]
async fn a_backend_killed_before_the_commit_undoes_everything_and_runs_again() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let insert = sql("INSERT INTO thing VALUES (1)");
        let tx = trial.begin().await;
        tx.execute(&insert).await.unwrap();
        trial.kill(tx.lease.backend()).await;
        assert_eq!(tx.execute(&sql("SELECT 1")).await.unwrap_err().kind(), &ErrorKind::Unavailable);
        assert_eq!(tx.rollback().await, Rollback::Again);

        let tx = trial.begin().await;
        tx.execute(&insert).await.unwrap();
        trial.kill(tx.lease.backend()).await;
        while !tx.lease.is_closed() {
            tokio::task::yield_now().await;
        }
        let commit = tx.commit(None).await;
        assert!(matches!(commit, Commit::Again), "{commit:?}");

        let tx = trial.begin().await;
        tx.execute(&insert).await.unwrap();
        assert!(matches!(tx.commit(None).await, Commit::Done), "the pool has healed");
        assert_eq!(trial.see::<i64>(COUNT).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_backend_killed_while_it_commits_leaves_the_outcome_to_be_looked_up() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        // The commit waits in a deferred trigger.
        trial
            .batch(
                "CREATE TABLE gate ();
                 CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN LOCK TABLE gate; RETURN NULL; END $$;
                 CREATE CONSTRAINT TRIGGER passes AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED \
                     FOR EACH ROW EXECUTE FUNCTION pass()",
            )
            .await;
        trial.hold("LOCK TABLE gate").await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let tx = trial.begin().await;
            tx.execute(&sql("INSERT INTO thing VALUES (1)")).await.unwrap();
            let backend = tx.lease.backend();
            let killed = async {
                trial.until_waiting(backend).await;
                trial.kill(backend).await;
            };
            let (commit, ()) = futures_util::future::join(tx.commit(record), killed).await;
            assert!(matches!(commit, Commit::Unknown { backend: lost } if lost == backend), "{commit:?}");
            trial.store.end_backend(backend).await.unwrap();
            assert!(trial.store.kept(&request).await.unwrap().is_none());
            assert_eq!(trial.see::<i64>(COUNT).await, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_to_have_happened() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let store = Postgres::open(&options(proxy.url())).await.unwrap();
        let (request, answer) = (request("one"), answer("{}"));
        let tx = store.begin(Some(&request)).await.unwrap();
        tx.execute(&sql("INSERT INTO thing VALUES (1)")).await.unwrap();
        proxy.cut(Cut::After("COMMIT"));
        let commit = tx.commit(Some(record(&request, &answer))).await;
        let Commit::Unknown { backend } = commit else { panic!("{commit:?}") };
        store.end_backend(backend).await.unwrap();
        assert_eq!(store.kept(&request).await.unwrap().unwrap().answer, answer);
        assert_eq!(trial.see::<i64>(COUNT).await, 1);
        store.stop().await;
    })
    .await;
}

/// The server does not know that its client is gone: until somebody ends it, its locks stay and it
/// could still commit what arrives late.
#[tokio::test]
async fn a_commit_that_never_arrived_is_ended_before_it_is_looked_up() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let store = Postgres::open(&options(proxy.url())).await.unwrap();
        let (request, answer) = (request("one"), answer("{}"));
        let tx = store.begin(Some(&request)).await.unwrap();
        tx.execute(&sql("INSERT INTO thing VALUES (1)")).await.unwrap();
        proxy.cut(Cut::Before("COMMIT"));
        let commit = tx.commit(Some(record(&request, &answer))).await;
        let Commit::Unknown { backend } = commit else { panic!("{commit:?}") };
        let alive = format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE pid = {}", backend.id);
        assert!(trial.see::<bool>(&alive).await, "its side is still open");

        let namesake = Backend { started: Timestamp::EPOCH, ..backend };
        store.end_backend(namesake).await.unwrap();
        assert!(trial.see::<bool>(&alive).await, "another process of the same number is left alone");

        store.end_backend(backend).await.unwrap();
        assert!(!trial.see::<bool>(&alive).await);
        assert!(store.kept(&request).await.unwrap().is_none());
        let (commit, _) = store
            .write_one(&sql("INSERT INTO thing VALUES (1)"), Some(record(&request, &answer)))
            .await
            .unwrap();
        assert!(matches!(commit, Commit::Done), "{commit:?}");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_single_write_whose_answer_is_lost_is_of_unknown_outcome() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let store = Postgres::open(&options(proxy.url())).await.unwrap();
        let (request, answer) = (request("one"), answer("{}"));
        let insert = sql("INSERT INTO thing VALUES (1)");
        proxy.cut(Cut::After("WITH written"));
        // The first message of that text prepares it: nothing is lost yet.
        let (commit, _) = store.write_one(&insert, Some(record(&request, &answer))).await.unwrap();
        assert!(matches!(commit, Commit::Again), "{commit:?}");

        let update = sql("UPDATE thing SET id = 2");
        store.write_one(&insert, Some(record(&request, &answer))).await.unwrap();
        trial.batch("DELETE FROM thing; DELETE FROM mainstay_result").await;
        proxy.cut(Cut::After("WITH written"));
        let (commit, _) = store.write_one(&insert, Some(record(&request, &answer))).await.unwrap();
        let Commit::Unknown { backend } = commit else { panic!("{commit:?}") };
        store.end_backend(backend).await.unwrap();
        assert_eq!(store.kept(&request).await.unwrap().unwrap().answer, answer);
        let (commit, rows) = store.write_one(&update, None).await.unwrap();
        assert!(matches!(commit, Commit::Done));
        assert_eq!(rows.len(), 1);
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_sits_idle_is_ended_and_keeps_no_lock() {
    use crate::store::postgres::fault::{Limits, Use};
    use crate::store::postgres::pool::Pool;
    use crate::store::postgres::target::Target;
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let idle = Duration::from_millis(50);
        let limits = Limits { how: Use::Writes, read: idle, lock: idle, idle };
        let target = Target::limited(&trial.url, limits, &Owned::new()).unwrap();
        let pool = Pool::new(target.into(), 1).unwrap();
        let tx = crate::store::postgres::PostgresTx::new(pool.lease().await.unwrap(), None);
        tx.execute(&sql("LOCK TABLE thing")).await.unwrap();
        // This waits for the lock.
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        while !tx.lease.is_closed() {
            tokio::task::yield_now().await;
        }
        let error = tx.execute(&sql("SELECT 1")).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooSlow(50));
        assert_eq!(tx.rollback().await, Rollback::Final, "another run would be as slow");
    })
    .await;
}
