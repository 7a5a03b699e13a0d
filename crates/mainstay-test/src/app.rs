use std::sync::Arc;
use std::time::Duration;

use mainstay::kernel::{Clock, Db, Timestamp};
use mainstay::web::{Edge, EdgeConfig, EdgeService, Health, OperatorAccess};
use mainstay::{App, Assembly};
use mainstay::auth::{AuthOptions, Credentials};
use serde_json::{Map, Value, json};

use crate::{Actor, TestDatabase};

const SECRET: &str = "the secret of every test application";

/// An application for one test.
pub struct TestApp {
    service: EdgeService,
    credentials: Arc<Credentials>,
    db: Db,
    clock: Clock,
}

impl TestApp {
    /// Starts the application on this database, its tables made.
    ///
    /// # Panics
    /// When it cannot be put together.
    pub async fn start(app: App, database: TestDatabase) -> Self {
        Self::start_with(app, database, EdgeConfig::default()).await
    }

    /// [`TestApp::start`] with an edge of the test's own.
    ///
    /// # Panics
    /// When it cannot be put together.
    pub async fn start_with(app: App, database: TestDatabase, edge: EdgeConfig) -> Self {
        let TestDatabase { db, clock, url } = database;
        let credentials = Credentials::new(AuthOptions::new(SECRET), clock.clone());
        let credentials = Arc::new(credentials.expect("the test's secret is long enough"));
        let assembly = Assembly::new(app, db.clone(), credentials.clone(), "/v1")
            .unwrap_or_else(|error| panic!("the application cannot be put together: {error:?}"));
        assembly.make_tables().await.unwrap_or_else(|error| panic!("the tables cannot be made: {error:?}"));
        let edge = Edge::new(edge);
        let manifest = assembly.manifest(&url);
        let (health, boot) =
            Health::booting(manifest.clone(), OperatorAccess::Open, edge.metrics.clone(), edge.shutdown.clone());
        boot.ready(manifest);
        Self { service: assembly.service(edge, &health), credentials, db, clock }
    }

    /// A person, signed in. The same name is the same person.
    pub async fn user(&self, name: &str) -> Actor {
        self.user_with(name, json!({ "email": format!("{name}@example.com"), "name": name })).await
    }

    /// A person, signed in with these claims beside the subject.
    pub async fn user_with(&self, subject: &str, claims: Value) -> Actor {
        Actor::new(self.service.clone(), Some(format!("Bearer {}", self.token(subject, claims))))
    }

    /// A bearer token with these claims beside the subject.
    ///
    /// # Panics
    /// When the claims would not be accepted.
    pub fn token(&self, subject: &str, claims: Value) -> String {
        let mut all = Map::new();
        all.insert("sub".to_owned(), json!(subject));
        all.insert("exp".to_owned(), json!(self.clock.now().as_millis() / 1000 + 3600));
        if let Value::Object(claims) = claims {
            all.extend(claims);
        }
        self.credentials.issue(&all).unwrap_or_else(|error| panic!("these claims would not be accepted: {error}"))
    }

    /// Somebody without a credential.
    pub fn anonymous(&self) -> Actor {
        Actor::new(self.service.clone(), None)
    }

    /// Somebody with this `Authorization` header.
    pub fn bearer(&self, authorization: &str) -> Actor {
        Actor::new(self.service.clone(), Some(authorization.to_owned()))
    }

    /// The application as a tower service, to be served on a socket.
    pub fn service(&self) -> EdgeService {
        self.service.clone()
    }

    /// The application's database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Moves the clock.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The time by the application's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
