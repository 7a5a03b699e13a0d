//! The application as its own process, killed in the middle of sign-ups.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mainstay::kernel::{Db, DbOptions, StoreUrl};
use mainstay::serde_json::{Value, from_str, json};

const CLIENTS: usize = 6;
const KILLS: usize = 3;

/// Whom clients know to have signed up.
type Acknowledged = Mutex<BTreeSet<String>>;

/// The application serving; killed when dropped.
struct Signup {
    child: Child,
    address: SocketAddr,
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
    fn start(root: &Path, url: &StoreUrl) -> Self {
        let mut child = command(root, url, &["serve"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned()));
        let address = ready.expect("it gets ready").parse().expect("an address");
        Self { child, address }
    }

    /// Signs people up until the process is gone.
    fn sign_up(&self, client: usize, round: usize, acknowledged: &Acknowledged) {
        for number in 0.. {
            let email = format!("p{round}-{client}-{number}@example.com");
            let Ok(answer) = self.post(&email) else { return };
            match answer.get(9..12) {
                // Without its end it says nothing.
                Some("200") if answer.ends_with('}') => {
                    acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(email);
                }
                Some("200" | "503") | None => {}
                Some(_) => panic!("{answer}"),
            }
        }
    }

    fn post(&self, email: &str) -> io::Result<String> {
        let body = json!({ "email": email, "name": "Ann" }).to_string();
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "POST /v1/ops/users.create HTTP/1.0\r\nhost: signup\r\nrequest-id: {email}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn kill(&self) {
        let killed = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status();
        assert!(killed.expect("kill").success());
    }
}

impl Drop for Signup {
    fn drop(&mut self) {
        // It may be gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[mainstay::test(sqlite)]
async fn who_was_acknowledged_is_welcomed_once_however_often_the_process_is_killed() {
    let root = tempfile::tempdir().expect("a project root");
    kill_and_compare(root.path(), &StoreUrl::SqliteFile(root.path().join("signup.db"))).await;
}

/// The killed process' tasks are done by the next one, once the lease of the first has ended.
#[mainstay::test(postgres)]
async fn who_was_acknowledged_is_welcomed_once_on_a_server_too(db: Db) {
    let root = tempfile::tempdir().expect("a project root");
    let schema: Option<String> =
        db.reader().sql("SELECT current_schema()::text").one().await.expect("it answers");
    let server = std::env::var("TEST_DATABASE_URL").expect("the harness found it");
    let between = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{between}options=-c%20search_path%3D{}", schema.expect("the test's own"));
    kill_and_compare(root.path(), &StoreUrl::Postgres(url)).await;
}

async fn kill_and_compare(root: &Path, url: &StoreUrl) {
    let acknowledged = Acknowledged::default();
    for round in 0..KILLS {
        let signup = Signup::start(root, url);
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (signup, acknowledged) = (&signup, &acknowledged);
                scope.spawn(move || signup.sign_up(client, round, acknowledged));
            }
            let goal = (round + 1) * 40;
            until(|| acknowledged.lock().unwrap_or_else(PoisonError::into_inner).len() >= goal);
            signup.kill();
        });
    }
    let last = Signup::start(root, url);
    until(|| nothing_waits(root, url));
    drop(last);
    compare(url, &acknowledged.into_inner().unwrap_or_else(PoisonError::into_inner)).await;
}

/// Whether every welcome was sent. Reminders wait for a day.
fn nothing_waits(root: &Path, url: &StoreUrl) -> bool {
    let told = command(root, url, &["queue", "inspect", "events", "--json"]).output().expect("it runs");
    let told: Value = from_str(&String::from_utf8_lossy(&told.stdout)).expect("JSON");
    told[0]["ready"] == 0 && told[0]["running"] == 0
}

/// Everybody who was acknowledged is there, and everybody who is there has one welcome and one reminder.
async fn compare(url: &StoreUrl, acknowledged: &BTreeSet<String>) {
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
fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited a minute in vain");
}
