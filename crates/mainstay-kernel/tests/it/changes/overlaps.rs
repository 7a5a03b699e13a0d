use super::{Mirror, Tail, is, live, now, since, stranger, write};
use crate::stores::on_postgres;

/// What a reader that went by the numbers of changes would take for the end.
async fn last(db: &mainstay_kernel::Db) -> i64 {
    let last = db.reader().sql("SELECT coalesce(max(seq), 0) FROM mainstay_change").one().await;
    last.unwrap().unwrap()
}

#[test]
fn a_change_that_is_numbered_first_and_committed_last_is_told() {
    on_postgres(async |given| {
        live(&given.db).await;
        let (early, late) = (stranger(&given).await, stranger(&given).await);
        let mut tail = Tail::of(&given.db).await;
        early
            .batch_execute("BEGIN; INSERT INTO notes (id, title) VALUES (1, 'numbered first')")
            .await
            .unwrap();
        late.batch_execute("INSERT INTO notes (id, title) VALUES (2, 'committed first')").await.unwrap();
        assert_eq!(tail.seen().await, [is("note", "", "committed first")]);
        let by_number = last(&given.db).await;
        early.batch_execute("COMMIT").await.unwrap();
        assert_eq!(tail.seen().await, [is("note", "", "numbered first")]);
        let reader = given.db.reader();
        let naive =
            reader.sql("SELECT count(*) FROM mainstay_change WHERE seq > ?").bind(by_number).one::<i64>();
        assert_eq!(naive.await.unwrap(), Some(0), "by number it would have been lost");
    });
}

#[test]
fn changes_of_one_row_are_told_in_their_order_however_their_transactions_began() {
    on_postgres(async |given| {
        live(&given.db).await;
        write(&given.db, &["INSERT INTO notes (id, title) VALUES (1, 'a')"]).await;
        let mut mirror = Mirror::committed(&given.db).await;
        let mut tail = Tail::of(&given.db).await;
        let (first, second) = (stranger(&given).await, stranger(&given).await);
        // The first has its number before the second, and comes to the row after it.
        first.batch_execute("BEGIN; INSERT INTO notes (id, title) VALUES (2, 'b')").await.unwrap();
        second.batch_execute("BEGIN; UPDATE notes SET title = 'second' WHERE id = 1").await.unwrap();
        mirror.apply(&tail.next().await);
        let waiting = first.batch_execute("UPDATE notes SET title = 'first' WHERE id = 1");
        let (waited, ()) = tokio::join!(waiting, async {
            second.batch_execute("COMMIT").await.unwrap();
            mirror.apply(&tail.next().await);
        });
        waited.unwrap();
        first.batch_execute("COMMIT").await.unwrap();
        mirror.apply(&tail.next().await);
        assert_eq!(mirror, Mirror::committed(&given.db).await);
    });
}

#[test]
fn a_transaction_that_stays_open_makes_nobody_read_anything_twice() {
    on_postgres(async |given| {
        live(&given.db).await;
        let open = stranger(&given).await;
        let before = now(&given.db).await;
        open.batch_execute("SET idle_in_transaction_session_timeout = 0; BEGIN; INSERT INTO notes (id, title) VALUES (1, 'open')").await.unwrap();
        let mut tail = Tail::of(&given.db).await;
        for id in 2..300 {
            write(&given.db, &[&format!("INSERT INTO notes (id, title) VALUES ({id}, 't{id}')")]).await;
            assert_eq!(tail.seen().await, [is("note", "", &format!("t{id}"))]);
        }
        open.batch_execute("COMMIT").await.unwrap();
        assert_eq!(tail.seen().await, [is("note", "", "open")]);
        assert_eq!(since(&given.db, &before).await.0.len(), 299, "from before it began");
    });
}

#[test]
fn a_prepared_transaction_is_told_when_it_is_committed() {
    on_postgres(async |given| {
        live(&given.db).await;
        let other = stranger(&given).await;
        let most: String = other.query_one("SHOW max_prepared_transactions", &[]).await.unwrap().get(0);
        if most == "0" {
            eprintln!("skipped: this server has max_prepared_transactions = 0");
            return;
        }
        let mut tail = Tail::of(&given.db).await;
        let name = uuid::Uuid::now_v7();
        other
            .batch_execute(&format!(
                "BEGIN; INSERT INTO notes (id, title) VALUES (1, 'a'); PREPARE TRANSACTION '{name}'"
            ))
            .await
            .unwrap();
        write(&given.db, &["INSERT INTO notes (id, title) VALUES (2, 'b')"]).await;
        assert_eq!(tail.seen().await, [is("note", "", "b")]);
        other.batch_execute(&format!("COMMIT PREPARED '{name}'")).await.unwrap();
        assert_eq!(tail.seen().await, [is("note", "", "a")]);
    });
}
