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

async fn run(db: &Db, text: String) -> Result<()> {
    db.write_unbounded(async move |tx: &mut Tx| tx.execute(&Statement::new(text.clone())).await.map(drop))
        .await
}
