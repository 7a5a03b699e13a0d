use mainstay_kernel::{FromValue, IntoValue, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::stores::{Given, on_both};

const COLUMNS: [&str; 8] = ["b", "i", "f", "t", "y", "u", "at", "j"];

async fn table(given: &Given) {
    let types = match given.db.dialect() {
        mainstay_kernel::Dialect::Postgres => {
            ["boolean", "bigint", "double precision", "text", "bytea", "uuid", "timestamptz", "jsonb"]
        }
        mainstay_kernel::Dialect::Sqlite => {
            ["INTEGER", "INTEGER", "REAL", "TEXT", "BLOB", "TEXT", "INTEGER", "TEXT"]
        }
    };
    let columns: Vec<_> = COLUMNS.iter().zip(types).map(|(name, kind)| format!("{name} {kind}")).collect();
    given.db.migrate(&[format!("CREATE TABLE kinds ({})", columns.join(", "))]).await.unwrap();
}

/// Stores a value and reads it back.
async fn round<T>(given: &Given, column: &str, value: T) -> T
where
    T: IntoValue + FromValue + Clone + Send + Sync + 'static,
{
    let statement = format!("INSERT INTO kinds ({column}) VALUES (?)");
    given
        .db
        .write(async |tx: &mut mainstay_kernel::Tx| {
            tx.sql("DELETE FROM kinds").execute().await?;
            tx.sql(&statement).bind(value.clone()).execute().await
        })
        .await
        .unwrap();
    given.db.reader().sql(&format!("SELECT {column} FROM kinds")).one().await.unwrap().unwrap()
}

on_both! {
    async fn each_kind_comes_back_as_it_went_in(given: Given) {
        table(&given).await;
        for it in [true, false] { assert_eq!(round(&given, "b", it).await, it); }
        for it in [0, -1, i64::MAX, i64::MIN] { assert_eq!(round(&given, "i", it).await, it); }
        for it in [0.0, 0.1, -1.5e300, f64::MIN_POSITIVE, f64::MAX] { assert_eq!(round(&given, "f", it).await.to_bits(), it.to_bits()); }
        for it in ["", "plain", "'; drop table kinds; --", "🦀 é \u{10ffff}", "\r\n\t"] { assert_eq!(round(&given, "t", it.to_owned()).await, it); }
        for it in [vec![], vec![0, 255, 7]] { assert_eq!(round(&given, "y", it.clone()).await, it); }
        for it in [Uuid::nil(), Uuid::max(), Uuid::now_v7()] { assert_eq!(round(&given, "u", it).await, it); }
        for it in [0, 1, -1, 1_767_225_600_123_456, i64::MAX, i64::MIN] {
            let at = Timestamp::from_micros(it);
            assert_eq!(round(&given, "at", at).await, at);
        }
        for it in [json!(null), json!(1.5), json!([1, "a", {"b": null}]), json!({"z": 1, "a": {"y": [], "b": ""}}), json!("text")] {
            assert_eq!(round(&given, "j", it.clone()).await, it);
        }
    }

    async fn negative_zero_is_zero(given: Given) {
        table(&given).await;
        assert_eq!(round(&given, "f", -0.0).await.to_bits(), 0.0_f64.to_bits());
    }

    async fn a_missing_value_is_missing_in_each_kind(given: Given) {
        table(&given).await;
        for column in COLUMNS {
            let nothing: Option<String> = None;
            let text = format!("INSERT INTO kinds ({column}) VALUES (?)");
            given.db.write(async |tx: &mut mainstay_kernel::Tx| tx.sql(&text).bind(nothing.clone()).execute().await).await.unwrap();
        }
        let missing: Vec<Option<bool>> = given.db.reader().sql("SELECT b FROM kinds").all().await.unwrap();
        assert_eq!(missing, vec![None; 8]);
    }

    async fn text_with_nul_is_refused_and_not_cut(given: Given) {
        table(&given).await;
        let refused = given.db.write(async |tx: &mut mainstay_kernel::Tx| {
            tx.sql("INSERT INTO kinds (t) VALUES (?)").bind("a\0b").execute().await
        }).await;
        if refused.is_ok() {
            let kept: Option<String> = given.db.reader().sql("SELECT t FROM kinds").one().await.unwrap();
            assert_eq!(kept.as_deref(), Some("a\0b"), "what is not refused is kept whole");
        }
    }
}
