use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures_util::FutureExt as _;
use uuid::Uuid;

use crate::store::postgres::bind::Bind;
use crate::store::postgres::fault::Use;
use crate::store::postgres::prepared::Shape;
use crate::store::postgres::session::Session;
use crate::store::postgres::target::Target;
use crate::store::postgres::{Postgres, PostgresTx};
use crate::store::{Backend, Record};
use crate::{
    Answer, DbOptions, FromRow, FromValue, IntoValue, Owned, Request, Row, Statement, StoreUrl, Timestamp,
};

/// A schema of its own with the framework's tables, and two connections beside the store's.
pub(super) struct Trial {
    pub(super) url: String,
    pub(super) store: Postgres,
    /// Looks on. Never inside a transaction, where the server's activity stands still.
    pub(super) beside: Session,
    holder: Session,
}

impl Trial {
    /// Runs `body` and drops the schema, whatever comes of it.
    pub(super) async fn run(body: impl AsyncFnOnce(&Trial)) {
        Self::run_with(|_| {}, body).await;
    }

    pub(super) async fn run_with(set: impl FnOnce(&mut DbOptions), body: impl AsyncFnOnce(&Trial)) {
        let schema = format!("mainstay_test_{}", Uuid::now_v7().simple());
        let admin = connect(&base_url()).await;
        admin.batch(&format!("CREATE SCHEMA {schema}")).await.unwrap();
        let url = in_schema(&base_url(), &schema);
        let mut options = options(&url);
        set(&mut options);
        let ended = AssertUnwindSafe(async {
            let store = Postgres::open(&options).await.unwrap();
            store.migrate(Timestamp::EPOCH).await.unwrap();
            let (beside, holder) = (connect(&url).await, connect(&url).await);
            let trial = Trial { url, store, beside, holder };
            body(&trial).await;
            trial.store.stop().await;
        });
        let ended = ended.catch_unwind().await;
        admin.batch(&format!("SET client_min_messages = error; DROP SCHEMA {schema} CASCADE")).await.unwrap();
        if let Err(panic) = ended {
            resume_unwind(panic);
        }
    }

    pub(super) async fn begin(&self) -> PostgresTx {
        self.store.begin(None).await.unwrap()
    }

    /// What the other connection reads.
    pub(super) async fn see<T: FromRow>(&self, text: &str) -> T {
        see(&self.beside, text).await
    }

    pub(super) async fn batch(&self, text: &str) {
        self.beside.batch(text).await.unwrap();
    }

    /// Does this in a transaction that stays open.
    pub(super) async fn hold(&self, text: &str) {
        self.holder.batch("SET idle_in_transaction_session_timeout = 0; BEGIN").await.unwrap();
        self.holder.batch(text).await.unwrap();
    }

    pub(super) async fn let_go(&self) {
        self.holder.batch("COMMIT").await.unwrap();
    }

    /// Asks until the answer is yes.
    pub(super) async fn until(&self, question: &str) {
        let asked = async {
            while !self.see::<bool>(question).await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked)
            .await
            .unwrap_or_else(|_| panic!("never: {question}"));
    }

    pub(super) async fn until_waiting(&self, backend: Backend) {
        let question = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid =";
        self.until(&format!("{question} {}", backend.id)).await;
    }

    pub(super) async fn kill(&self, backend: Backend) {
        self.batch(&format!("SELECT pg_terminate_backend({}, 5000)", backend.id)).await;
    }
}

pub(super) fn base_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

fn in_schema(url: &str, schema: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-c%20search_path%3D{schema}")
}

pub(super) fn options(url: &str) -> DbOptions {
    let mut options = DbOptions::new(StoreUrl::Postgres(url.to_owned()));
    options.pool_size = 4;
    options.shared_connections = 2;
    options
}

pub(super) async fn connect(url: &str) -> Session {
    Target::new(url, Use::Writes, &options(url), &Owned::new()).unwrap().connect().await.unwrap()
}

pub(super) async fn rows(session: &Session, text: &str) -> Vec<Row> {
    let prepared = session.prepare(Shape::Plain, text, 0).await.unwrap();
    session.run(&prepared, std::iter::empty::<Bind<'_>>().collect::<Vec<_>>()).await.unwrap().rows
}

pub(super) async fn see<T: FromRow>(session: &Session, text: &str) -> T {
    T::from_row(&rows(session, text).await[0]).unwrap()
}

pub(super) fn sql(text: &'static str) -> Statement {
    Statement::new(text)
}

pub(super) fn bind(text: &'static str, value: impl IntoValue) -> Statement {
    Statement::new(text).bind(value)
}

pub(super) fn first<T: FromValue>(rows: &[Row]) -> T {
    rows[0].at(0).unwrap()
}

pub(super) fn request(key: &str) -> Request {
    Request::keyed(key, "user:1", "POST /v1/things", b"{}")
}

pub(super) fn answer(body: &str) -> Answer {
    let head = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status: 201, head, body: body.as_bytes().to_vec() }
}

pub(super) fn record<'a>(request: &'a Request, answer: &'a Answer) -> Record<'a> {
    let now = Timestamp::from_micros(1_000_000);
    Record { request, answer, now, expires: now.plus(Duration::from_secs(60)) }
}

impl PostgresTx {
    /// Commits with nothing left behind.
    pub(super) async fn commit(self, record: Option<Record<'_>>) -> crate::store::Commit {
        self.commit_leaving(&mut crate::work::Outbox::default(), record, Timestamp::EPOCH).await
    }
}
