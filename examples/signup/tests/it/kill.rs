//! The application as its own process, killed in the middle of sign-ups.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::PoisonError;
use std::thread;

use mainstay::kernel::{Db, StoreUrl};
use mainstay::serde_json::json;

use crate::process::{Acknowledged, Signup, compare, nothing_waits, schema_of, until};

const CLIENTS: usize = 6;
const KILLS: usize = 3;

impl Signup {
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
    kill_and_compare(root.path(), &schema_of(&db).await).await;
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
