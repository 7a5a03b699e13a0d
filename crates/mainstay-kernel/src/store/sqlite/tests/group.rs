use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::poll;

use super::{ENDLESS_READ, ENDLESS_WRITE, is_too_slow};
use super::{again_alone, begin, committed, done, insert, numbers, open, open_with, sql, write};
use crate::store::sqlite::{Sqlite, SqliteTx};
use crate::store::{Commit, Company, Rollback};
use crate::{ErrorKind, Result};

type Begin<'a> = Pin<Box<dyn Future<Output = Result<SqliteTx>> + Send + 'a>>;

/// Joins the line without waiting in it.
async fn in_line(db: &Sqlite, company: Company) -> Begin<'_> {
    let mut begin: Begin<'_> = Box::pin(db.begin(None, company));
    assert!(poll!(&mut begin).is_pending());
    begin
}

/// A member that has finished and waits for its group, and the next one, which holds the writer.
async fn one_finished_one_open(db: &Arc<Sqlite>) -> (tokio::task::JoinHandle<Commit>, SqliteTx) {
    let first = begin(db).await;
    first.execute(&insert(1)).unwrap();
    let second = in_line(db, Company::Grouped).await;
    let first = tokio::spawn(first.commit(None));
    (first, second.await.unwrap())
}

#[tokio::test]
async fn a_dropped_member_is_undone_and_the_next_one_writes() {
    let db = open().await;
    let tx = begin(&db).await;
    tx.execute(&insert(1)).unwrap();
    let next = in_line(&db, Company::Grouped).await;
    drop(tx);
    let next = next.await.unwrap();
    next.execute(&insert(2)).unwrap();
    done(next.commit(None).await);
    assert_eq!(numbers(&db).await, [2]);
}

#[tokio::test]
async fn a_dropped_member_does_not_take_its_group_with_it() {
    let db = open().await;
    let (first, second) = one_finished_one_open(&db).await;
    second.execute(&insert(2)).unwrap();
    drop(second);
    done(first.await.unwrap());
    assert_eq!(numbers(&db).await, [1]);
}

#[tokio::test]
async fn a_panicking_member_is_undone_and_the_next_one_writes() {
    let db = open().await;
    let theirs = Arc::clone(&db);
    let panicked = tokio::spawn(async move {
        let tx = begin(&theirs).await;
        tx.execute(&insert(1)).unwrap();
        panic!("a handler's own fault");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    write(&db, "insert into t values (2, 2)").await;
    assert_eq!(numbers(&db).await, [2]);
}

#[tokio::test]
async fn a_turn_that_nobody_takes_up_goes_to_the_next_in_line() {
    let db = open().await;
    let first = begin(&db).await;
    first.execute(&insert(1)).unwrap();
    let given_up = in_line(&db, Company::Grouped).await;
    let last = in_line(&db, Company::Grouped).await;
    let mut first = pin!(first.commit(None));
    // From here the turn lies in the channel of the one who will not come for it.
    assert!(poll!(&mut first).is_pending());
    drop(given_up);
    let last = last.await.unwrap();
    last.execute(&insert(3)).unwrap();
    done(last.commit(None).await);
    done(first.await);
    assert_eq!(numbers(&db).await, [1, 3]);
}

#[tokio::test]
async fn the_last_turn_that_nobody_takes_up_still_commits_the_group() {
    let db = open().await;
    let first = begin(&db).await;
    first.execute(&insert(1)).unwrap();
    let given_up = in_line(&db, Company::Grouped).await;
    let mut first = pin!(first.commit(None));
    assert!(poll!(&mut first).is_pending());
    drop(given_up);
    done(first.await);
    assert_eq!(numbers(&db).await, [1]);
}

#[tokio::test]
async fn whoever_waits_for_its_commit_may_leave_without_harm() {
    let db = open().await;
    let (first, second) = one_finished_one_open(&db).await;
    first.abort();
    second.execute(&insert(2)).unwrap();
    done(second.commit(None).await);
    assert_eq!(numbers(&db).await, [1, 2]);
}

#[test]
fn a_member_dropped_after_its_runtime_commits_the_others_on_the_spot() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (db, second) = runtime.block_on(async {
        let db = open().await;
        let (_first, second) = one_finished_one_open(&db).await;
        (db, second)
    });
    drop(runtime);
    drop(second);
    assert_eq!(committed::<i64>(&db, "select count(*) from t"), 1);
}

#[tokio::test]
async fn an_interrupted_write_sends_its_group_back_and_fails_alone() {
    let db = open_with(|options| options.write_budget = Duration::from_secs(1)).await;
    let (first, second) = one_finished_one_open(&db).await;
    is_too_slow(&second.execute(&sql(ENDLESS_WRITE)).unwrap_err());
    again_alone(&first.await.unwrap());
    assert_eq!(second.rollback().await, Rollback::Final, "it was its own fault");
    write(&db, "insert into t values (5, 5)").await;
    assert_eq!(numbers(&db).await, [5]);
}

#[tokio::test]
async fn an_interrupted_read_costs_its_group_nothing() {
    let db = open_with(|options| options.write_budget = Duration::from_secs(1)).await;
    let (first, second) = one_finished_one_open(&db).await;
    let error = second.rows(&sql(ENDLESS_READ)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::TooSlow(1000));
    assert_eq!(second.rollback().await, Rollback::Final);
    done(first.await.unwrap());
}

#[tokio::test]
async fn many_short_statements_use_the_budget_up_too() {
    let db = open_with(|options| options.write_budget = Duration::from_secs(1)).await;
    let tx = begin(&db).await;
    // Each is a statement of its own, too short for SQLite to look at the clock.
    let error = (0..).find_map(|n| tx.rows(&sql(&format!("select {n}"))).err()).unwrap();
    is_too_slow(&error);
    assert!(matches!(tx.commit(None).await, Commit::Failed(_)));
}

#[tokio::test]
async fn a_transaction_without_a_budget_runs_on() {
    let db = open_with(|options| options.write_budget = Duration::ZERO).await;
    let tx = begin(&db).await;
    tx.without_budget();
    tx.execute(&insert(1)).unwrap();
    done(tx.commit(None).await);
}

#[tokio::test]
async fn a_full_disk_sends_the_group_back_and_alone_it_fails() {
    let db = open().await;
    let limit = begin(&db).await;
    limit.script("pragma max_page_count = 40").unwrap();
    done(limit.commit(None).await);
    let too_much = sql(
        "insert into t (n) with recursive c(x) as (select 1 union all select x + 1 from c limit 90000) select x + 9 from c",
    );

    let (first, second) = one_finished_one_open(&db).await;
    assert_eq!(second.execute(&too_much).unwrap_err().kind(), &ErrorKind::Unavailable);
    let next = second.execute(&insert(7)).unwrap_err();
    assert!(matches!(next.kind(), ErrorKind::GroupLost | ErrorKind::Internal(_)), "{next:?}");
    let second = second.rollback().await;
    match first.await.unwrap() {
        // SQLite closed the transaction: nobody can say whose fault it was.
        Commit::AgainAlone => assert_eq!(second, Rollback::AgainAlone),
        // It undid the statement alone.
        commit => {
            done(commit);
            assert_eq!(second, Rollback::Final);
        }
    }

    let alone = db.begin(None, Company::Alone).await.unwrap();
    assert_eq!(alone.execute(&too_much).unwrap_err().kind(), &ErrorKind::Unavailable);
    assert_eq!(alone.rollback().await, Rollback::Final);
    write(&db, "insert into t values (5, 5)").await;
    assert_eq!(committed::<i64>(&db, "select count(*) from t where n = 5"), 1);
}

#[tokio::test]
async fn those_in_line_write_in_the_order_they_came() {
    let db = open().await;
    let holder = begin(&db).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut members = Vec::new();
    for n in 0..40 {
        let (db, order) = (Arc::clone(&db), Arc::clone(&order));
        let (joined, has_joined) = tokio::sync::oneshot::channel();
        members.push(tokio::spawn(async move {
            let begin = in_line(&db, Company::Grouped).await;
            joined.send(()).unwrap();
            let tx = begin.await.unwrap();
            order.lock().unwrap().push(n);
            done(tx.commit(None).await);
        }));
        has_joined.await.unwrap();
    }
    done(holder.commit(None).await);
    for member in members {
        member.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_who_asked_to_be_alone_shares_its_commit_with_nobody() {
    let db = open().await;
    let first = begin(&db).await;
    first.execute(&insert(1)).unwrap();
    let alone = in_line(&db, Company::Alone).await;
    let last = in_line(&db, Company::Grouped).await;
    // Were the second in its group, the first could not be durable before it.
    done(first.commit(None).await);
    let alone = alone.await.unwrap();
    assert_eq!(numbers(&db).await, [1]);
    alone.execute(&insert(2)).unwrap();
    // Nor does the third join it.
    done(alone.commit(None).await);
    assert_eq!(numbers(&db).await, [1, 2]);
    done(last.await.unwrap().commit(None).await);
}

/// Adds to one counter from many tasks; some give up. The counter is what was acknowledged.
async fn hammer(db: &Arc<Sqlite>, tasks: i64, rounds: i64) {
    write(db, "insert into t values (1, 0)").await;
    let mut members = Vec::new();
    for task in 0..tasks {
        let db = Arc::clone(db);
        members.push(tokio::spawn(async move {
            let mut acknowledged = 0;
            for round in 0..rounds {
                let tx = begin(&db).await;
                tx.execute(&sql("update t set m = m + 1 where n = 1")).unwrap();
                match (task + round) % 5 {
                    0 => drop(tx),
                    1 => assert_eq!(tx.rollback().await, Rollback::Final),
                    _ => {
                        done(tx.commit(None).await);
                        acknowledged += 1;
                    }
                }
            }
            acknowledged
        }));
    }
    let mut acknowledged = 0;
    for member in members {
        acknowledged += member.await.unwrap();
    }
    assert_eq!(committed::<i64>(db, "select m from t where n = 1"), acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_counter_under_many_members_is_what_was_acknowledged() {
    hammer(&open().await, 64, 40).await;
}

#[tokio::test]
async fn one_thread_is_enough() {
    hammer(&open().await, 32, 20).await;
}

#[tokio::test]
async fn members_that_are_ready_share_a_commit_even_on_one_thread() {
    let db = open().await;
    let commits = db.writer.probe.count();
    let member = async |n| {
        let tx = begin(&db).await;
        tx.execute(&insert(n)).unwrap();
        done(tx.commit(None).await);
    };
    tokio::join!(member(1), member(2));
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    assert_eq!(numbers(&db).await, [1, 2]);
}
