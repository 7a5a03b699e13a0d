use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_kernel::changes::{Loss, Most, Since, Token};
use mainstay_kernel::{Db, DbOptions, Statement, StoreUrl};

use super::{Tail, few, is, is_postgres, live, now, seen, since, stranger, write};
use crate::stores::{Given, on_both, on_postgres, on_sqlite};

on_both! {
    async fn a_token_is_understood_by_another_handle(given: Given) {
        live(&given.db).await;
        let token = now(&given.db).await.to_string();
        write(&given.db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        if !is_postgres(&given) {
            // One process owns the file.
            given.db.stop(Duration::from_secs(10)).await;
        }
        let other = Db::open(given.options.clone()).await.expect("another handle");
        let token: Token = token.parse().unwrap();
        let (changes, _) = since(&other, &token).await;
        assert_eq!(changes.iter().map(seen).collect::<Vec<_>>(), [is("note", "", "a")]);
        other.stop(Duration::from_secs(10)).await;
    }

    async fn the_token_of_a_snapshot_says_what_its_reader_sees(given: Given) {
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        let token = db.snapshot(|reader, _| Box::pin(async move {
            let first = reader.sql("SELECT count(*) FROM notes").one::<i64>().await?;
            db.write_one(&Statement::new("INSERT INTO notes (id, title) VALUES (2, 'b')"), None).await?;
            let token = Token::of(reader).await?;
            assert_eq!((first, reader.sql("SELECT count(*) FROM notes").one::<i64>().await?), (Some(1), Some(1)));
            Ok(token)
        })).await.unwrap();
        // Whoever listened already leaves out what the snapshot saw.
        let left: Vec<_> = tail.next().await.into_iter().filter(|it| !token.saw(it.stamp)).collect();
        assert_eq!(left.iter().map(seen).collect::<Vec<_>>(), [is("note", "", "b")]);
        assert_eq!(since(db, &token).await.0, left);
    }

    async fn a_transaction_has_no_token(given: Given) {
        let refused = given.db.write(async |tx: &mut mainstay_kernel::Tx| Token::of(tx).await).await;
        assert!(refused.unwrap_err().to_string().contains("a transaction has no token"));
    }

    async fn a_token_of_another_database_is_refused(given: Given) {
        let elsewhere = Db::open(DbOptions::new(StoreUrl::SqliteMemory)).await.unwrap();
        let (here, there) = (now(&given.db).await, now(&elsewhere).await);
        let lost = Since::Lost(Loss::Foreign);
        assert_eq!((given.db.changes(&there, few(9)).await.unwrap(), elsewhere.changes(&here, few(9)).await.unwrap()), (lost.clone(), lost));
        elsewhere.stop(Duration::from_secs(5)).await;
    }

    async fn a_token_from_before_a_restore_is_refused(given: Given) {
        let before = now(&given.db).await;
        write(&given.db, &["UPDATE mainstay_meta SET epoch = epoch + 1"]).await;
        assert_eq!(given.db.changes(&before, few(9)).await.unwrap(), Since::Lost(Loss::Foreign));
        let after = now(&given.db).await;
        assert!(matches!(given.db.changes(&after, few(9)).await.unwrap(), Since::Changes(..)));
    }

    async fn a_token_from_the_future_is_refused(given: Given) {
        let now = now(&given.db).await.to_string();
        let (mark, _) = now.split_once('.').unwrap();
        let far = if is_postgres(&given) { "900000000000:900000000000:" } else { "900000000000" };
        let future: Token = format!("{mark}.{far}").parse().unwrap();
        assert_eq!(given.db.changes(&future, few(9)).await.unwrap(), Since::Lost(Loss::Foreign));
    }

    async fn more_than_was_asked_for_is_told_by_its_models(given: Given) {
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        let rows: Vec<_> = (0..11).map(|id| format!("({id}, 't{id}')")).collect();
        write(db, &[
            &format!("INSERT INTO notes (id, title) VALUES {}", rows.join(", ")),
            "INSERT INTO boards (id, title) VALUES (1, 'a')",
        ]).await;
        let Since::TooMany(models, token) = db.changes(&tail.token, few(11)).await.unwrap() else { panic!("12 are not 11") };
        assert_eq!(models, BTreeSet::from(["board".to_owned(), "note".to_owned()]));
        assert!(since(db, &token).await.0.is_empty(), "the token is behind all of it");
        assert_eq!(tail.next().await.len(), 12);
        // Few, and large.
        write(db, &["UPDATE notes SET title = 'large'  WHERE id = 1", "UPDATE boards SET title = 'small'"]).await;
        let bytes = |bytes| Most { bytes, ..Most::default() };
        let Since::TooMany(models, _) = db.changes(&tail.token, bytes(20)).await.unwrap() else { panic!("it is more") };
        assert_eq!(models.len(), 2);
        assert!(matches!(db.changes(&tail.token, bytes(2000)).await.unwrap(), Since::Changes(..)));
    }
}

#[test]
fn a_copy_of_a_database_begins_another_epoch() {
    on_postgres(async |given| {
        live(&given.db).await;
        let token = now(&given.db).await;
        write(&given.db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        let stranger = stranger(&given).await;
        // As if it had been restored here.
        stranger
            .batch_execute("UPDATE mainstay_meta SET place = 'elsewhere', horizon = '9000000:9000000:'")
            .await
            .unwrap();
        let copy = Db::open(given.options.clone()).await.expect("the copy");
        assert_eq!(copy.changes(&token, few(9)).await.unwrap(), Since::Lost(Loss::Foreign));
        let kept: i64 = stranger.query_one("SELECT count(*) FROM mainstay_change", &[]).await.unwrap().get(0);
        assert_eq!(kept, 0, "its changes were other transactions'");
        let mut tail = Tail::of(&copy).await;
        write(&copy, &["INSERT INTO notes (id, title) VALUES (2, 'b')"]).await;
        assert_eq!(tail.seen().await, [is("note", "", "b")]);
        copy.stop(Duration::from_secs(10)).await;
    });
}

#[test]
fn a_copy_of_a_file_takes_no_token_of_what_it_has_not_seen() {
    on_sqlite(async |given| {
        let StoreUrl::SqliteFile(original) = given.options.url.clone() else { panic!("a file") };
        let copied = original.with_extension("copy");
        live(&given.db).await;
        let early = now(&given.db).await;
        given.db.stop(Duration::from_secs(10)).await;
        std::fs::copy(&original, &copied).expect("a copy");

        let db = Db::open(given.options.clone()).await.expect("the original");
        write(&db, &["INSERT INTO notes (id, title) VALUES (1, 'original')"]).await;
        let late = now(&db).await;
        assert_eq!(since(&db, &early).await.0.len(), 1, "an opening is no end");
        db.stop(Duration::from_secs(10)).await;

        let copy = Db::open(DbOptions::new(StoreUrl::SqliteFile(copied))).await.expect("the copy");
        for id in 1..4 {
            write(&copy, &[&format!("INSERT INTO notes (id, title) VALUES ({id}, 'copy {id}')")]).await;
        }
        assert_eq!(copy.changes(&late, few(9)).await.unwrap(), Since::Lost(Loss::Foreign));
        assert_eq!(since(&copy, &early).await.0.len(), 3, "it goes on from what both have been");
        // As if the original had gone on in the same opening.
        let text = early.to_string();
        let beyond = text.replace(".0", ".1").parse().unwrap();
        assert_eq!(copy.changes(&beyond, few(9)).await.unwrap(), Since::Lost(Loss::Foreign), "{text}");
        copy.stop(Duration::from_secs(10)).await;
    });
}
