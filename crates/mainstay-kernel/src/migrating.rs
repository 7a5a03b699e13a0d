//! What migrations need of a database beside transactions.

use crate::store::{Store, Turn};
use crate::{Db, Result, Statement, Tx};

/// The right to migrate a database, which one process at a time has. Dropped, it passes on.
#[must_use = "the turn ends when it is dropped"]
pub struct MigrationTurn(Turn);

impl MigrationTurn {
    /// Lets the next one migrate, and waits until it may.
    ///
    /// # Errors
    /// Unavailable, when the database is away; the turn has ended then too.
    pub async fn end(self) -> Result<()> {
        match self.0 {
            Turn::Postgres(turn) => turn.give_back().await,
            Turn::Sqlite(turn) => {
                drop(turn);
                Ok(())
            }
        }
    }
}

impl Db {
    /// Waits until nobody else migrates this database, on any node.
    ///
    /// # Errors
    /// Unavailable, when another process has migrated it for a minute already.
    pub async fn migration_turn(&self) -> Result<MigrationTurn> {
        Ok(MigrationTurn(self.store().turn().await?))
    }

    /// Runs statements of a migration in one transaction, without a time budget.
    ///
    /// # Errors
    /// What the store says of the first that fails; everything is undone then.
    pub async fn migrate(&self, statements: &[String]) -> Result<()> {
        let statements = statements.to_vec();
        self.write_unbounded(async move |tx: &mut Tx| {
            for text in &statements {
                tx.execute(&Statement::new(text.clone())).await?;
            }
            Ok(())
        })
        .await
    }

    /// Runs statements of a migration one by one, each committed by itself: on PostgreSQL outside of any
    /// transaction, as `CREATE INDEX CONCURRENTLY` asks for.
    ///
    /// # Errors
    /// What the store says of the first that fails; those before it stand.
    pub async fn migrate_outside(&self, statements: &[String]) -> Result<()> {
        match self.store() {
            Store::Postgres(store) => store.outside(statements).await,
            Store::Sqlite(_) => {
                for statement in statements {
                    self.migrate(std::slice::from_ref(statement)).await?;
                }
                Ok(())
            }
        }
    }
}
