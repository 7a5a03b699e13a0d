use super::{Sqlite, texts};
use crate::store::work::{LISTED, read_dead, read_depth, read_listed};
use crate::work::{Dead, Depth, Listed, PARKED, TaskFilter};
use crate::{Result, Statement, Timestamp};

const PAUSE: &str = "insert into mainstay_queue (name, paused) values (?1, ?2) \
     on conflict (name) do update set paused = excluded.paused";

const DEPTHS: &str = "with names (queue) as (select distinct queue from mainstay_task \
     union select queue from mainstay_schedule union select queue from mainstay_dead union select name from mainstay_queue) \
     select queue, coalesce((select paused from mainstay_queue where name = queue), 0), \
     (select count(*) from mainstay_task as it where it.queue = names.queue and owner is null), \
     (select count(*) from mainstay_task as it where it.queue = names.queue and owner <> ?1), \
     (select count(*) from mainstay_task as it where it.queue = names.queue and owner = ?1), \
     (select count(*) from mainstay_schedule as it where it.queue = names.queue), \
     (select count(*) from mainstay_dead as it where it.queue = names.queue), \
     (select min(created_at) from mainstay_task as it where it.queue = names.queue and owner is null) \
     from names order by queue";

/// Which letters are meant: `?1` to `?3` are null where nothing is asked.
const MEANT: &str = "(?1 is null or id = ?1) and (?2 is null or queue = ?2) and (?3 is null or name = ?3)";

impl Sqlite {
    pub(crate) async fn set_paused(&self, queue: &str, paused: bool) -> Result<()> {
        let statement = Statement::new(PAUSE).bind(queue).bind(paused);
        self.work(|tx| tx.execute(&statement)).await.map(drop)
    }

    pub(crate) async fn paused(&self) -> Result<Vec<String>> {
        texts(
            &self.rows(&Statement::new("select name from mainstay_queue where paused order by name")).await?,
        )
    }

    pub(crate) async fn depths(&self) -> Result<Vec<Depth>> {
        self.rows(&Statement::new(DEPTHS).bind(PARKED)).await?.iter().map(read_depth).collect()
    }

    pub(crate) async fn tasks(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Listed>> {
        let text = format!(
            "select * from (select {LISTED}, case when owner is null then 'ready' when owner = ?5 then 'parked' \
             else 'running' end as state, due_at, created_at, started_at from mainstay_task union all \
             select {LISTED}, 'scheduled' as state, due_at, created_at, null as started_at from mainstay_schedule) as task \
             where {MEANT} order by created_at, id limit ?4"
        );
        let statement = meant(text, filter).bind(most).bind(PARKED);
        self.rows(&statement).await?.iter().map(read_listed).collect()
    }

    pub(crate) async fn dead(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Dead>> {
        let text = format!(
            "select id, queue, name, key, body, attempt, errors, reason, created_at, died_at from mainstay_dead \
             where {MEANT} order by died_at desc, id desc limit ?4"
        );
        self.rows(&meant(text, filter).bind(most)).await?.iter().map(read_dead).collect()
    }

    pub(crate) async fn replay_dead(
        &self,
        filter: &TaskFilter,
        by: Timestamp,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let picked = format!(
            "select id from mainstay_dead where {MEANT} and died_at <= ?5 order by died_at, id limit ?4"
        );
        let copy = format!(
            "insert into mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
             select id, queue, name, key, priority, body, meta, ?6, created_at from mainstay_dead \
             where id in ({picked}) order by died_at, id returning queue"
        );
        let copy = meant(copy, filter).bind(most).bind(by).bind(now);
        let delete = format!("delete from mainstay_dead where id in ({picked})");
        let delete = meant(delete, filter).bind(most).bind(by);
        self.work(|tx| {
            let queues = texts(&tx.rows(&copy)?)?;
            tx.execute(&delete)?;
            Ok(queues)
        })
        .await
    }

    pub(crate) async fn discard_dead(&self, filter: &TaskFilter, by: Timestamp, most: u32) -> Result<u64> {
        let text = format!(
            "delete from mainstay_dead where id in (select id from mainstay_dead where {MEANT} and died_at <= ?5 \
             order by died_at limit ?4)"
        );
        let statement = meant(text, filter).bind(most).bind(by);
        self.work(|tx| tx.execute(&statement)).await
    }
}

fn meant(text: String, filter: &TaskFilter) -> Statement {
    Statement::new(text).bind(filter.id).bind(filter.queue.as_deref()).bind(filter.name.as_deref())
}
