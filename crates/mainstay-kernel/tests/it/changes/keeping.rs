use std::time::Duration;

use mainstay_kernel::Clock;
use mainstay_kernel::changes::{Loss, Since};

use super::{Tail, few, is, is_postgres, live, now, stranger, write};
use crate::stores::{Given, on_both, on_postgres};

/// Lets the time pass for which changes are kept. SQLite's triggers go by the machine's clock.
fn pass(given: &Given) {
    let now = Clock::system().now().max(given.clock.now());
    given
        .clock
        .advance(now.since(given.clock.now()) + given.options.change_retention + Duration::from_secs(1));
}

/// What is past is gone by the second time: the first one says that it will be.
async fn sweep(given: &Given) {
    for _ in 0..2 {
        given.db.expire().await.expect("it does not wait for long");
    }
}

async fn kept(given: &Given) -> i64 {
    given.db.reader().sql("SELECT count(*) FROM mainstay_change").one().await.unwrap().unwrap()
}

on_both! {
    async fn a_token_that_is_older_than_changes_are_kept_has_expired(given: Given) {
        let db = &given.db;
        live(db).await;
        let old = now(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        db.expire().await.unwrap();
        let mut tail = Tail::of(db).await;
        assert!(matches!(db.changes(&old, few(9)).await.unwrap(), Since::Changes(..)), "its time has not come");
        pass(&given);
        sweep(&given).await;
        assert_eq!(kept(&given).await, 0);
        assert_eq!(db.changes(&old, few(9)).await.unwrap(), Since::Lost(Loss::Expired));
        write(db, &["INSERT INTO notes (id, title) VALUES (2, 'b')"]).await;
        assert_eq!(tail.seen().await, [is("note", "", "b")], "it had seen what is gone");
    }

    async fn whoever_reads_on_loses_nothing_while_changes_come_and_go(given: Given) {
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        let mut most = 0;
        for round in 0..12 {
            for id in 0..10 {
                write(db, &[&format!("INSERT INTO notes (id, title) VALUES ({round}{id}, 'r{round}n{id}')")]).await;
            }
            assert_eq!(tail.seen().await.len(), 10, "round {round}");
            most = most.max(kept(&given).await);
            pass(&given);
            sweep(&given).await;
        }
        let bound = if is_postgres(&given) { 40 } else { 10 };
        assert!(most <= bound, "{most} were kept at once");
        assert_eq!(tail.seen().await, []);
    }
}

#[test]
fn a_token_is_refused_before_the_changes_behind_it_are_gone() {
    on_postgres(async |given| {
        let db = &given.db;
        live(db).await;
        let old = now(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        db.expire().await.unwrap();
        pass(&given);
        db.expire().await.unwrap();
        // Whoever looks from a snapshot of this moment finds the table empty later on, and has been told.
        assert_eq!(
            (db.changes(&old, few(9)).await.unwrap(), kept(&given).await),
            (Since::Lost(Loss::Expired), 1)
        );
        db.expire().await.unwrap();
        assert_eq!(kept(&given).await, 0);
    });
}

#[test]
fn what_was_committed_late_is_kept_as_long_as_if_it_had_been_written_then() {
    on_postgres(async |given| {
        let db = &given.db;
        live(db).await;
        let open = stranger(&given).await;
        open.batch_execute("SET idle_in_transaction_session_timeout = 0; BEGIN; INSERT INTO notes (id, title) VALUES (1, 'late')").await.unwrap();
        write(db, &["INSERT INTO notes (id, title) VALUES (2, 'early')"]).await;
        let mut tail = Tail::of(db).await;
        for _ in 0..3 {
            db.expire().await.unwrap();
            pass(&given);
            assert_eq!(tail.seen().await, []);
        }
        // The table that holds the open one's change waits for it, for no longer than a moment.
        db.expire().await.unwrap();
        open.batch_execute("COMMIT").await.unwrap();
        db.expire().await.unwrap();
        assert_eq!(tail.seen().await, [is("note", "", "late")]);
        pass(&given);
        sweep(&given).await;
        assert_eq!(kept(&given).await, 0);
    });
}

#[test]
fn a_table_of_changes_is_emptied_only_when_nobody_has_it_open() {
    on_postgres(async |given| {
        let db = &given.db;
        live(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        db.expire().await.unwrap();
        pass(&given);
        let reader = stranger(&given).await;
        reader.batch_execute("BEGIN; SELECT count(*) FROM mainstay_change").await.unwrap();
        sweep(&given).await;
        assert_eq!(kept(&given).await, 1);
        reader.batch_execute("COMMIT").await.unwrap();
        sweep(&given).await;
        assert_eq!(kept(&given).await, 0);
    });
}
