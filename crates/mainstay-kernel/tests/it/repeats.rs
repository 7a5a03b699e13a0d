use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mainstay_kernel::{Answer, Db, Error, ErrorKind, Outcome, Request, Result, Statement, Tx, Written};

use crate::stores::{Given, bump, count, counter, on_both};

fn request(key: &str, input: &[u8]) -> Request {
    Request::keyed(key, "anonymous", "POST /v1/counters", input)
}

fn answer(text: &str) -> Answer {
    Answer {
        status: 201,
        head: vec![("location".to_owned(), "/here".to_owned())],
        body: text.as_bytes().to_vec(),
    }
}

/// Counts up once for this request.
async fn bump_once(db: &Db, request: &Request) -> Result<Outcome> {
    let run = async || {
        db.write_kept(Some(request), |tx, _| {
            Box::pin(async move { Ok(answer(&bump(tx, "a").await?.to_string())) })
        })
        .await
    };
    db.once(Some(request), |_| None, run).await
}

on_both! {
    async fn a_replayed_request_does_not_run_twice(given: Given) {
        counter(&given.db).await;
        let first = bump_once(&given.db, &request("k", b"1")).await.unwrap();
        let second = bump_once(&given.db, &request("k", b"1")).await.unwrap();
        assert_eq!((first.answer.clone(), first.replayed), (answer("1"), false));
        assert_eq!((second.answer, second.replayed), (first.answer, true));
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn a_request_id_with_other_input_is_a_conflict_without_effect(given: Given) {
        counter(&given.db).await;
        bump_once(&given.db, &request("k", b"1")).await.unwrap();
        let other = bump_once(&given.db, &request("k", b"2")).await.unwrap_err();
        assert_eq!(other.kind(), &ErrorKind::RequestIdConflict);
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn two_hundred_duplicates_at_once_run_once(given: Given) {
        counter(&given.db).await;
        let same: Vec<_> = (0..200).map(|_| {
            let db = given.db.clone();
            given.db.owned().spawn("duplicate", async move { bump_once(&db, &request("k", b"1")).await })
        }).collect();
        let mut fresh = 0;
        for task in same {
            let outcome = task.await.unwrap().unwrap();
            assert_eq!(outcome.answer, answer("1"));
            fresh += u32::from(!outcome.replayed);
        }
        assert_eq!((fresh, count(&given.db, "a").await), (1, 1));
    }

    async fn duplicates_of_another_node_meet_in_the_database(given: Given) {
        // Without the in-process turnstile, as if each ran on a node of its own.
        counter(&given.db).await;
        let same: Vec<_> = (0..16).map(|_| {
            let db = given.db.clone();
            given.db.owned().spawn("duplicate", async move {
                let request = request("k", b"1");
                db.write_kept(Some(&request), |tx, _| Box::pin(async move { Ok(answer(&bump(tx, "a").await?.to_string())) })).await
            })
        }).collect();
        for task in same {
            match task.await.unwrap() {
                Ok(outcome) => assert_eq!(outcome.answer, answer("1")),
                Err(error) => assert!(error.is_retryable(), "{error:?}"),
            }
        }
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn the_answer_is_looked_up_again_before_an_error_is_given(given: Given) {
        counter(&given.db).await;
        let wanted = request("k", b"1");
        let outcome = given.db.once(Some(&wanted), |_| None, async || {
            // The first one commits elsewhere while this one fails on what it wrote.
            given.db.write_kept(Some(&wanted), |_, _| Box::pin(async { Ok(answer("first")) })).await?;
            Err(Error::http(409, "email_taken", "taken"))
        }).await.unwrap();
        assert_eq!((outcome.answer, outcome.replayed), (answer("first"), true));
    }

    async fn an_error_that_is_an_answer_is_kept(given: Given) {
        let wanted = request("k", b"1");
        let runs = Arc::new(AtomicU32::new(0));
        for replayed in [false, true] {
            let outcome = given.db.once(Some(&wanted), |error| Some(answer(&error.to_string())), async || {
                runs.fetch_add(1, Ordering::SeqCst);
                match given.db.write_kept(Some(&wanted), |_, _| Box::pin(async { Err(Error::http(409, "x", "full")) })).await {
                    Ok(outcome) => Ok(outcome),
                    Err(error) => Err(error),
                }
            }).await.unwrap();
            assert_eq!((outcome.answer, outcome.replayed), (answer("full"), replayed));
        }
    }

    async fn an_answer_is_kept_with_a_single_statement_or_not_at_all(given: Given) {
        counter(&given.db).await;
        let mark = match given.db.dialect() { mainstay_kernel::Dialect::Postgres => "$1", mainstay_kernel::Dialect::Sqlite => "?1" };
        let up = |name: &str| Statement::new(format!("UPDATE counter SET n = n + 1 WHERE name = {mark}")).bind(name);
        let (hit, miss) = (request("hit", b""), request("miss", b""));
        let write = async |statement: &Statement, request: &Request| given.db.write_one(statement, Some((request, &answer("ok")))).await.unwrap();
        assert!(matches!(write(&up("a"), &hit).await, Written::Rows(rows) if rows.len() == 1));
        assert!(matches!(write(&up("a"), &hit).await, Written::Replayed(kept) if kept == answer("ok")));
        assert!(matches!(write(&up("nobody"), &miss).await, Written::Rows(rows) if rows.is_empty()));
        assert!(matches!(write(&up("nobody"), &miss).await, Written::Rows(rows) if rows.is_empty()), "nothing was kept");
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn answers_are_forgotten_in_time(given: Given) {
        counter(&given.db).await;
        bump_once(&given.db, &request("k", b"1")).await.unwrap();
        assert_eq!(given.db.expire().await.unwrap(), 0);
        given.clock.advance(given.options.result_retention + Duration::from_secs(1));
        assert_eq!(given.db.expire().await.unwrap(), 1);
        assert!(!bump_once(&given.db, &request("k", b"1")).await.unwrap().replayed);
    }

    async fn a_key_that_is_an_old_uuidv7_is_refused(given: Given) {
        let now = given.clock.now().as_millis() as u64;
        let key = |millis: u64| uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid().to_string();
        assert!(given.db.accept_key(&key(now)).is_ok());
        assert!(given.db.accept_key("any other text").is_ok());
        // Random hexadecimal keys are no times, also where a 7 stands in the version's place.
        assert!(given.db.accept_key("0102030405067777877777777777777a").is_ok());
        assert!(given.db.accept_key("01020304-0506-7777-8777-77777777777a").is_ok());
        let old = given.db.accept_key(&key(now - 8 * 24 * 3600 * 1000));
        assert_eq!(old.unwrap_err().kind(), &ErrorKind::RequestExpired);
    }

    async fn a_failed_run_keeps_no_answer(given: Given) {
        counter(&given.db).await;
        let wanted = request("k", b"1");
        let failed: Result<Outcome> = given.db.write_kept(Some(&wanted), |tx: &mut Tx, _| Box::pin(async move {
            bump(tx, "a").await?;
            Err(Error::internal("on purpose"))
        })).await;
        assert!(failed.is_err());
        assert!(!bump_once(&given.db, &wanted).await.unwrap().replayed);
        assert_eq!(count(&given.db, "a").await, 1);
    }
}
