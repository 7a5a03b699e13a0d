use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::ffi;

use super::{again_alone, begin, committed, done, failed, insert, numbers, open, sql, write};
use crate::ErrorKind;
use crate::store::{Commit, Company, Rollback};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_answered_before_the_commit() {
    let db = open().await;
    let answered = Arc::new(AtomicUsize::new(0));
    let finished = Arc::new(AtomicUsize::new(0));
    let (answers, reader) = (Arc::clone(&answered), Arc::downgrade(&db));
    let mut durable = 0;
    db.writer.probe.set(move || {
        let Some(db) = reader.upgrade() else { return Ok(()) };
        assert_eq!(db.version() % 2, 1, "a commit is on its way");
        let visible = usize::try_from(committed::<i64>(&db, "select count(*) from t")).unwrap();
        assert!(visible >= durable, "what was durable is visible");
        durable = visible;
        assert!(answers.load(Ordering::SeqCst) <= visible, "an answer came before its commit");
        Ok(())
    });
    let members: Vec<_> = (0..200)
        .map(|n| {
            let (db, answered, finished) = (Arc::clone(&db), Arc::clone(&answered), Arc::clone(&finished));
            tokio::spawn(async move {
                let tx = begin(&db).await;
                tx.execute(&insert(n)).unwrap();
                finished.fetch_add(1, Ordering::SeqCst);
                done(tx.commit(None).await);
                answered.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    for member in members {
        member.await.unwrap();
    }
    assert_eq!(numbers(&db).await.len(), 200);
    assert_eq!(db.version() % 2, 0);
}

#[tokio::test]
async fn the_version_changes_with_writes_only() {
    let db = open().await;
    let before = db.version();
    let tx = begin(&db).await;
    tx.rows(&sql("select * from t")).unwrap();
    done(tx.commit(None).await);
    assert_eq!(db.version(), before);
    write(&db, "insert into t values (1, 1)").await;
    assert_eq!(db.version(), before + 2);
}

/// Two members in one group.
async fn two(db: &Arc<crate::store::sqlite::Sqlite>, statements: [&str; 2]) -> [Commit; 2] {
    let first = begin(db).await;
    first.execute(&sql(statements[0])).unwrap();
    let theirs = Arc::clone(db);
    let statement = sql(statements[1]);
    let second = tokio::spawn(async move {
        let second = begin(&theirs).await;
        second.execute(&statement).unwrap();
        second.commit(None).await
    });
    tokio::task::yield_now().await;
    [first.commit(None).await, second.await.unwrap()]
}

#[tokio::test]
async fn a_deferred_reference_that_does_not_hold_sends_the_group_back_and_alone_it_fails() {
    let db = open().await;
    write(&db, "create table child (t integer references t (n) deferrable initially deferred) strict").await;
    let (good, bad) = ("insert into t values (1, 1)", "insert into child values (99)");
    let commits = db.writer.probe.count();
    for commit in two(&db, [good, bad]).await {
        again_alone(&commit);
    }
    assert_eq!(commits.load(Ordering::SeqCst), 1, "they were in one group");
    let alone = db.begin(None, Company::Alone).await.unwrap();
    alone.execute(&sql(bad)).unwrap();
    let error = failed(alone.commit(None).await);
    assert!(matches!(error.kind(), ErrorKind::ForeignKeyViolation { .. }), "{error:?}");
    write(&db, good).await;
    assert_eq!(numbers(&db).await, [1]);
}

#[tokio::test]
async fn a_commit_that_fails_sends_its_group_back() {
    let db = open().await;
    db.writer.probe.fail_once(ffi::SQLITE_FULL);
    for commit in two(&db, ["insert into t values (1, 1)", "insert into t values (2, 2)"]).await {
        again_alone(&commit);
    }
    write(&db, "insert into t values (3, 3)").await;
    assert_eq!(numbers(&db).await, [3], "nothing of the failed group stayed");
    assert_eq!(db.version() % 2, 0);
}

type Judge = fn(&Commit) -> bool;

#[tokio::test]
async fn a_commit_that_fails_alone_says_why() {
    let db = open().await;
    let cases: [(i32, Judge); 2] = [
        (
            ffi::SQLITE_FULL,
            |it| matches!(it, Commit::Failed(error) if matches!(error.kind(), ErrorKind::Unavailable)),
        ),
        (ffi::SQLITE_BUSY, |it| matches!(it, Commit::Again)),
    ];
    for (code, expected) in cases {
        db.writer.probe.fail_once(code);
        let tx = begin(&db).await;
        tx.execute(&insert(1)).unwrap();
        let commit = tx.commit(None).await;
        assert!(expected(&commit), "{code}: {commit:?}");
        assert_eq!(numbers(&db).await, [0_i64; 0]);
    }
}

#[tokio::test]
async fn an_answer_that_rests_on_uncommitted_rows_waits_for_them() {
    let db = open().await;
    let first = begin(&db).await;
    first.execute(&insert(1)).unwrap();
    let theirs = Arc::clone(&db);
    let second = tokio::spawn(async move {
        let second = begin(&theirs).await;
        assert!(second.execute(&insert(1)).unwrap_err().is_unique_violation());
        second.rollback().await
    });
    tokio::task::yield_now().await;
    db.writer.probe.fail_once(ffi::SQLITE_FULL);
    again_alone(&first.commit(None).await);
    assert_eq!(second.await.unwrap(), Rollback::AgainAlone, "the row it failed on never was");
}

/// The child of the test below: run by itself it has nothing to do.
const CHILD: &str = "MAINSTAY_TEST_FAILED_SYNC";

#[test]
fn a_failed_sync_ends_the_process() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        runtime.block_on(async {
            let db = open().await;
            db.writer.probe.fail_once(ffi::SQLITE_IOERR_FSYNC);
            write(&db, "insert into t values (1, 1)").await;
        });
        return;
    }
    let name = concat!(module_path!(), "::a_failed_sync_ends_the_process");
    let (_, name) = name.split_once("::").unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let abort = 6;
    assert_eq!(child.status.signal(), Some(abort), "{}", String::from_utf8_lossy(&child.stdout));
}

#[tokio::test]
async fn only_the_framework_begins_commits_and_sets_pragmas() {
    let db = open().await;
    let refused = [
        "commit",
        "COMMIT",
        "rollback",
        "begin",
        "savepoint s",
        "release member",
        "pragma synchronous = off",
        "attach ':memory:' as other",
    ];
    for text in refused {
        let tx = begin(&db).await;
        tx.execute(&insert(1)).unwrap();
        assert!(tx.execute(&sql(text)).is_err(), "{text}");
        assert_eq!(tx.rollback().await, Rollback::Final);
        assert!(db.rows(&sql(text)).await.is_err(), "{text} by a reader");
    }
    assert_eq!(numbers(&db).await, [0_i64; 0]);
    assert!(!db.rows(&sql("select name from pragma_table_info('t')")).await.unwrap().is_empty());
}

#[tokio::test]
async fn after_a_failed_statement_nothing_runs_and_nothing_is_committed() {
    let db = open().await;
    let tx = begin(&db).await;
    tx.execute(&insert(1)).unwrap();
    assert!(tx.execute(&insert(1)).unwrap_err().is_unique_violation());
    assert!(tx.execute(&insert(2)).is_err());
    let error = failed(tx.commit(None).await);
    assert!(error.to_string().contains("failed before"), "{error}");
    assert_eq!(numbers(&db).await, [0_i64; 0]);
}

#[tokio::test]
async fn a_statement_counts_what_it_touched_itself() {
    let db = open().await;
    let tx = begin(&db).await;
    assert_eq!(tx.execute(&sql("insert into t values (1, 1), (2, 2), (3, 3)")).unwrap(), 3);
    assert_eq!(tx.execute(&sql("create table other (x integer) strict")).unwrap(), 0);
    assert_eq!(tx.execute(&sql("update t set m = 9 where n = 77")).unwrap(), 0);
    assert_eq!(tx.execute(&sql("update t set m = m + 10 where n > 1 returning n")).unwrap(), 2);
    assert_eq!(tx.execute(&sql("delete from t")).unwrap(), 3);
    done(tx.commit(None).await);
}

#[tokio::test]
async fn a_schema_can_be_changed_like_any_row() {
    let db = open().await;
    let changes = [
        "alter table t add column k text not null default ''",
        "alter table t rename column k to l",
        "create index t_l on t (l)",
        "drop index t_l",
        "alter table t drop column l",
        "create view v as select n from t",
        "drop view v",
        "alter table t rename to u",
        "drop table u",
    ];
    for change in changes {
        write(&db, change).await;
    }
}
