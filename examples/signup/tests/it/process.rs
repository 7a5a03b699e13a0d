//! The application as a process, and what must be true when none runs any more.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use mainstay::kernel::{Db, DbOptions, StoreUrl};
use mainstay::serde_json::{Value, from_str};

/// Whom clients know to have signed up.
pub(crate) type Acknowledged = Mutex<BTreeSet<String>>;

/// The application serving; killed when dropped.
pub(crate) struct Signup {
    child: Child,
    pub(crate) address: SocketAddr,
}

fn command(root: &Path, url: &StoreUrl, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signup"));
    command.env_clear().env("MAINSTAY_ROOT", root).env("PORT", "0").env("LOG", "error");
    command.env("DATABASE_POOL_SIZE", "8").env("DATABASE_SHARED_CONNECTIONS", "2");
    let url = match url {
        StoreUrl::Postgres(url) => url.clone(),
        StoreUrl::SqliteFile(path) => format!("sqlite://{}", path.display()),
        StoreUrl::SqliteMemory => ":memory:".to_owned(),
    };
    command.env("DATABASE_URL", url).args(words).stdin(Stdio::null());
    command
}

impl Signup {
    pub(crate) fn start(root: &Path, url: &StoreUrl) -> Self {
        Self::start_with(root, url, &[])
    }

    /// With these variables, too.
    pub(crate) fn start_with(root: &Path, url: &StoreUrl, variables: &[(&str, &str)]) -> Self {
        let mut serving = command(root, url, &["serve"]);
        let mut child =
            serving.envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned()));
        let address = ready.expect("it gets ready").parse().expect("an address");
        Self { child, address }
    }

    pub(crate) fn kill(&self) {
        self.send("-KILL");
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        self.send("-TERM");
        let ended = self.child.wait().expect("it was started");
        assert!(ended.success(), "{ended}");
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Signup {
    fn drop(&mut self) {
        // It may be gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The test's own schema, as an address for other processes.
pub(crate) async fn schema_of(db: &Db) -> StoreUrl {
    let schema: Option<String> =
        db.reader().sql("SELECT current_schema()::text").one().await.expect("it answers");
    let server = std::env::var("TEST_DATABASE_URL").expect("the harness found it");
    let between = if server.contains('?') { '&' } else { '?' };
    let schema = schema.expect("the test's own");
    StoreUrl::Postgres(format!("{server}{between}options=-c%20search_path%3D{schema}"))
}

/// Whether every welcome was sent. Reminders wait for a day.
pub(crate) fn nothing_waits(root: &Path, url: &StoreUrl) -> bool {
    let told = command(root, url, &["queue", "inspect", "events", "--json"]).output().expect("it runs");
    let told: Value = from_str(&String::from_utf8_lossy(&told.stdout)).expect("JSON");
    told[0]["ready"] == 0 && told[0]["running"] == 0
}

/// Everybody who was acknowledged is there, and everybody who is there has one welcome and one reminder.
pub(crate) async fn compare(url: &StoreUrl, acknowledged: &BTreeSet<String>) {
    let db = Db::open(DbOptions { pool_size: 1, shared_connections: 1, ..DbOptions::new(url.clone()) }).await;
    let db = db.expect("it opens");
    let reader = db.reader();
    let users = "SELECT email, (SELECT COUNT(*) FROM mails WHERE mails.user_id = users.id) FROM users";
    let rows = reader.sql(users).rows().await.expect("users");
    let users: Vec<(String, i64)> =
        rows.iter().map(|row| (row.at(0).expect("an address"), row.at(1).expect("a count"))).collect();
    let wrong: Vec<_> = users.iter().filter(|(_, mails)| *mails != 1).collect();
    assert!(wrong.is_empty(), "not welcomed once: {wrong:?}");
    let there: BTreeSet<String> = users.iter().map(|(email, _)| email.clone()).collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    let count = async |query: &str| reader.sql(query).one::<i64>().await.expect("it answers");
    let people = i64::try_from(users.len()).ok();
    assert_eq!(count("SELECT COUNT(*) FROM mails").await, people, "no mail without somebody");
    assert_eq!(count("SELECT COUNT(*) FROM mainstay_schedule").await, people, "one reminder for each");
    assert_eq!(count("SELECT COUNT(*) FROM mainstay_dead").await, Some(0));
    db.stop(Duration::from_secs(5)).await;
}

#[expect(clippy::disallowed_methods, reason = "another process sends no wake-ups")]
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited a minute in vain");
}
