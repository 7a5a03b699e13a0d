use serde_json::{Value as Json, json};

use super::trial::{Trial, connect, rows};
use crate::store::postgres::capture::ddl;
use crate::{Capture, Kind, Statement};

fn capture(table: &str) -> Capture {
    let columns = [
        ("id", Kind::Uuid),
        ("title", Kind::Text),
        ("views", Kind::Int),
        ("blob", Kind::Bytes),
        ("data", Kind::Json),
        ("at", Kind::Timestamp),
    ];
    let columns = columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
    Capture { table: table.to_owned(), model: "it's a post".to_owned(), columns }
}

const TABLE: &str =
    "(id uuid PRIMARY KEY, title text, views bigint, blob bytea, data jsonb, at timestamptz, secret text)";
const INSERT: &str = "('00000000-0000-7000-8000-000000000001', 'a', 9007199254740993, '\\x00ff', '{\"b\":1}', \
     '2026-11-21T08:09:25.123456Z', 'hush')";

async fn install(trial: &Trial, table: &str) {
    trial.batch(&format!("CREATE TABLE \"{}\" {TABLE}", table.replace('"', "\"\""))).await;
    // Twice: it replaces itself.
    for _ in 0..2 {
        let tx = trial.begin().await;
        for text in ddl(&capture(table)) {
            tx.execute(&Statement::new(text)).await.unwrap();
        }
        assert!(matches!(tx.commit(None).await, crate::store::Commit::Done));
    }
}

async fn changes(trial: &Trial) -> Vec<(String, Option<Json>, Option<Json>)> {
    let rows =
        rows(&trial.beside, "SELECT id, before, after, model, xid, seq FROM mainstay_change ORDER BY seq")
            .await;
    rows.iter()
        .map(|row| {
            assert_eq!(row.at::<String>(3).unwrap(), "it's a post");
            assert!(row.at::<i64>(4).unwrap() > 0);
            (row.at(0).unwrap(), row.at(1).unwrap(), row.at(2).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_change_is_captured_without_private_columns_even_by_raw_sql() {
    Trial::run(async |trial| {
        install(trial, "my \"posts\"").await;
        let table = "\"my \"\"posts\"\"\"";
        trial.batch(&format!("INSERT INTO {table} VALUES {INSERT}")).await;
        trial.batch(&format!("UPDATE {table} SET title = 'b'")).await;
        trial.batch(&format!("DELETE FROM {table}; TRUNCATE {table}")).await;
        let id = "00000000-0000-7000-8000-000000000001";
        let image = |title: &str| {
            Some(json!({"id": id, "title": title, "views": 9_007_199_254_740_993_i64, "blob": "00ff", "data": {"b": 1}, "data!": null,
                "at": "2026-11-21T08:09:25.123456+00:00"}))
        };
        let expected = [
            (id.to_owned(), None, image("a")),
            (id.to_owned(), image("a"), image("b")),
            (id.to_owned(), image("b"), None),
            ("*".to_owned(), None, None),
        ];
        assert_eq!(changes(trial).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_captured_whatever_the_callers_search_path_and_role_of_replication() {
    Trial::run(async |trial| {
        install(trial, "posts").await;
        let schema: String = trial.see("SELECT current_schema()::text").await;
        let other = connect(&trial.url).await;
        other
            .batch(&format!(
                "CREATE TEMPORARY TABLE mainstay_change (model text, id text, before jsonb, after jsonb);
                 SET search_path = pg_catalog; SET session_replication_role = replica;
                 INSERT INTO {schema}.posts VALUES {INSERT}"
            ))
            .await
            .unwrap();
        assert_eq!(changes(trial).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_table_may_be_wide_and_its_name_long() {
    Trial::run(async |trial| {
        let long = "a".repeat(63);
        let names: Vec<_> = (0..120).map(|number| format!("c{number}")).collect();
        let columns = names.iter().map(|name| format!("{name} bigint")).collect::<Vec<_>>().join(", ");
        trial.batch(&format!("CREATE TABLE {long} (id bigint PRIMARY KEY, {columns})")).await;
        let columns = names.iter().map(|name| (name.clone(), Kind::Int)).collect();
        let capture = Capture { table: long.clone(), model: "it's a post".to_owned(), columns };
        for text in ddl(&capture) {
            trial.batch(&text).await;
        }
        trial.batch(&format!("INSERT INTO {long} (id, c0, c119) VALUES (1, 2, 3)")).await;
        let changes = changes(trial).await;
        let after = changes[0].2.as_ref().unwrap();
        assert_eq!(
            (after.as_object().unwrap().len(), &after["c0"], &after["c119"]),
            (120, &json!(2), &json!(3))
        );
    })
    .await;
}
