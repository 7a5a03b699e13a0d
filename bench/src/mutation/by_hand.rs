//! The mutation as one writes it by hand for speed: two flushes, the statements of each sent at once.

use std::sync::Arc;

use anyhow::{Result, bail};
use deadpool::unmanaged::Pool;
use futures_util::future::{join, join3};
use jiff::Timestamp;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use super::{BODY, CONNECTIONS, NAME, UPDATE, account};
use crate::Options;
use crate::callers::count;
use crate::rounds::Sample;

const LOOK_UP: &str = "SELECT FROM mainstay_result WHERE id = $1";
const KEEP: &str = "INSERT INTO mainstay_result (id, path, input, status, head, body, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ENQUEUE: &str = "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

struct Connection {
    client: Client,
    look_up: Statement,
    update: Statement,
    keep: Statement,
    enqueue: Statement,
}

/// So many callers at once.
pub(super) async fn measure(url: &str, options: &Options, callers: usize) -> Result<Sample> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(connect(url).await?);
    }
    let pool = Arc::new(Pool::from(connections));
    count(options, callers, move || mutate(Arc::clone(&pool))).await
}

async fn connect(url: &str) -> Result<Connection> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(Connection {
        look_up: client.prepare(LOOK_UP).await?,
        update: client.prepare(UPDATE).await?,
        keep: client.prepare(KEEP).await?,
        enqueue: client.prepare(ENQUEUE).await?,
        client,
    })
}

async fn mutate(pool: Arc<Pool<Connection>>) -> Result<()> {
    let Ok(connection) = pool.get().await else { bail!("the pool is closed") };
    let id = Uuid::new_v4();
    loop {
        match attempt(&connection, id).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {
                connection.client.batch_execute("ROLLBACK").await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn attempt(connection: &Connection, id: Uuid) -> Result<(), tokio_postgres::Error> {
    let Connection { client, look_up, update, keep, enqueue } = connection;
    let account = account();
    // Each is sent when it is first polled, and they are polled in this order.
    let (kept, begun, updated) = join3(
        client.query_opt(look_up, &[&id]),
        client.batch_execute("BEGIN ISOLATION LEVEL SERIALIZABLE"),
        client.execute(update, &[&account]),
    )
    .await;
    begun?;
    updated?;
    if kept?.is_some() {
        return client.batch_execute("ROLLBACK").await;
    }
    let now = Timestamp::now();
    let (task, priority) = (Uuid::now_v7(), 100_i16);
    let answer: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [&id, &"POST /v1/transfers", &&[7_u8; 32][..], &200_i32, &"[]", &&b"null"[..], &now, &now];
    let (kept, (enqueued, committed)) = join(
        client.execute(keep, &answer),
        join(
            client.execute(enqueue, &[&task, &"mail", &NAME, &priority, &BODY, &"{}", &now]),
            client.batch_execute("COMMIT"),
        ),
    )
    .await;
    kept?;
    enqueued?;
    committed?;
    Ok(())
}
