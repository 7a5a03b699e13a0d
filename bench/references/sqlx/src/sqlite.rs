//! On SQLite.

use std::env;
use std::time::Duration;

use anyhow::Result;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

const SCHEMA: &str = "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE task (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE result (id TEXT PRIMARY KEY NOT NULL, path TEXT NOT NULL, input BLOB NOT NULL,
    status INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL, created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX result_expires_at ON result (expires_at);
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)
    INSERT INTO account SELECT n, 0 FROM number;";

/// One connection: with more of them they wait for each other's lock by polling, which is slower.
pub(crate) async fn open(file: &str) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30))
        .pragma("cache_size", "-16000")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("mmap_size", "268435456");
    let connections = env::var("CONNECTIONS").ok().map_or(Ok(1), |it| it.parse())?;
    let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    Ok(pool)
}

pub(crate) async fn mutate(pool: SqlitePool) -> sqlx::Result<()> {
    let id = Uuid::new_v4().to_string();
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let kept = sqlx::query("SELECT 1 FROM result WHERE id = ?1").bind(&id).fetch_optional(&mut *tx).await?;
    if kept.is_some() {
        return Ok(());
    }
    sqlx::query("UPDATE account SET balance = balance + 1 WHERE id = ?1")
        .bind(fastrand::u32(1..=1000))
        .execute(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO task (id, name, body) VALUES (?1, ?2, ?3)")
        .bind(Uuid::now_v7().to_string())
        .bind("send_receipt")
        .bind(r#"{"to":"somebody@example.org"}"#)
        .execute(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO result VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        .bind(&id)
        .bind("POST /v1/transfers")
        .bind(&[7_u8; 32][..])
        .bind(200)
        .bind("[]")
        .bind(&b"null"[..])
        .bind(1_790_000_000_000_000_i64)
        .bind(1_790_000_000_000_001_i64)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
