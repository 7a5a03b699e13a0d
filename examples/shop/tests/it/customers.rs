//! Who orders meanwhile, over HTTP and over NATS, and knows the version before alone.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, HeaderMap};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use mainstay::serde_json::{Value, from_slice, from_str, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::node::{Deployment, Version};

/// How many order at the same time, each way.
const EACH_WAY: usize = 4;

/// How long an answer may take on a busy machine. Nobody asks again.
const SOON: Duration = Duration::from_secs(20);

/// An order that was answered: its key, and which version placed it.
pub(crate) struct Answered {
    pub(crate) id: String,
    pub(crate) by: Version,
}

/// What customers know.
pub(crate) struct Customers {
    deployment: Deployment,
    client: Client,
    /// Where requests over HTTP go, as a balancer has it.
    pub(crate) addresses: Mutex<Vec<SocketAddr>>,
    orders: Mutex<BTreeMap<String, Answered>>,
    count: watch::Sender<usize>,
    enough: AtomicBool,
    turn: AtomicUsize,
}

impl Customers {
    pub(crate) async fn of(deployment: &Deployment) -> Self {
        let client = async_nats::connect(deployment.broker()).await.expect("a NATS server");
        Self {
            deployment: deployment.clone(),
            client,
            addresses: Mutex::default(),
            orders: Mutex::default(),
            count: watch::Sender::new(0),
            enough: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
        }
    }

    /// Orders until it is enough.
    pub(crate) async fn order(&self) {
        let over_http = join_all((0..EACH_WAY).map(async |number| {
            for count in 0.. {
                let item = format!("http-{number}-{count}");
                self.note(item.clone(), &self.place_over_http(&item).await);
                if self.enough.load(Ordering::SeqCst) {
                    return;
                }
            }
        }));
        let over_nats = join_all((0..EACH_WAY).map(async |number| {
            for count in 0.. {
                let item = format!("nats-{number}-{count}");
                let wish = json!({ "item": item });
                self.note(item.clone(), &self.place(&item, &wish, "1").await);
                if self.enough.load(Ordering::SeqCst) {
                    return;
                }
            }
        }));
        tokio::join!(over_http, over_nats);
    }

    /// Waits until so many more orders are answered.
    pub(crate) async fn more(&self, orders: usize) {
        let mut count = self.count.subscribe();
        let goal = *count.borrow() + orders;
        count.wait_for(|it| *it >= goal).await.expect("they order");
    }

    pub(crate) fn enough(&self) {
        self.enough.store(true, Ordering::SeqCst);
    }

    pub(crate) fn answered(self) -> BTreeMap<String, Answered> {
        self.orders.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version after says how many pieces.
    fn note(&self, item: String, placed: &Value) {
        let id = placed["id"].as_str().expect("an order has a key").to_owned();
        let by = if placed.get("pieces").is_some() { Version::After } else { Version::Before };
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).insert(item, Answered { id, by });
        self.count.send_modify(|it| *it += 1);
    }

    /// Asks once over NATS, with an input of this version.
    pub(crate) async fn place(&self, id: &str, wish: &Value, version: &str) -> Value {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.expect("an inbox");
        let mut headers = HeaderMap::new();
        headers.insert("Request-Id", id);
        headers.insert("Reply-To", inbox);
        headers.insert("Input-Version", version);
        let subject = format!("{}.orders.orders.place", self.deployment.prefix());
        let jetstream = async_nats::jetstream::new(self.client.clone());
        let sent = jetstream.publish_with_headers(subject, headers, wish.to_string().into()).await;
        sent.expect("it is published").await.expect("the stream has it");
        let answer = tokio::time::timeout(SOON, answers.next()).await.expect("an answer in time");
        let answer = answer.expect("an answer");
        let status = answer.headers.as_ref().and_then(|it| it.get("Status-Code")).map(ToString::to_string);
        assert_eq!(status.as_deref(), Some("200"), "{}", String::from_utf8_lossy(&answer.payload));
        from_slice(&answer.payload).expect("JSON")
    }

    /// Asks the processes in turn, as a balancer does: one that is about to stop says so, or takes no connection.
    async fn place_over_http(&self, item: &str) -> Value {
        loop {
            let address = {
                let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
                addresses[self.turn.fetch_add(1, Ordering::SeqCst) % addresses.len()]
            };
            let answer = tokio::time::timeout(SOON, post(address, item)).await.expect("an answer in time");
            match answer {
                Ok(answer) if answer.starts_with("HTTP/1.0 200") => {
                    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
                    return from_str(body).expect("JSON");
                }
                Ok(answer) if answer.contains(r#""error":"draining""#) => {}
                // It ended before it began with the request.
                Ok(answer) if answer.is_empty() => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
                failed => panic!("{item} failed: {failed:?}"),
            }
        }
    }
}

async fn post(address: SocketAddr, item: &str) -> io::Result<String> {
    let body = json!({ "item": item }).to_string();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST /v1/ops/orders.place HTTP/1.0\r\nhost: shop\r\nidempotency-key: {item}\r\ninput-version: 1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
