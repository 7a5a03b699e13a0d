//! The mutation through [`Db::write_kept`].

use std::time::Duration;

use anyhow::Result;
use mainstay_kernel::{Answer, Db, DbOptions, Request, Statement, StoreUrl};

use super::{CONNECTIONS, UPDATE, account, task};
use crate::Options;
use crate::callers::count;
use crate::rounds::Sample;

/// So many callers at once.
pub(super) async fn measure(url: &str, options: &Options, callers: usize) -> Result<Sample> {
    let db = open(url).await?;
    let handle = db.clone();
    let sample = count(options, callers, move || mutate(handle.clone())).await?;
    db.stop(Duration::from_secs(10)).await;
    Ok(sample)
}

pub(super) async fn open(url: &str) -> Result<Db> {
    let mut options = DbOptions::new(StoreUrl::Postgres(url.to_owned()));
    options.pool_size = CONNECTIONS;
    Ok(Db::open(options).await?)
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
