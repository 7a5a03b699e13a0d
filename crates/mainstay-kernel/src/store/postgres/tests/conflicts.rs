use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::trial::{Trial, answer, bind, record, request, sql};
use crate::store::{Commit, Rollback};
use crate::{ErrorKind, Id, Request, Statement, Value};

/// Strangers must not conflict: a look-up of the result inside the SERIALIZABLE transaction makes
/// them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unrelated_requests_do_not_run_again() {
    const CLIENTS: usize = 16;
    const ROUNDS: usize = 50;
    let set = |options: &mut crate::DbOptions| options.pool_size = CLIENTS;
    Trial::run_with(set, async |trial| {
        // Half empty, so that an update adds nothing to the index that the others read.
        trial
            .batch("CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50)")
            .await;
        trial.batch("INSERT INTO thing SELECT id, 0 FROM generate_series(1, 20000) id; ANALYZE thing").await;
        trial.batch("CREATE TABLE log (id uuid PRIMARY KEY)").await;
        let again = AtomicUsize::new(0);
        join_all((0..CLIENTS).map(async |client| {
            for round in 0..ROUNDS {
                let request = request(&format!("{client}/{round}"));
                let thing = i64::try_from(1 + (client * ROUNDS + round) * 20).unwrap();
                while !mutate(trial, &request, thing).await {
                    again.fetch_add(1, Ordering::Relaxed);
                }
            }
        }))
        .await;
        let again = again.into_inner();
        assert!(again * 200 < CLIENTS * ROUNDS, "{again} of {} ran again", CLIENTS * ROUNDS);
    })
    .await;
}

/// Whether it committed.
async fn mutate(trial: &Trial, request: &Request, thing: i64) -> bool {
    let tx = trial.store.begin(Some(request)).await.unwrap();
    let ran = async {
        tx.execute(&bind("UPDATE thing SET n = n + 1 WHERE id = $1", thing)).await?;
        tx.execute(&bind("INSERT INTO log VALUES ($1)", Id::<()>::new())).await
    };
    let commit = match ran.await {
        Ok(_) => tx.commit(Some(record(request, &answer("{}")))).await,
        Err(error) => {
            assert_eq!(tx.rollback().await, Rollback::Again, "{error:?}");
            Commit::Again
        }
    };
    assert!(matches!(commit, Commit::Done | Commit::Again), "{commit:?}");
    matches!(commit, Commit::Done)
}

/// Each reads what the other writes. Whoever is refused finds out although the handler hides it.
#[tokio::test]
async fn a_conflict_that_a_handler_swallows_still_runs_it_again() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
        trial.batch("INSERT INTO thing VALUES (1, 0), (2, 0)").await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let (one, two) = (trial.begin().await, trial.begin().await);
            one.rows(&sql("SELECT sum(n)::bigint FROM thing")).await.unwrap();
            two.rows(&sql("SELECT sum(n)::bigint FROM thing")).await.unwrap();
            one.execute(&sql("UPDATE thing SET n = n + 1 WHERE id = 1")).await.unwrap();
            assert!(matches!(one.commit(None).await, Commit::Done));
            let swallowed = two.execute(&sql("UPDATE thing SET n = n + 1 WHERE id = 2")).await;
            assert_eq!(swallowed.unwrap_err().kind(), &ErrorKind::Conflict);
            assert!(matches!(two.commit(record).await, Commit::Again));
        }
    })
    .await;
}

#[tokio::test]
async fn a_conflict_found_by_the_commit_runs_the_handler_again() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
        trial.batch("INSERT INTO thing VALUES (1, 0), (2, 0)").await;
        let (one, two) = (trial.begin().await, trial.begin().await);
        for (tx, update) in [
            (&one, "UPDATE thing SET n = n + 1 WHERE id = 1"),
            (&two, "UPDATE thing SET n = n + 1 WHERE id = 2"),
        ] {
            tx.rows(&sql("SELECT sum(n)::bigint FROM thing")).await.unwrap();
            tx.execute(&sql(update)).await.unwrap();
        }
        assert!(matches!(one.commit(None).await, Commit::Done));
        let commit = two.commit(None).await;
        assert!(matches!(commit, Commit::Again), "{commit:?}");
    })
    .await;
}

#[tokio::test]
async fn the_second_run_of_a_request_waits_for_the_first_and_is_a_duplicate() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint)").await;
        let (request, answer) = (request("one"), answer("{}"));
        let insert = sql("INSERT INTO thing VALUES (1)");
        // Both look the request up before either has kept an answer.
        let (one, two) = (
            trial.store.begin(Some(&request)).await.unwrap(),
            trial.store.begin(Some(&request)).await.unwrap(),
        );
        one.execute(&insert).await.unwrap();
        two.execute(&insert).await.unwrap();
        let backend = two.lease.backend();
        let keep = "INSERT INTO mainstay_result SELECT $1, '', '', 0, '[]', '', now(), now()";
        one.execute(&bind(keep, Value::Uuid(request.id))).await.unwrap();
        let second = two.commit(Some(record(&request, &answer)));
        let first = async {
            trial.until_waiting(backend).await;
            one.commit(None).await
        };
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(matches!(first, Commit::Done), "{first:?}");
        assert!(matches!(second, Commit::Duplicate), "{second:?}");
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM thing").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_does_not_wait_for_the_first_run_forever() {
    let set = |options: &mut crate::DbOptions| options.replay_wait = Duration::from_millis(50);
    Trial::run_with(set, async |trial| {
        trial.batch("CREATE TABLE thing (id bigint)").await;
        let (request, answer) = (request("one"), answer("{}"));
        let keep = "INSERT INTO mainstay_result SELECT $1, '', '', 0, '[]', '', now(), now()";
        let first = trial.begin().await;
        first.execute(&bind(keep, Value::Uuid(request.id))).await.unwrap();
        let insert = sql("INSERT INTO thing VALUES (1)");

        let tx = trial.begin().await;
        tx.execute(&insert).await.unwrap();
        let commit = tx.commit(Some(record(&request, &answer))).await;
        assert!(
            matches!(&commit, Commit::Failed(error) if error.kind() == &ErrorKind::RequestInProgress),
            "{commit:?}"
        );

        let (commit, _) = trial.store.write_one(&insert, Some(record(&request, &answer))).await.unwrap();
        assert!(
            matches!(&commit, Commit::Failed(error) if error.kind() == &ErrorKind::RequestInProgress),
            "{commit:?}"
        );

        let tx = trial.begin().await;
        let error = tx.execute(&sql("LOCK TABLE mainstay_result")).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooSlow(50), "any other lock");
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM thing").await, 0);
        first.rollback().await;
    })
    .await;
}

#[tokio::test]
async fn one_of_two_that_wait_for_each_other_runs_again() {
    Trial::run(async |trial| {
        trial.batch("CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
        trial.batch("INSERT INTO thing VALUES (1, 0), (2, 0)").await;
        let update = |id: i64| Statement::new("UPDATE thing SET n = n + 1 WHERE id = $1").bind(id);
        let (one, two) = (trial.begin().await, trial.begin().await);
        one.execute(&update(1)).await.unwrap();
        two.execute(&update(2)).await.unwrap();
        let (to_two, to_one) = (update(2), update(1));
        let (first, second) =
            futures_util::future::join(async { (one.execute(&to_two).await, one.rollback().await) }, async {
                (two.execute(&to_one).await, two.rollback().await)
            })
            .await;
        let outcomes = [first, second];
        let refused: Vec<_> = outcomes.iter().filter(|(ran, _)| ran.is_err()).collect();
        assert!(!refused.is_empty());
        for (ran, rollback) in refused {
            assert_eq!(ran.as_ref().unwrap_err().kind(), &ErrorKind::Conflict);
            assert_eq!(*rollback, Rollback::Again);
        }
    })
    .await;
}
