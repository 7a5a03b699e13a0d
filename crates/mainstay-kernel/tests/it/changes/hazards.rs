use super::{Tail, is, is_postgres, live, seen, stranger, write};
use crate::stores::{Given, on_both, on_postgres};

on_both! {
    async fn every_write_is_told_once_and_in_its_order(given: Given) {
        let db = &given.db;
        live(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (0, 'before')"]).await;
        let mut tail = Tail::of(db).await;
        assert_eq!(tail.seen().await, [], "what was there before is no change");
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a')", "UPDATE notes SET title = 'b' WHERE id = 1"]).await;
        write(db, &["UPDATE notes SET title = 'c' WHERE id = 1"]).await;
        write(db, &["DELETE FROM notes WHERE id = 1"]).await;
        let told = [is("note", "", "a"), is("note", "a", "b"), is("note", "b", "c"), is("note", "c", "")];
        assert_eq!(tail.seen().await, told);
        assert_eq!(tail.seen().await, [], "once");
        write(db, &["UPDATE notes SET secret = 'x'"]).await;
        let changes = tail.next().await;
        assert!(changes.len() == 1 && !format!("{changes:?}").contains("secret"), "{changes:?}");
    }

    async fn many_rows_of_one_statement_are_told_each(given: Given) {
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        let rows: Vec<_> = (0..500).map(|id| format!("({id}, 't{id}')")).collect();
        write(db, &[&format!("INSERT INTO notes (id, title) VALUES {}", rows.join(", "))]).await;
        assert_eq!(tail.seen().await.len(), 500);
        write(db, &["UPDATE notes SET title = title || '!' WHERE id >= 100"]).await;
        assert_eq!(tail.seen().await.len(), 400);
        write(db, &["DELETE FROM notes"]).await;
        assert_eq!(tail.seen().await.len(), 500);
    }

    async fn what_goes_or_changes_with_another_row_is_told(given: Given) {
        let db = &given.db;
        live(db).await;
        write(db, &[
            "INSERT INTO boards (id, title) VALUES (1, 'one'), (2, 'two')",
            "INSERT INTO notes (id, title, board, pinned) VALUES (1, 'goes', 1, 2), (2, 'stays', 2, 1)",
        ]).await;
        let mut tail = Tail::of(db).await;
        write(db, &["DELETE FROM boards WHERE id = 1"]).await;
        let mut told = tail.next().await;
        told.sort_by_key(|it| (it.model.clone(), it.after.is_some()));
        let told: Vec<_> = told.iter().map(|it| (seen(it), it.after.clone())).collect();
        assert_eq!(told.iter().map(|it| it.0.clone()).collect::<Vec<_>>(),
            [is("board", "one", ""), is("note", "goes", ""), is("note", "stays", "stays")]);
        let unpinned: serde_json::Value = serde_json::from_str(told[2].1.as_deref().unwrap()).unwrap();
        assert_eq!((&unpinned["pinned"], &unpinned["board"]), (&serde_json::Value::Null, &2.into()));
    }

    async fn an_upsert_and_a_replacement_are_told_as_what_they_did(given: Given) {
        let db = &given.db;
        live(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'a'), (2, 'b')"]).await;
        let mut tail = Tail::of(db).await;
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'c') ON CONFLICT (id) DO UPDATE SET title = excluded.title"]).await;
        assert_eq!(tail.seen().await, [is("note", "a", "c")]);
        write(db, &["INSERT INTO notes (id, title) VALUES (1, 'd') ON CONFLICT DO NOTHING"]).await;
        assert_eq!(tail.seen().await, []);
        if !is_postgres(&given) {
            // It takes the place of two rows: by its key, and by its title.
            write(db, &["REPLACE INTO notes (id, title) VALUES (1, 'b')"]).await;
            let mut told = tail.seen().await;
            told.sort();
            assert_eq!(told, [is("note", "", "b"), is("note", "b", ""), is("note", "c", "")]);
        }
    }

    async fn what_is_rolled_back_is_not_told(given: Given) {
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        // Many at a time, so that on SQLite they share commits with those that fail.
        let writes = (0..40_i64).map(|id| db.write(async move |tx: &mut mainstay_kernel::Tx| {
            tx.sql("INSERT INTO notes (id, title) VALUES (?, ?)").bind(id).bind(format!("t{id}")).execute().await?;
            if id % 2 == 0 { Ok(()) } else { Err(mainstay_kernel::Error::internal("on purpose")) }
        }));
        let failed = futures_util::future::join_all(writes).await.iter().filter(|it| it.is_err()).count();
        assert_eq!(failed, 20);
        let mut told: Vec<_> = tail.seen().await.into_iter().filter_map(|it| it.2).collect();
        told.sort();
        let mut expected: Vec<_> = (0..40).step_by(2).map(|id| format!("t{id}")).collect();
        expected.sort();
        assert_eq!(told, expected);
        assert_eq!(tail.seen().await, []);
    }
}

#[test]
fn an_emptied_table_is_told_as_a_whole() {
    on_postgres(async |given| {
        live(&given.db).await;
        write(&given.db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        let mut tail = Tail::of(&given.db).await;
        let stranger = stranger(&given).await;
        stranger
            .batch_execute("TRUNCATE boards, notes; INSERT INTO notes (id, title) VALUES (2, 'b')")
            .await
            .unwrap();
        let mut told = tail.seen().await;
        told[..2].sort();
        assert_eq!(told, [is("board", "", ""), is("note", "", ""), is("note", "", "b")]);
    });
}

#[test]
fn what_others_write_is_told_whatever_they_undo_of_it() {
    on_postgres(async |given| {
        live(&given.db).await;
        let mut tail = Tail::of(&given.db).await;
        let stranger = stranger(&given).await;
        let work = "SET TimeZone = 'Asia/Kathmandu'; SET search_path = pg_catalog; BEGIN; \
             INSERT INTO SCHEMA.notes (id, title) VALUES (1, 'kept'); \
             SAVEPOINT a; INSERT INTO SCHEMA.notes (id, title) VALUES (2, 'undone'); ROLLBACK TO a; \
             SAVEPOINT b; INSERT INTO SCHEMA.notes (id, title) VALUES (3, 'released'); RELEASE b; \
             DO $$ BEGIN INSERT INTO SCHEMA.notes (id, title) VALUES (1, 'twice'); EXCEPTION WHEN unique_violation THEN \
             INSERT INTO SCHEMA.notes (id, title) VALUES (4, 'instead'); END $$";
        let schema: String = stranger.query_one("SELECT current_schema()::text", &[]).await.unwrap().get(0);
        stranger.batch_execute(&work.replace("SCHEMA", &schema)).await.unwrap();
        assert_eq!(tail.seen().await, [], "it is not committed");
        stranger.batch_execute("COMMIT").await.unwrap();
        // Those of a savepoint too are of the one transaction.
        assert_eq!(
            tail.seen().await,
            [is("note", "", "kept"), is("note", "", "released"), is("note", "", "instead")]
        );
        stranger.batch_execute(&format!("BEGIN; DELETE FROM {schema}.notes; ROLLBACK")).await.unwrap();
        assert_eq!(tail.seen().await, []);
    });
}
