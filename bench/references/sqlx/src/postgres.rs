//! On PostgreSQL, in the tables that are there.

use anyhow::Result;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

pub(crate) async fn open(url: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new().min_connections(16).max_connections(16).connect(url).await?)
}

/// Again as long as a stranger is in its way.
pub(crate) async fn mutate(pool: PgPool) -> sqlx::Result<()> {
    let id = Uuid::new_v4();
    loop {
        match attempt(&pool, id).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("40001") => {}
            ended => return ended,
        }
    }
}

async fn attempt(pool: &PgPool, id: Uuid) -> sqlx::Result<()> {
    // Before the transaction: under SERIALIZABLE a look into this index makes strangers conflict.
    let kept = sqlx::query("SELECT 1 FROM mainstay_result WHERE id = $1").bind(id).fetch_optional(pool).await?;
    if kept.is_some() {
        return Ok(());
    }
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
    sqlx::query("UPDATE account SET balance = balance + 1 WHERE id = $1")
        .bind(fastrand::i32(1..=1000))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, now())",
    )
    .bind(Uuid::now_v7())
    .bind("mail")
    .bind("send_receipt")
    .bind(100_i16)
    .bind(r#"{"to":"somebody@example.org"}"#)
    .bind("{}")
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO mainstay_result (id, path, input, status, head, body, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, now(), now())",
    )
    .bind(id)
    .bind("POST /v1/transfers")
    .bind(&[7_u8; 32][..])
    .bind(200)
    .bind("[]")
    .bind(&b"null"[..])
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
