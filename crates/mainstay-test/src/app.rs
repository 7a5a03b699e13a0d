use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mainstay::auth::{AuthOptions, Credentials};
use mainstay::config::Sources;
use mainstay::kernel::{Caller, Clock, Db, FaultPoint, StoreUrl, Timestamp};
use mainstay::model::ModelEntry;
use mainstay::queue::Engine;
use mainstay::web::{Edge, EdgeConfig, EdgeService, Health, OperatorAccess, Server, ServerConfig, Site};
use mainstay::{App, Assembly};
use serde_json::{Map, Value, json};

use crate::{Actor, Tasks, TestDatabase};

const SECRET: &str = "the secret of every test application";
const SERVICE: (&str, &str) = ("robot", "the token of a test's robot");

/// An application for one test. Dropped, it drains.
pub struct TestApp {
    service: EdgeService,
    models: Vec<&'static ModelEntry>,
    credentials: Arc<Credentials>,
    site: Site,
    db: Db,
    clock: Clock,
    url: StoreUrl,
    engine: Engine,
}

impl TestApp {
    /// Starts the application on this database, its tables made.
    ///
    /// # Panics
    /// When it cannot be put together.
    pub async fn start(app: App, database: TestDatabase) -> Self {
        let TestDatabase { db, clock, url } = database;
        let mut options = AuthOptions::new(SECRET);
        options.service_tokens.push((SERVICE.0.to_owned(), SERVICE.1.to_owned()));
        let credentials = Credentials::new(options, clock.clone());
        let credentials = Arc::new(credentials.expect("the test's secrets are long enough"));
        let read = Sources::of_process(app.name()).and_then(|sources| app.configured(sources));
        let app = read.unwrap_or_else(|faults| panic!("{faults}"));
        let assembly = Assembly::new(app, db.clone(), credentials.clone(), "/v1")
            .unwrap_or_else(|error| panic!("the application cannot be put together: {error:?}"));
        assembly.migrate().await.unwrap_or_else(|error| panic!("the tables cannot be made: {error:?}"));
        let edge = Edge::new(EdgeConfig::default());
        let manifest = assembly.manifest(&url);
        let (health, boot) = Health::booting(
            manifest.clone(),
            OperatorAccess::Open,
            edge.metrics.clone(),
            edge.shutdown.clone(),
        );
        boot.ready(manifest);
        let engine = Engine::new(&db, assembly.work.clone())
            .unwrap_or_else(|error| panic!("what runs beside requests cannot be put together: {error}"));
        engine.enter().await.expect("the test's engine enters");
        let (models, site) = (assembly.models.clone(), assembly.site.clone());
        Self { service: assembly.service(edge, &health), models, credentials, site, db, clock, url, engine }
    }

    /// A person, signed in. The same name is the same person.
    pub async fn user(&self, name: &str) -> Actor {
        self.user_with(name, json!({ "email": format!("{name}@example.com"), "name": name })).await
    }

    /// A person, signed in, who has these roles.
    pub async fn user_with_roles(&self, name: &str, roles: &[&str]) -> Actor {
        let claims = json!({ "email": format!("{name}@example.com"), "name": name, "roles": roles });
        self.user_with(name, claims).await
    }

    /// Whom the application takes an actor for; a person's row is made if it is not there yet.
    ///
    /// # Panics
    /// When the credential does not hold.
    pub async fn caller(&self, actor: &Actor) -> Caller {
        let caller = self.site.caller(actor.headers()).await;
        caller.unwrap_or_else(|error| panic!("the actor's credential does not hold: {error}"))
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
        self.credentials
            .issue(&all)
            .unwrap_or_else(|error| panic!("these claims would not be accepted: {error}"))
    }

    /// Another service, known by its token.
    pub fn robot(&self) -> Actor {
        Actor::new(self.service.clone(), None).header("x-service-token", SERVICE.1)
    }

    /// Somebody without a credential.
    pub fn anonymous(&self) -> Actor {
        Actor::new(self.service.clone(), None)
    }

    /// Somebody with this `Authorization` header.
    pub fn bearer(&self, authorization: &str) -> Actor {
        Actor::new(self.service.clone(), Some(authorization.to_owned()))
    }

    /// The application as a tower service, to be called without a socket.
    pub fn service(&self) -> EdgeService {
        self.service.clone()
    }

    /// Serves the application on a port of this machine until it is dropped.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn listen(&self) -> SocketAddr {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(any, ServerConfig::default()).await.expect("a port for the test");
        let address = server.local_addr();
        self.db.owned().spawn("server", server.serve(self.service.clone()));
        address
    }

    /// The application's models.
    pub fn models(&self) -> &[&'static ModelEntry] {
        &self.models
    }

    /// The application's database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where the application's database is, for another process of it.
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// What the application's handlers share.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The work that was left behind: it waits until the test runs it.
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks::new(&self.db, &self.engine)
    }

    /// What runs tasks, for tests that let it run by itself: [`Engine::start`].
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Makes the next write fail at this point.
    pub fn fault(&self, point: FaultPoint) {
        self.db.faults().arm(point, 1);
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

impl Drop for TestApp {
    fn drop(&mut self) {
        self.service.shutdown().begin();
    }
}
