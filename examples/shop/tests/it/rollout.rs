//! Two processes of the version before are replaced by two of the version after, one by one, under load.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::StreamExt as _;
use mainstay::kernel::Db;
use mainstay::kernel::work::PARKED;
use mainstay::serde_json::json;

use crate::customers::{Answered, Customers};
use crate::node::{Deployment, Node, Version};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const ALL: &str = "web,worker,cron";

/// How many orders are answered in each step of the upgrade.
const STEP: usize = 60;

#[mainstay::test(postgres)]
async fn while_it_is_upgraded_every_request_is_answered_and_done_once(db: Db) {
    let root = tempfile::tempdir().expect("a project root");
    let deployment = Deployment::new(root.path().to_owned(), &db).await;
    let customers = Customers::of(&deployment).await;
    deployment.migrate(Version::Before).await;
    let before = [deployment.start(Version::Before, ALL).await, deployment.start(Version::Before, ALL).await];
    balance(&customers, &before);
    let ((), after) = tokio::join!(customers.order(), upgrade(&deployment, &db, &customers, before));
    until(&db, "SELECT COUNT(*) FROM mainstay_task", |tasks| tasks == 0).await;
    for node in after {
        node.stop().await;
    }
    forget(&deployment).await;
    compare(&db, &customers.answered()).await;
}

/// What an operator does. Requests go on meanwhile.
async fn upgrade(deployment: &Deployment, db: &Db, customers: &Customers, before: [Node; 2]) -> Vec<Node> {
    customers.more(STEP).await;
    deployment.migrate(Version::After).await;
    customers.more(STEP).await;
    // It leaves tasks that nobody can run yet.
    let first = deployment.start(Version::After, "web").await;
    balance(customers, before.iter().chain([&first]));
    let parked = format!("SELECT COUNT(*) FROM mainstay_task WHERE owner = '{PARKED}'");
    until(db, &parked, |tasks| tasks >= 20).await;
    let mut after = vec![first];
    for _ in 0..2 {
        after.push(deployment.start(Version::After, ALL).await);
        balance(customers, before.iter().chain(&after));
        customers.more(STEP).await;
    }
    // The balancer finds out by itself that they are gone.
    for node in before {
        node.stop().await;
        customers.more(STEP).await;
    }
    balance(customers, &after);
    let new = json!({ "item": "of the new version", "pieces": 3 });
    assert_eq!(customers.place("new", &new, "2").await["pieces"], 3);
    customers.enough();
    after
}

fn balance<'n>(customers: &Customers, nodes: impl IntoIterator<Item = &'n Node>) {
    let addresses: Vec<SocketAddr> = nodes.into_iter().map(|it| it.address).collect();
    *customers.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
}

/// Each order that was answered is there once, and what follows from it happened once; nothing else is there.
async fn compare(db: &Db, answered: &BTreeMap<String, Answered>) {
    let orders = "SELECT item, id::text, (SELECT COUNT(*) FROM parcels WHERE parcels.order_id = orders.id), \
                  (SELECT COUNT(*) FROM invoices WHERE invoices.order_id = orders.id), pieces FROM orders";
    let rows: Vec<(String, String, i64, i64, i64)> = db.reader().sql(orders).all().await.expect("the orders");
    assert_eq!(rows.len(), answered.len() + 1, "one of them is of the new version");
    for (item, id, parcels, invoices, pieces) in &rows {
        let Some(order) = answered.get(item) else {
            assert_eq!((item.as_str(), *parcels, *invoices, *pieces), ("of the new version", 1, 1, 3));
            continue;
        };
        let invoiced = match order.by {
            Version::Before => 0,
            Version::After => 1,
        };
        assert_eq!((&order.id, 1, invoiced, 1), (id, *parcels, *invoices, *pieces), "{item}");
    }
    for (way, by) in [("http", 0), ("http", 1), ("nats", 0), ("nats", 1)] {
        let placed = |(item, _, _, invoices, _): &&(String, String, i64, i64, i64)| {
            item.starts_with(way) && *invoices == by
        };
        let count = rows.iter().filter(placed).count();
        assert!(count > 0, "both versions were to answer over {way}");
    }
    for table in ["mainstay_dead", "mainstay_schedule", "mainstay_task"] {
        assert_eq!(count(db, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

async fn until(db: &Db, query: &str, is_so: impl Fn(i64) -> bool) {
    let waiting = async {
        while !is_so(count(db, query).await) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain: {query}"));
}

async fn count(db: &Db, query: &str) -> i64 {
    db.reader().sql(query).one().await.expect("it answers").expect("a count")
}

/// The product deletes no stream.
async fn forget(deployment: &Deployment) {
    let client = async_nats::connect(deployment.broker()).await.expect("a NATS server");
    let jetstream = async_nats::jetstream::new(client);
    let mut names = jetstream.stream_names();
    while let Some(Ok(name)) = names.next().await {
        if name.starts_with(deployment.prefix()) {
            jetstream.delete_stream(&name).await.expect("it is deleted");
        }
    }
}
