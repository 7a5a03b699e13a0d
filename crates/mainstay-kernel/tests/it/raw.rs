use mainstay_kernel::{Db, ErrorKind, Reader, Result, Tx};

use crate::stores::{Given, count, counter, on_both};

/// What a helper that is given a reader may try with it.
async fn reading(reader: &Reader, text: &str) -> Result<Vec<mainstay_kernel::Row>> {
    reader.sql(text).rows().await
}

async fn is_refused(db: &Db, text: &'static str) {
    let error = reading(&db.reader(), text).await.expect_err(text);
    assert!(matches!(error.kind(), ErrorKind::Internal(_)), "{text}: {error:?}");
    let within = db.write(async |tx: &mut Tx| reading(tx, text).await.map(drop)).await;
    let error = within.expect_err(text);
    assert!(matches!(error.kind(), ErrorKind::Internal(_)), "in a transaction, {text}: {error:?}");
}

on_both! {
    async fn marks_take_their_values_by_place_and_by_name(given: Given) {
        counter(&given.db).await;
        let reader = given.db.reader();
        let found: Vec<String> = reader
            .sql("SELECT name FROM counter WHERE (name = :name OR :name = '*') AND n = ? -- :no ?")
            .bind(0)
            .bind_as("name", "b")
            .all()
            .await
            .unwrap();
        assert_eq!(found, ["b"]);
        let all = reader.sql("SELECT name, ':x ?' FROM counter ORDER BY name DESC");
        assert_eq!(all.first::<(String, String)>().await.unwrap(), Some(("b".to_owned(), ":x ?".to_owned())));
        let none = reader.sql("SELECT n FROM counter WHERE name = ?").bind("z").one::<i64>().await;
        assert_eq!(none.unwrap(), None);
        let several = reader.sql("SELECT n FROM counter").one::<i64>().await.unwrap_err().to_string();
        assert_eq!(several, "the statement gave 2 rows where one was expected: narrow it, or ask for the `first`");
        let touched = given.db.write(async |tx: &mut Tx| {
            let touched = tx.sql("UPDATE counter SET n = n + :by").bind_as("by", 2).execute().await?;
            let set = tx.sql("UPDATE counter SET n = ? WHERE name = 'a' RETURNING n").bind(7);
            Ok((touched, set.one::<i64>().await?))
        });
        assert_eq!(touched.await.unwrap(), (2, Some(7)));
    }

    async fn a_value_without_its_mark_is_refused_before_anything_runs(given: Given) {
        counter(&given.db).await;
        let refused = given.db.write(async |tx: &mut Tx| {
            tx.sql("UPDATE counter SET n = :views").bind_as("viws", 1).execute().await
        });
        assert_eq!(refused.await.unwrap_err().to_string(), "the statement has no `:viws`, did you mean `:views`?");
        let missing = given.db.reader().sql("SELECT n FROM counter WHERE name = ?").rows().await.unwrap_err();
        assert!(missing.to_string().contains("has 1 `?`, and 0 values"), "{missing}");
        assert_eq!(count(&given.db, "a").await, 0);
    }

    async fn a_reader_refuses_what_writes_also_inside_a_transaction(given: Given) {
        counter(&given.db).await;
        for text in [
            "DELETE FROM counter RETURNING n",
            "INSERT INTO counter VALUES ('c', 1) RETURNING n",
            "WITH gone AS (DELETE FROM counter RETURNING n) SELECT n FROM gone",
            "CREATE TABLE mine (n bigint)",
            "PRAGMA query_only = off",
            "ATTACH ':memory:' AS elsewhere",
            "SELECT n FROM counter; DELETE FROM counter",
            "SET default_transaction_read_only = off",
            "COMMIT",
        ] {
            is_refused(&given.db, text).await;
        }
        assert_eq!(count(&given.db, "a").await, 0);
        let read = given.db.write(async |tx: &mut Tx| {
            tx.sql("UPDATE counter SET n = 5 WHERE name = 'a'").execute().await?;
            let reader: &Reader = tx;
            reader.sql("WITH a AS (SELECT n FROM counter WHERE name = ?) SELECT n FROM a -- end").bind("a").one::<i64>().await
        });
        assert_eq!(read.await.unwrap(), Some(5), "what reads sees what was written");
    }

    async fn a_column_that_is_not_there_is_named_with_the_nearest(given: Given) {
        counter(&given.db).await;
        let rows = given.db.reader().sql("SELECT name, n AS views FROM counter").rows().await.unwrap();
        let error = rows[0].get::<i64>("viws").unwrap_err().to_string();
        assert_eq!(error, "the answer has no column `viws`, did you mean `views`?");
        assert_eq!((rows[0].get::<i16>("views").unwrap(), rows[0].get::<u32>("views").unwrap()), (0, 0));
    }
}

#[test]
fn a_reader_of_postgres_leaves_its_connection_as_it_was() {
    crate::stores::on_postgres(async |given: Given| {
        counter(&given.db).await;
        given.db.migrate(&["CREATE SEQUENCE ticket".to_owned()]).await.unwrap();
        let reader = given.db.reader();
        for text in [
            "SELECT set_config('default_transaction_read_only', 'off', false)",
            "SELECT nextval('ticket')",
            "SELECT setval('ticket', 7)",
            "SELECT pg_advisory_lock(7)",
            "SELECT n FROM counter FOR UPDATE",
        ] {
            assert!(reader.sql(text).rows().await.is_err(), "{text}");
        }
        let operator = reader.sql("SELECT '{\"a\": 1}'::jsonb ?? 'a' AND ?::bigint = 1").bind(1);
        assert_eq!(operator.one::<bool>().await.unwrap(), Some(true));
    });
}
