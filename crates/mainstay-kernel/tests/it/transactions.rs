use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mainstay_kernel::{Error, ErrorKind, Result, Tx, write_tx};

use crate::stores::{Given, bump, count, counter, on_both};

on_both! {
    async fn what_a_failed_handler_wrote_is_gone(given: Given) {
        counter(&given.db).await;
        let failed: Result<()> = given.db.write(async |tx: &mut Tx| {
            bump(tx, "a").await?;
            Err(Error::http(418, "teapot", "no"))
        }).await;
        assert!(matches!(failed.unwrap_err().kind(), ErrorKind::Declared(_)));
        assert_eq!(count(&given.db, "a").await, 0);
    }

    async fn a_snapshot_sees_the_same_whatever_is_committed_meanwhile(given: Given) {
        counter(&given.db).await;
        let db = given.db.clone();
        async fn count(reader: &mainstay_kernel::Reader) -> Result<Option<i64>> {
            reader.sql("SELECT n FROM counter WHERE name = 'a'").one().await
        }
        given.db.snapshot(|reader, _| Box::pin(async move {
            assert_eq!(count(reader).await?, Some(0));
            db.write(async |tx: &mut Tx| bump(tx, "a").await).await?;
            assert_eq!(count(reader).await?, Some(0));
            assert_eq!(count(&db.reader()).await?, Some(1));
            let written = reader.rows(&mainstay_kernel::Statement::new("DELETE FROM counter")).await;
            assert!(written.is_err(), "a snapshot only reads");
            Ok(())
        })).await.unwrap();
        // Its connection is as good as new.
        for _ in 0..20 {
            let seen = given.db.snapshot(|reader, _| Box::pin(count(reader)));
            assert_eq!(seen.await.unwrap(), Some(1));
        }
    }

    async fn read_modify_write_by_many_loses_no_update(given: Given) {
        counter(&given.db).await;
        let mut tasks = Vec::new();
        for _ in 0..12 {
            let db = given.db.clone();
            tasks.push(given.db.owned().spawn("bump", async move {
                for _ in 0..4 {
                    // A caller may be told that conflicts went on too long; then it tries again.
                    while let Err(error) = db.write(async |tx: &mut Tx| bump(tx, "a").await).await {
                        assert!(error.is_retryable(), "{error:?}");
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count(&given.db, "a").await, 48);
    }

    async fn a_handler_is_run_again_when_it_reports_a_conflict(given: Given) {
        counter(&given.db).await;
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        given.db.write(async move |tx: &mut Tx| {
            bump(tx, "a").await?;
            match seen.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(Error::new(ErrorKind::Conflict)),
                _ => Ok(()),
            }
        }).await.unwrap();
        assert_eq!((runs.load(Ordering::SeqCst), count(&given.db, "a").await), (3, 1));
    }

    async fn conflicts_are_given_up_after_a_bounded_number_of_runs(given: Given) {
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        let failed: Result<()> = given.db.write(async move |_: &mut Tx| {
            seen.fetch_add(1, Ordering::SeqCst);
            Err(Error::new(ErrorKind::Conflict))
        }).await;
        assert_eq!(failed.unwrap_err().kind(), &ErrorKind::Conflict);
        assert_eq!(runs.load(Ordering::SeqCst), given.options.max_attempts);
    }

    async fn a_write_inside_a_transaction_is_refused(given: Given) {
        let db = given.db.clone();
        let failed: Result<()> = given.db.write(async move |_: &mut Tx| {
            db.write(async |_: &mut Tx| Ok(())).await
        }).await;
        assert!(failed.unwrap_err().to_string().contains("inside a transaction"));
    }

    async fn a_statement_s_failure_cannot_be_swallowed(given: Given) {
        counter(&given.db).await;
        let failed = given.db.write(async |tx: &mut Tx| {
            bump(tx, "b").await?;
            let taken = tx.sql("INSERT INTO counter VALUES ('a', 9)").execute().await;
            assert!(taken.unwrap_err().is_unique_violation());
            Ok(())
        }).await;
        assert!(failed.unwrap_err().to_string().contains("failed"));
        assert_eq!(count(&given.db, "b").await, 0);
    }

    async fn a_dropped_write_leaves_nothing_and_holds_nobody_up(given: Given) {
        counter(&given.db).await;
        let write = given.db.write(async |tx: &mut Tx| {
            bump(tx, "a").await?;
            std::future::pending::<Result<()>>().await
        });
        let deadline = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(deadline, write).await.is_err());
        given.db.write(async |tx: &mut Tx| bump(tx, "a").await).await.unwrap();
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn a_panicking_handler_leaves_nothing_and_holds_nobody_up(given: Given) {
        counter(&given.db).await;
        let db = given.db.clone();
        let panicked = given.db.owned().spawn("panic", async move {
            db.write(async |tx: &mut Tx| {
                bump(tx, "a").await?;
                if count_is_one(tx).await { panic!("on purpose") }
                Ok(())
            }).await
        }).await;
        assert!(panicked.unwrap_err().is_panic());
        given.db.write(async |tx: &mut Tx| bump(tx, "a").await).await.unwrap();
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn a_borrowing_handler_is_written_with_write_tx(given: Given) {
        counter(&given.db).await;
        let names = ["a".to_owned(), "b".to_owned()];
        let sum = write_tx!(given.db, |tx| {
            let mut sum = 0;
            for name in &names {
                sum += bump(tx, name).await?;
            }
            Ok(sum)
        }).await.unwrap();
        assert_eq!((sum, names.len()), (2, 2));
    }

    async fn stop_may_be_called_twice_and_ends_writing(given: Given) {
        let bound = std::time::Duration::from_secs(10);
        assert!(given.db.stop(bound).await);
        assert!(given.db.stop(bound).await);
        let refused = given.db.write(async |_: &mut Tx| Ok(())).await;
        assert!(refused.unwrap_err().is_retryable());
    }
}

async fn count_is_one(tx: &mut Tx) -> bool {
    tx.sql("SELECT 1 FROM counter WHERE n = 1").one::<i64>().await.is_ok()
}

#[test]
fn a_handler_over_its_budget_gives_the_writer_back() {
    crate::stores::on_sqlite(async |given| {
        counter(&given.db).await;
        let slow: Result<()> = given.db.write(async |_: &mut Tx| std::future::pending().await).await;
        assert_eq!(slow.unwrap_err().kind(), &ErrorKind::TooSlow(500));
        given.db.write(async |tx: &mut Tx| bump(tx, "a").await).await.unwrap();
    });
}
