//! Three processes on one database and one broker, of which one after the other is killed while people sign up over NATS.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, HeaderMap, Subscriber};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use mainstay::kernel::{Db, Id, StoreUrl};
use mainstay::serde_json::{Value, from_slice, json};

use crate::process::{Acknowledged, Signup, compare, nothing_waits, schema_of, until};

const NODES: usize = 3;
const CLIENTS: usize = 8;
const EACH: usize = 40;

/// How long a client waits for an answer before it asks again under the same id.
const PATIENCE: Duration = Duration::from_secs(4);

/// The nodes of a deployment.
struct Nodes<'a> {
    root: &'a Path,
    url: &'a StoreUrl,
    broker: String,
    prefix: String,
    running: Mutex<Vec<Option<Signup>>>,
}

impl Nodes<'_> {
    fn start(&self) -> Signup {
        let variables = [("NATS_URL", self.broker.as_str()), ("NATS_PREFIX", self.prefix.as_str())];
        Signup::start_with(self.root, self.url, &variables)
    }

    /// Kills one and starts another in its place.
    fn replace(&self, number: usize) {
        let killed = self.running()[number % NODES].take();
        if let Some(node) = killed {
            node.kill();
        }
        let fresh = self.start();
        self.running()[number % NODES] = Some(fresh);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<Option<Signup>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who signs people up over NATS.
struct Caller {
    client: Client,
    inbox: String,
    answers: Subscriber,
    subject: String,
}

impl Caller {
    async fn new(client: &Client, prefix: &str) -> Self {
        let inbox = client.new_inbox();
        let answers = client.subscribe(inbox.clone()).await.expect("an inbox");
        let subject = format!("{prefix}.jobs.users.create");
        Self { client: client.clone(), inbox, answers, subject }
    }

    /// Asks until there is an answer. Whoever dies meanwhile, it happens once.
    async fn sign_up(&mut self, email: &str) -> Value {
        let input = json!({ "email": email, "name": "Ann" }).to_string();
        loop {
            let mut headers = HeaderMap::new();
            headers.insert("Request-Id", email);
            headers.insert("Reply-To", self.inbox.as_str());
            let sent = self.client.publish_with_headers(self.subject.clone(), headers, input.clone().into());
            sent.await.expect("it is published");
            while let Ok(Some(answer)) = tokio::time::timeout(PATIENCE, self.answers.next()).await {
                let header = |name| Some(answer.headers.as_ref()?.get(name)?.as_str().to_owned());
                if header("Request-Id").as_deref() == Some(email)
                    && header("Status-Code").as_deref() == Some("200")
                {
                    return from_slice(&answer.payload).expect("JSON");
                }
            }
        }
    }
}

#[mainstay::test(postgres)]
async fn who_was_acknowledged_is_welcomed_once_whichever_node_is_killed(db: Db) {
    let root = tempfile::tempdir().expect("a project root");
    let url = schema_of(&db).await;
    let broker = std::env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let prefix = format!("test-{}", Id::<Db>::new());
    let client = async_nats::connect(&broker).await.expect("a NATS server");
    let nodes = Nodes { root: root.path(), url: &url, broker, prefix, running: Mutex::default() };
    for _ in 0..NODES {
        let node = nodes.start();
        nodes.running().push(Some(node));
    }
    let acknowledged = Acknowledged::default();
    sign_people_up(&nodes, &client, &acknowledged).await;
    let last = nodes.start();
    nodes.running().clear();
    until(|| nothing_waits(root.path(), &url));
    drop(last);
    let acknowledged = acknowledged.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(acknowledged.len(), CLIENTS * EACH);
    compare(&url, &acknowledged).await;
    forget(client, &nodes.prefix).await;
}

/// Whenever so many more are signed up, a node dies.
async fn sign_people_up(nodes: &Nodes<'_>, client: &Client, acknowledged: &Acknowledged) {
    let signing = (0..CLIENTS).map(async |number| {
        let mut caller = Caller::new(client, &nodes.prefix).await;
        for count in 0..EACH {
            let email = format!("p{number}-{count}@example.com");
            let account = caller.sign_up(&email).await;
            assert_eq!(account["email"], json!(email));
            let known = {
                let mut all = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert(email);
                all.len()
            };
            if known.is_multiple_of(60) {
                nodes.replace(known / 60);
            }
        }
    });
    join_all(signing).await;
}

/// The product deletes no stream.
async fn forget(client: Client, prefix: &str) {
    let jetstream = async_nats::jetstream::new(client);
    let mut names = jetstream.stream_names();
    while let Some(Ok(name)) = names.next().await {
        if name.starts_with(prefix) {
            jetstream.delete_stream(&name).await.expect("it is deleted");
        }
    }
}
