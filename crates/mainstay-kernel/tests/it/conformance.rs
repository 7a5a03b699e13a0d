use mainstay_kernel::{ErrorKind, Tx};

use crate::stores::{Given, bump, count, counter, on_both};

on_both! {
    async fn a_reader_sees_only_what_is_committed(given: Given) {
        counter(&given.db).await;
        let outside = given.db.clone();
        given.db.write(async move |tx: &mut Tx| {
            bump(tx, "a").await?;
            let inside: Option<i64> = tx.sql("SELECT n FROM counter WHERE name = 'a'").one().await?;
            let seen = count(&outside, "a").await;
            assert_eq!((inside, seen), (Some(1), 0));
            Ok(())
        }).await.unwrap();
        assert_eq!(count(&given.db, "a").await, 1);
    }

    async fn a_reader_cannot_write(given: Given) {
        counter(&given.db).await;
        let refused = given.db.reader().sql("UPDATE counter SET n = 7").rows().await;
        assert!(refused.is_err());
        assert_eq!(count(&given.db, "a").await, 0);
    }

    async fn a_unique_violation_is_known_as_one(given: Given) {
        counter(&given.db).await;
        let taken = given.db.write(async |tx: &mut Tx| tx.sql("INSERT INTO counter VALUES ('a', 1)").execute().await).await;
        assert!(matches!(taken.unwrap_err().kind(), ErrorKind::UniqueViolation { .. }));
    }

    async fn a_broken_reference_is_known_as_one(given: Given) {
        counter(&given.db).await;
        given.db.migrate(&["CREATE TABLE leaf (of text NOT NULL REFERENCES counter (name))".to_owned()]).await.unwrap();
        let broken = given.db.write(async |tx: &mut Tx| tx.sql("INSERT INTO leaf VALUES ('nobody')").execute().await).await;
        assert!(matches!(broken.unwrap_err().kind(), ErrorKind::ForeignKeyViolation { .. }));
    }

    async fn a_deferred_reference_is_judged_at_commit(given: Given) {
        counter(&given.db).await;
        given.db.migrate(&["CREATE TABLE leaf (of text NOT NULL REFERENCES counter (name) DEFERRABLE INITIALLY DEFERRED)".to_owned()]).await.unwrap();
        let broken = given.db.write(async |tx: &mut Tx| tx.sql("INSERT INTO leaf VALUES ('nobody')").execute().await).await;
        assert!(matches!(broken.unwrap_err().kind(), ErrorKind::ForeignKeyViolation { .. }));
        let mended = given.db.write(async |tx: &mut Tx| {
            tx.sql("INSERT INTO leaf VALUES ('later')").execute().await?;
            tx.sql("INSERT INTO counter VALUES ('later', 0)").execute().await
        }).await;
        assert_eq!(mended.unwrap(), 1);
    }

    async fn a_wrong_statement_s_text_is_not_in_the_message(given: Given) {
        let wrong = given.db.reader().sql("SELECT secret FROM nowhere").rows().await.unwrap_err();
        assert!(!wrong.to_string().contains("nowhere"), "{wrong}");
        assert!(std::error::Error::source(&wrong).is_some(), "the log wants the cause");
    }
}
