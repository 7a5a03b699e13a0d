use std::time::Duration;

use super::proxy::{Proxy, SOON};
use super::trial::{Trial, answer, bind, first, options, record, request, sql};
use crate::ErrorKind;
use crate::store::postgres::results::{KEEP, LOOK_UP};
use crate::store::postgres::{Postgres, PostgresTx};
use crate::store::{Commit, Rollback};

const TABLE: &str = "CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL)";
const INSERT: &str = "INSERT INTO thing VALUES ($1, 0)";
const COUNT: &str = "SELECT count(*) FROM thing";

#[tokio::test]
async fn a_transaction_is_seen_once_it_commits_and_never_when_it_rolls_back() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let tx = trial.begin().await;
        assert_eq!(tx.execute(&bind(INSERT, 1)).await.unwrap(), 1);
        let rows = tx.rows(&sql("SELECT n FROM thing")).await.unwrap();
        assert_eq!(first::<i64>(&rows), 0);
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        assert!(matches!(tx.commit(None).await, Commit::Done));
        assert_eq!(trial.see::<i64>(COUNT).await, 1);

        let tx = trial.begin().await;
        tx.execute(&bind(INSERT, 2)).await.unwrap();
        assert_eq!(tx.rollback().await, Rollback::Final);
        assert_eq!(trial.see::<i64>(COUNT).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_mutation_of_one_statement_takes_two_round_trips() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let mut options = options(proxy.url());
        options.pool_size = 1;
        let store = Postgres::open(&options).await.unwrap();
        let answer = answer("{}");
        for round in 1..=2 {
            proxy.turns();
            let request = request(&round.to_string());
            let tx = store.begin(Some(&request)).await.unwrap();
            assert!(proxy.turns().is_empty(), "to begin sends nothing");
            tx.execute(&bind(INSERT, round)).await.unwrap();
            let commit = tx.commit(Some(record(&request, &answer))).await;
            assert!(matches!(commit, Commit::Done), "{commit:?}");
        }
        let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
        assert_eq!(proxy.turns(), [vec![LOOK_UP, begin, INSERT], vec![KEEP, "COMMIT"]], "with all prepared");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_without_a_request_looks_nothing_up() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let mut options = options(proxy.url());
        options.pool_size = 1;
        let store = Postgres::open(&options).await.unwrap();
        for round in 1..=2 {
            proxy.turns();
            let tx = store.begin(None).await.unwrap();
            tx.execute(&bind(INSERT, round)).await.unwrap();
            assert!(matches!(tx.commit(None).await, Commit::Done));
        }
        let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
        assert_eq!(proxy.turns(), [vec![begin, INSERT], vec!["SELECT; COMMIT"]]);
        assert!(matches!(store.begin(None).await.unwrap().commit(None).await, Commit::Done));
        assert!(proxy.turns().is_empty(), "nothing was run, so nothing is sent");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_answered_request_does_not_run_again() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{\"n\":1}"));
        let tx = trial.store.begin(Some(&request)).await.unwrap();
        tx.execute(&bind(INSERT, 1)).await.unwrap();
        assert!(matches!(tx.commit(Some(record(&request, &answer))).await, Commit::Done));

        let tx = trial.store.begin(Some(&request)).await.unwrap();
        let error = tx.execute(&bind(INSERT, 2)).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Answered);
        let error = tx.execute(&bind(INSERT, 3)).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Answered);
        assert_eq!(tx.rollback().await, Rollback::Answered);
        assert_eq!(trial.see::<i64>(COUNT).await, 1);

        let kept = trial.store.kept(&request).await.unwrap().unwrap();
        assert_eq!(
            (kept.path, kept.input, kept.answer),
            (request.path.clone(), request.input.to_vec(), answer)
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_kept_although_nothing_was_run() {
    Trial::run(async |trial| {
        let (request, answer) = (request("one"), answer("{}"));
        for expected in ["Done", "Duplicate"] {
            let tx = trial.store.begin(Some(&request)).await.unwrap();
            assert_eq!(format!("{:?}", tx.commit(Some(record(&request, &answer))).await), expected);
        }
        assert_eq!(trial.store.kept(&request).await.unwrap().unwrap().answer, answer);
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_swallows_a_failed_statement_cannot_commit() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let tx = trial.begin().await;
            tx.execute(&bind(INSERT, 1)).await.unwrap();
            let swallowed = tx.execute(&bind(INSERT, 1)).await.unwrap_err();
            let ErrorKind::UniqueViolation { table, constraint, columns } = swallowed.kind() else {
                panic!("{swallowed:?}")
            };
            assert_eq!(
                (&**table, constraint.as_deref(), &columns[..]),
                ("thing", Some("thing_pkey"), &["id".to_owned()][..])
            );
            assert!(tx.execute(&bind(INSERT, 2)).await.is_err(), "nothing follows a failed statement");
            let commit = tx.commit(record).await;
            assert!(matches!(&commit, Commit::Failed(error) if error.is_unique_violation()), "{commit:?}");
        }
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        assert!(trial.store.kept(&request).await.unwrap().is_none());
    })
    .await;
}

/// What the transaction itself did not see fail, the last flush does.
#[tokio::test]
async fn the_commit_of_a_transaction_that_failed_unseen_is_no_success() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let tx = trial.begin().await;
            tx.execute(&bind(INSERT, 1)).await.unwrap();
            tx.lease.batch("SELECT 1/0").await.unwrap_err();
            let commit = tx.commit(record).await;
            assert!(matches!(commit, Commit::Failed(_)), "{commit:?}");
        }
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        assert_sound(trial).await;
    })
    .await;
}

#[tokio::test]
async fn a_constraint_checked_at_commit_fails_it() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        trial
            .batch("CREATE TABLE part (id bigint REFERENCES thing DEFERRABLE INITIALLY DEFERRED)")
            .await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let tx = trial.begin().await;
            tx.execute(&sql("INSERT INTO part VALUES (7)")).await.unwrap();
            let commit = tx.commit(record).await;
            assert!(
                matches!(&commit, Commit::Failed(error) if matches!(error.kind(), ErrorKind::ForeignKeyViolation { .. })),
                "{commit:?}"
            );
        }
        assert_sound(trial).await;
    })
    .await;
}

/// A second look-up would be inside the transaction.
#[tokio::test]
async fn statements_that_start_together_open_one_transaction() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let proxy = Proxy::of(&trial.url).await;
        let mut options = options(proxy.url());
        options.pool_size = 1;
        let store = Postgres::open(&options).await.unwrap();
        let request = request("one");
        let tx = store.begin(Some(&request)).await.unwrap();
        proxy.turns();
        let (one, two) = (bind(INSERT, 1), bind(INSERT, 2));
        let (one, two) = futures_util::future::join(tx.execute(&one), tx.execute(&two)).await;
        assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        assert_eq!(tx.rollback().await, Rollback::Final);
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
        let said = proxy.turns().concat();
        assert_eq!(said.iter().filter(|it| it.starts_with("BEGIN")).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|it| *it == LOOK_UP).count(), 1, "{said:?}");
        store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_dropped_while_it_waits_holds_no_lock_and_spoils_no_connection() {
    // No other limit is to end the wait.
    Trial::run_with(
        |options| options.replay_wait = Duration::from_secs(600),
        async |trial| {
            trial.batch(TABLE).await;
            trial.batch("INSERT INTO thing VALUES (1, 0), (2, 0)").await;
            trial.hold("UPDATE thing SET n = 1 WHERE id = 2").await;
            let tx = trial.begin().await;
            tx.execute(&sql("UPDATE thing SET n = 1 WHERE id = 1")).await.unwrap();
            let backend = tx.lease.backend();
            let update = sql("UPDATE thing SET n = 2 WHERE id = 2");
            tokio::select! {
                done = tx.execute(&update) => panic!("{done:?}"),
                () = trial.until_waiting(backend) => {}
            }
            drop(tx);
            trial
                .until(&format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {}", backend.id))
                .await;
            trial.let_go().await;
            let tx = trial.begin().await;
            assert_eq!(tx.execute(&sql("UPDATE thing SET n = 3")).await.unwrap(), 2);
            assert!(matches!(tx.commit(None).await, Commit::Done));
            assert_sound(trial).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_statement_that_was_given_up_fails_its_transaction() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        trial.batch("CREATE TABLE gate ()").await;
        trial.hold("LOCK TABLE gate").await;
        let tx = trial.begin().await;
        tx.execute(&bind(INSERT, 1)).await.unwrap();
        let (backend, lock) = (tx.lease.backend(), sql("LOCK TABLE gate"));
        tokio::select! {
            done = tx.execute(&lock) => panic!("{done:?}"),
            () = trial.until_waiting(backend) => {}
        }
        // Now it succeeds, and nobody has seen whether.
        trial.let_go().await;
        tx.execute(&bind(INSERT, 2)).await.unwrap_err();
        let commit = tx.commit(None).await;
        assert!(matches!(commit, Commit::Failed(_)), "{commit:?}");
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_store_finishes_what_runs_and_begins_nothing() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let tx = trial.begin().await;
        tx.execute(&bind(INSERT, 1)).await.unwrap();
        let stop = trial.store.stop();
        tokio::pin!(stop);
        assert!(tokio::time::timeout(Duration::ZERO, &mut stop).await.is_err(), "it waits");
        assert_eq!(trial.store.begin(None).await.err().unwrap().kind(), &ErrorKind::Draining);
        assert_eq!(trial.store.rows(&sql("SELECT 1")).await.unwrap_err().kind(), &ErrorKind::Draining);
        assert!(matches!(tx.commit(None).await, Commit::Done));
        tokio::time::timeout(SOON, stop).await.unwrap();
        assert_eq!(trial.see::<i64>(COUNT).await, 1);
        trial.store.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_statement_on_an_altered_table_is_run_again() {
    Trial::run_with(
        |options| options.pool_size = 1,
        async |trial| {
            trial.batch(TABLE).await;
            let read = sql("SELECT * FROM thing");
            let tx = trial.begin().await;
            tx.rows(&read).await.unwrap();
            assert!(matches!(tx.commit(None).await, Commit::Done));
            trial.batch("ALTER TABLE thing ADD extra text").await;
            let tx = trial.begin().await;
            assert_eq!(tx.rows(&read).await.unwrap_err().kind(), &ErrorKind::Conflict);
            assert_eq!(tx.rollback().await, Rollback::Again);
            let tx = trial.begin().await;
            tx.rows(&read).await.unwrap();
            assert!(matches!(tx.commit(None).await, Commit::Done));
        },
    )
    .await;
}

#[tokio::test]
async fn begin_and_commit_are_not_a_handlers_to_say() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let tx = trial.begin().await;
        tx.execute(&bind(INSERT, 1)).await.unwrap();
        let error = tx.execute(&sql("commit")).await.unwrap_err();
        assert!(error.to_string().contains("`commit`"), "{error}");
        assert!(matches!(tx.commit(None).await, Commit::Failed(_)));
        assert_eq!(trial.see::<i64>(COUNT).await, 0);
    })
    .await;
}

/// All connections of the pool can be used for a whole transaction.
async fn assert_sound(trial: &Trial) {
    let mut open: Vec<PostgresTx> = Vec::new();
    for _ in 0..4 {
        let tx = trial.begin().await;
        tx.execute(&sql("SELECT 1")).await.unwrap();
        open.push(tx);
    }
    for tx in open {
        assert!(matches!(tx.commit(None).await, Commit::Done));
    }
}
