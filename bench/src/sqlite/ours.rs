//! The mutation through [`Db::write_kept`].

use anyhow::Result;
use mainstay_kernel::{Answer, Db, DbOptions, Request, Statement, StoreUrl};

use super::{SCHEMA, UPDATE, account, in_folder};
use crate::Options;
use crate::callers::count;
use crate::mutation::task;
use crate::rounds::Sample;

/// So many callers at once.
pub(super) fn measure(options: &Options, callers: usize) -> Result<Sample> {
    in_folder(async |file| {
        let db = Db::open(DbOptions::new(StoreUrl::SqliteFile(file.to_path_buf()))).await?;
        let schema: Vec<String> =
            SCHEMA.split(';').filter(|it| !it.trim().is_empty()).map(str::to_owned).collect();
        db.migrate(&schema).await?;
        let handle = db.clone();
        let sample = count(options, callers, move || mutate(handle.clone())).await?;
        db.stop(std::time::Duration::from_secs(10)).await;
        Ok(sample)
    })
}

async fn mutate(db: Db) -> Result<()> {
    let key = format!("{:032x}", fastrand::u128(..));
    let request = Request::keyed(&key, "user:7", "POST /v1/transfers", b"{}");
    let (account, task) = (account(), task());
    db.write_kept(Some(&request), |tx, _| {
        let task = task.clone();
        Box::pin(async move {
            tx.execute(&Statement::new(UPDATE).bind(account)).await?;
            tx.put(task);
            Ok(Answer { status: 200, head: Vec::new(), body: b"null".to_vec() })
        })
    })
    .await?;
    Ok(())
}
