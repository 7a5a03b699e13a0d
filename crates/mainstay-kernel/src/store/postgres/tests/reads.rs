use std::time::Duration;

use futures_util::future::join_all;

use super::proxy::{Proxy, SOON};
use super::trial::{Trial, bind, first, options, sql};
use crate::store::postgres::Postgres;
use crate::{ErrorKind, StoreUrl};

const WAITING: &str = "FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted";
const PID: &str = "SELECT pg_backend_pid()::bigint";

#[tokio::test]
async fn reads_are_spread_over_the_shared_connections() {
    Trial::run(async |trial| {
        let pid = sql(PID);
        let read = async || first::<i64>(&trial.store.rows(&pid).await.unwrap());
        let pids = [read().await, read().await, read().await, read().await];
        assert_ne!(pids[0], pids[1]);
        assert_eq!((pids[0], pids[1]), (pids[2], pids[3]));
        let point = trial.store.point(&bind("SELECT $1::text || 'b'", "a")).await.unwrap().unwrap();
        assert_eq!(point.at::<String>(0).unwrap(), "ab");
        assert!(trial.store.point(&sql("SELECT 1 WHERE false")).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_slow_read_does_not_hold_up_the_others() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE gate ()").await;
        trial.hold("LOCK TABLE gate").await;
        let (gated, quick) = (sql("SELECT FROM gate"), sql(PID));
        for _ in 0..2 {
            trial.store.rows(&quick).await.unwrap();
        }
        let others = async {
            trial.until(&format!("SELECT count(*) > 0 {WAITING}")).await;
            for _ in 0..10 {
                tokio::time::timeout(SOON, trial.store.rows(&quick))
                    .await
                    .expect("it waits for nobody")
                    .unwrap();
            }
            trial.let_go().await;
        };
        let (slow, ()) = futures_util::future::join(trial.store.rows(&gated), others).await;
        slow.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_read_whose_backend_is_killed_is_sent_again() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE gate ()").await;
        trial.hold("LOCK TABLE gate").await;
        let gated = sql("SELECT FROM gate");
        let reads = join_all((0..4).map(|_| trial.store.rows(&gated)));
        let kill = async {
            trial.until(&format!("SELECT count(*) = 2 {WAITING}")).await;
            let pid: i64 = trial.see(&format!("SELECT min(pid)::bigint {WAITING}")).await;
            trial.batch(&format!("SELECT pg_terminate_backend({pid}, 5000)")).await;
            trial.let_go().await;
        };
        let (reads, ()) = futures_util::future::join(reads, kill).await;
        for read in reads {
            read.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_lane_survives_the_loss_of_all_its_connections() {
    Trial::run(async |trial| {
        let pid = sql(PID);
        for _ in 0..2 {
            for _ in 0..2 {
                let pid: i64 = first(&trial.store.rows(&pid).await.unwrap());
                trial.batch(&format!("SELECT pg_terminate_backend({pid}::int, 5000)")).await;
            }
            let reads = join_all((0..16).map(|_| trial.store.rows(&pid)));
            for read in tokio::time::timeout(SOON, reads).await.unwrap() {
                read.unwrap();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_stopped() {
    let set = |options: &mut crate::DbOptions| options.read_limit = Duration::from_millis(50);
    Trial::run_with(set, async |trial| {
        let error = trial.store.rows(&sql("SELECT pg_sleep(20)")).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooSlow(50));
        trial.store.rows(&sql(PID)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint)").await;
        for text in
            ["INSERT INTO thing VALUES (1)", "WITH a AS (DELETE FROM thing RETURNING 1) SELECT * FROM a"]
        {
            let error = trial.store.rows(&sql(text)).await.unwrap_err();
            assert!(error.to_string().contains("`&mut Tx`"), "{error}");
        }
        let error = trial.store.rows(&sql("SET default_transaction_read_only = off")).await.unwrap_err();
        assert!(error.to_string().contains("`SET`"), "{error}");
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM thing").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_replica_serves_what_may_lag_and_the_primary_takes_over_when_it_fails() {
    Trial::run(async |trial| {
        let proxy = Proxy::of(&trial.url).await;
        let mut options = options(&trial.url);
        options.shared_connections = 1;
        options.replica = Some(StoreUrl::Postgres(format!("{}&application_name=replica", proxy.url())));
        let store = Postgres::open(&options).await.unwrap();
        let name = sql("SELECT current_setting('application_name'), pg_backend_pid()::bigint");
        let row = store.stale_point(&name).await.unwrap().unwrap();
        assert_eq!(row.at::<String>(0).unwrap(), "replica");
        proxy.refuse();
        trial.batch(&format!("SELECT pg_terminate_backend({}, 5000)", row.at::<i64>(1).unwrap())).await;
        for _ in 0..2 {
            assert_eq!(first::<String>(&store.stale_rows(&name).await.unwrap()), "mainstay");
        }
        let refused = store.stale_rows(&sql("SELECT 1/0")).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Internal(_)), "{refused:?}");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_read_of_an_altered_table_is_prepared_anew() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint)").await;
        let read = sql("SELECT * FROM thing");
        for _ in 0..4 {
            trial.store.rows(&read).await.unwrap();
        }
        trial.batch("ALTER TABLE thing ADD extra text; INSERT INTO thing VALUES (1, 'a')").await;
        for _ in 0..4 {
            let rows = trial.store.rows(&read).await.unwrap();
            assert_eq!(rows[0].get::<String>("extra").unwrap(), "a");
        }
    })
    .await;
}
