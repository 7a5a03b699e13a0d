//! What a claim reads while the server may forget nothing.

use uuid::Uuid;

use super::trial::Trial;
use crate::Timestamp;
use crate::store::postgres::single;
use crate::store::postgres::work::claims::claiming;
use crate::work::{Claim, Span};

const ENDED: i64 = 60_000;

/// Tasks that were run, and a few that were not.
const CHURN: &str = "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
     SELECT gen_random_uuid(), 'jobs', 'it', 100, 'null', '{}', now() FROM generate_series(1, 60100); \
     UPDATE mainstay_task SET owner = gen_random_uuid() WHERE seq <= 60000; \
     DELETE FROM mainstay_task WHERE seq <= 60000; ANALYZE mainstay_task";

/// How many pages a claim of ten that begins here reads to find them.
async fn pages(trial: &Trial, spans: &[Span]) -> u64 {
    let claim = Claim { queue: "jobs", most: 10, except: &[], spans };
    let claim = claiming(Uuid::now_v7(), &claim, Timestamp::EPOCH);
    let explain = claim.text().replacen("WITH", "EXPLAIN (ANALYZE, BUFFERS) WITH", 1);
    let explain = crate::Statement::with(explain, claim.params().to_vec());
    let (_, rows) = single::write(&trial.store.desk, &explain, None).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.at(0).unwrap()).collect();
    let found = plan.iter().skip_while(|it| !it.contains("Function Scan on span"));
    // Such as `Buffers: shared hit=12 read=3 dirtied=1`.
    let buffers = found.filter_map(|it| it.trim().strip_prefix("Buffers: shared ")).next();
    let buffers = buffers.unwrap_or_else(|| panic!("{plan:#?}"));
    let read = buffers.split(' ').filter_map(|it| it.strip_prefix("hit=").or(it.strip_prefix("read=")));
    read.map(|it| it.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn a_claim_does_not_walk_over_what_has_ended() {
    Trial::run(async |trial| {
        // Whoever looks on would see what was there when it began.
        trial.hold("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT").await;
        trial.batch(CHURN).await;
        let (urgent, usual) =
            (Span { first: -40_000, after: 0, last: 99 }, |after| Span { first: 100, after, last: 40_000 });
        let front = pages(trial, &[urgent, usual(0)]).await;
        let on = pages(trial, &[urgent, usual(ENDED)]).await;
        assert!(on < 100 && front > 500, "{on} pages, and {front} from the front");
        trial.let_go().await;
    })
    .await;
}
