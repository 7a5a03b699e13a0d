//! The SQL of the harness: a schema for each test on PostgreSQL.

use mainstay::kernel::{Db, Result, Statement, Tx};

/// Makes an empty schema of this name.
pub(crate) async fn create_schema(db: &Db, name: &str) -> Result<()> {
    run(db, format!("CREATE SCHEMA {name}")).await
}

/// Drops a schema and all that is in it.
pub(crate) async fn drop_schema(db: &Db, name: &str) -> Result<()> {
    run(db, format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await
}

/// Deletes every row of these tables, and the answers that were kept.
pub(crate) async fn empty(db: &Db, tables: &[&str]) -> Result<()> {
    db.write_unbounded(async |tx: &mut Tx| {
        for table in tables.iter().chain(&["mainstay_result"]) {
            tx.execute(&Statement::new(format!("DELETE FROM \"{table}\""))).await?;
        }
        Ok(())
    })
    .await
}

async fn run(db: &Db, text: String) -> Result<()> {
    db.write_unbounded(async move |tx: &mut Tx| tx.execute(&Statement::new(text.clone())).await.map(drop))
        .await
}
