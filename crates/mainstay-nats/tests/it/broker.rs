use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, HeaderMap, Message, Subscriber};
use futures_util::StreamExt as _;
use mainstay::axum::http::{HeaderMap as HttpHeaders, HeaderName, HeaderValue};
use mainstay::kernel::{Db, Error};
use mainstay::prelude::{Value, json};
use mainstay::queue::Operations;
use mainstay_nats::{Authenticate, Ingress, Nats, NatsOptions};
use mainstay_test::TestApp;

/// How long an answer may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

pub(super) fn url() -> String {
    std::env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned())
}

/// Subjects and streams of a test's own; gone with it.
pub(super) struct Environment(pub(super) String);

impl Environment {
    pub(super) fn new() -> Self {
        Self(format!("test-{}", uuid::Uuid::now_v7().simple()))
    }

    pub(super) async fn connect(&self) -> Nats {
        let (servers, prefix) = (vec![url()], self.0.clone());
        Nats::connect(NatsOptions { servers, prefix, ..NatsOptions::default() }).await.expect("a NATS server")
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let prefix = self.0.clone();
        let clean = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let jetstream = async_nats::jetstream::new(async_nats::connect(url()).await?);
                let mut names = jetstream.stream_names();
                while let Some(Ok(name)) = names.next().await {
                    if name.starts_with(&prefix) {
                        jetstream.delete_stream(&name).await?;
                    }
                }
                Ok::<_, async_nats::Error>(())
            })
        });
        let _ = clean.join();
    }
}

/// An application that answers over NATS, and a client that calls it.
pub(super) struct Broker {
    pub(super) ingress: Ingress,
    pub(super) client: Client,
    pub(super) environment: Environment,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) id: Option<String>,
    pub(super) replayed: bool,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

impl Broker {
    pub(super) async fn of(app: &TestApp) -> Self {
        let environment = Environment::new();
        let nats = environment.connect().await;
        let client = async_nats::connect(url()).await.expect("a client");
        Self::over(app, environment, nats, client).await
    }

    /// Of an application over this connection.
    pub(super) async fn over(app: &TestApp, environment: Environment, nats: Nats, client: Client) -> Self {
        let ingress = ingress(app, nats);
        ingress.start(|_| 16).await.expect("it answers");
        Self { ingress, client, environment }
    }

    /// Publishes a request, and does not wait for its answer.
    pub(super) async fn publish(&self, subject: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut all = HeaderMap::new();
        headers.iter().for_each(|(name, value)| all.insert(*name, *value));
        let subject = format!("{}.{subject}", self.environment.0);
        let sent = self.client.publish_with_headers(subject, all, body.to_vec().into());
        sent.await.expect("a request is published");
    }

    pub(super) async fn inbox(&self) -> (String, Subscriber) {
        let inbox = self.client.new_inbox();
        let answers = self.client.subscribe(inbox.clone()).await.expect("an inbox");
        (inbox, answers)
    }

    /// Waits until every request of this queue is acknowledged.
    pub(super) async fn until_heard(&self, queue: &str) {
        let jetstream = async_nats::jetstream::new(self.client.clone());
        let name = format!("{}-{queue}", self.environment.0);
        let heard = async {
            while jetstream.get_stream(&name).await.expect("its stream").cached_info().state.messages > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, heard).await.expect("all are heard in time");
    }

    /// How many messages of this queue were delivered, each as often as it was.
    pub(super) async fn deliveries(&self, queue: &str) -> u64 {
        let jetstream = async_nats::jetstream::new(self.client.clone());
        let name = format!("{}-{queue}", self.environment.0);
        let stream = jetstream.get_stream(&name).await.expect("its stream");
        let mut consumer: async_nats::jetstream::consumer::PullConsumer =
            stream.get_consumer("mainstay").await.expect("its consumer");
        consumer.info().await.expect("its state").delivered.consumer_sequence
    }

    /// Calls, and waits for the answer.
    pub(super) async fn call(&self, subject: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let (inbox, mut answers) = self.inbox().await;
        let mut all = headers.to_vec();
        all.push(("Reply-To", &inbox));
        self.publish(subject, &all, body).await;
        next(&mut answers).await
    }

    /// [`Broker::call`] with a request id of its own.
    pub(super) async fn ask(&self, subject: &str, input: Value) -> Reply {
        let id = uuid::Uuid::new_v4().to_string();
        self.call(subject, &[("Request-Id", &id)], input.to_string().as_bytes()).await
    }
}

/// What answers the application's operations over this connection.
pub(super) fn ingress(app: &TestApp, nats: Nats) -> Ingress {
    let operations: Arc<Operations> = app.db().extension().expect("operations");
    Ingress::new(nats, app.db(), (*operations).clone(), authenticate(app)).expect("an ingress")
}

fn authenticate(app: &TestApp) -> Authenticate {
    let site = app.site().clone();
    Arc::new(move |given| {
        let site = site.clone();
        Box::pin(async move {
            let mut headers = HttpHeaders::new();
            for (name, value) in given {
                let name = HeaderName::try_from(name).map_err(|it| Error::internal(it.to_string()))?;
                headers.append(
                    name,
                    HeaderValue::try_from(value).map_err(|it| Error::internal(it.to_string()))?,
                );
            }
            site.caller(&headers).await
        })
    })
}

pub(super) async fn next(answers: &mut Subscriber) -> Reply {
    let message = tokio::time::timeout(SOON, answers.next()).await.expect("an answer in time");
    read(&message.expect("an answer"))
}

fn read(message: &Message) -> Reply {
    let headers = message.headers.as_ref().expect("an answer has headers");
    let header = |name| headers.get(name).map(|it| it.as_str().to_owned());
    Reply {
        status: header("Status-Code").expect("a status").parse().expect("a number"),
        id: header("Request-Id"),
        replayed: header("Idempotent-Replayed").is_some(),
        body: serde_json::from_slice(&message.payload).expect("JSON"),
    }
}

/// Another process of the application, on its database.
pub(super) async fn other(app: &TestApp) -> Db {
    let options = mainstay::kernel::DbOptions::new(app.url().clone());
    Db::open(mainstay::kernel::DbOptions { clock: app.db().clock().clone(), ..options })
        .await
        .expect("it opens")
}

pub(super) fn email(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org") })
}
