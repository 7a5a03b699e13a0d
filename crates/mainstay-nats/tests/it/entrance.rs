//! Who may enter a broker, and whom the application takes for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay::prelude::{Value, json};
use mainstay_client::{CallError, Client, Operation};
use mainstay_nats::{Nats, NatsOptions, Pointers};
use nkeys::KeyPair;

use super::server::{Server, free_port, program};

async fn enter(url: String) -> Result<Nats, String> {
    enter_with(NatsOptions { servers: vec![url], ..NatsOptions::default() }).await
}

async fn enter_with(options: NatsOptions) -> Result<Nats, String> {
    Nats::connect(options).await.map_err(|error| error.to_string())
}

/// Whether JetStream does what it is asked for there.
async fn works(nats: Nats) -> bool {
    let pointers = Pointers::new(nats.clone());
    let asked = mainstay::queue::Broker::receive(&pointers, "greetings", 1);
    // It waits for a pointer, or was refused.
    nats.is_connected() && tokio::time::timeout(Duration::from_millis(300), asked).await.is_err()
}

fn refused(entered: Result<Nats, String>, names: &[&str]) {
    let error = entered.err().expect("it is refused");
    names.iter().for_each(|it| assert!(error.contains(it), "{error}"));
}

#[tokio::test]
async fn who_has_a_wrong_password_is_told_at_start_what_to_do() {
    let Some(server) = Server::start(r#"authorization { user: ann, password: "p@ss" }"#) else { return };
    let at = |who: &str| format!("nats://{who}127.0.0.1:{}", server.port);
    assert!(works(enter(at("ann:p%40ss@")).await.unwrap()).await);
    for who in ["ann:other@", "bob:p%40ss@", "token@", ""] {
        refused(enter(at(who)).await, &["NATS_URL", "NATS_CREDENTIALS", "`user:password@`"]);
    }
}

#[tokio::test]
async fn who_has_a_token_enters_by_it() {
    let Some(server) = Server::start(r#"authorization { token: "t0k/en" }"#) else { return };
    assert!(works(enter(format!("nats://t0k%2Fen@127.0.0.1:{}", server.port)).await.unwrap()).await);
    refused(enter(format!("nats://other@127.0.0.1:{}", server.port)).await, &["NATS_URL"]);
}

#[tokio::test]
async fn a_client_of_another_service_enters_as_its_address_says() {
    const NOBODY: Operation<(), ()> = Operation::new("people", "nobody");
    let Some(server) = Server::start(r#"authorization { user: ann, password: "p@ss" }"#) else { return };
    let client = Client::connect(format!("nats://ann:p%40ss@127.0.0.1:{}", server.port)).await.unwrap();
    let called = client.call(NOBODY, &()).timeout(Duration::from_millis(100)).await;
    assert!(matches!(called, Err(CallError::TimedOut(_))), "it entered, and nobody answers there");
    let refused = Client::connect(format!("nats://ann:other@127.0.0.1:{}", server.port)).await;
    let refused = std::error::Error::source(&refused.err().expect("it is refused")).map(ToString::to_string);
    assert_eq!(refused.as_deref(), Some("authorization violation: nats: authorization violation"));
}

#[tokio::test]
async fn a_broker_that_is_away_at_start_is_entered_when_it_comes() {
    let port = free_port();
    let nats = enter(format!("nats://127.0.0.1:{port}")).await.expect("it goes on without");
    assert!(!nats.is_connected());
    let Some(_server) = Server::start_at(port, "") else { return };
    let entered = async {
        while !nats.is_connected() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), entered).await.expect("it enters");
}

/// A token as `nsc` makes it: claims that the issuer has signed.
fn signed(issuer: &KeyPair, subject: &KeyPair, nats: Value) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "jti": "A", "iat": 1_700_000_000, "iss": issuer.public_key(), "sub": subject.public_key(), "name": "test", "nats": nats,
    });
    let text = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(claims));
    let signature = issuer.sign(text.as_bytes()).expect("it signs");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An account that may have so much of JetStream: -1 is all, 0 nothing.
fn account(operator: &KeyPair, account: &KeyPair, most: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": most, "disk_storage": most, "streams": most, "consumer": most,
    });
    signed(operator, account, json!({ "type": "account", "version": 2, "limits": limits }))
}

/// A file of credentials of a new user of this account.
fn credentials(folder: &Path, account: &KeyPair) -> PathBuf {
    let user = KeyPair::new_user();
    let claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let (token, seed) = (signed(account, &user, claims), user.seed().expect("it was just made"));
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    let path = folder.join(format!("{}.creds", user.public_key()));
    fs::write(&path, text).expect("it is written");
    path
}

#[tokio::test]
async fn who_has_a_file_of_credentials_enters_by_it() {
    let (operator, system, ours) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let operator_token = signed(&operator, &operator, json!({ "type": "operator", "version": 2 }));
    let settings = format!(
        "operator: {operator_token}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{ {}: {}\n{}: {} }}",
        system.public_key(),
        system.public_key(),
        account(&operator, &system, 0),
        ours.public_key(),
        account(&operator, &ours, -1),
    );
    let Some(server) = Server::start(&settings) else { return };
    let by = |credentials| NatsOptions {
        servers: vec![server.url()],
        credentials: Some(credentials),
        ..NatsOptions::default()
    };
    let nats = enter_with(by(credentials(server.folder(), &ours))).await.unwrap();
    assert!(works(nats).await);
    let stranger = credentials(server.folder(), &KeyPair::new_account());
    refused(enter_with(by(stranger)).await, &["NATS_CREDENTIALS"]);
    let empty = server.folder().join("empty.creds");
    fs::write(&empty, "").unwrap();
    refused(enter_with(by(empty)).await, &["NATS_CREDENTIALS", "empty.creds", "cannot be read"]);
    refused(enter(server.url()).await, &["NATS_URL", "NATS_CREDENTIALS"]);
}

fn openssl(folder: &Path, words: &str) {
    let mut command = Command::new("openssl");
    command.args(words.split(' ')).current_dir(folder).stdin(Stdio::null());
    let done = command.output().expect("it runs");
    assert!(done.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, `ca.pem`, and another one that signed nothing, `other.pem`; a server's certificate, `server.pem`.
fn certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["ca", "other"] {
        let authority =
            format!("req -x509 {key} -keyout {name}.key -out {name}.pem -subj /CN={name} -days 2");
        openssl(folder, &authority);
    }
    openssl(folder, &format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("it is written");
    openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    );
}

#[tokio::test]
async fn a_server_is_trusted_by_the_authority_that_signed_it_alone() {
    if program("openssl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let settings =
        format!("tls {{ cert_file: \"{}\", key_file: \"{}\" }}", at("server.pem"), at("server.key"));
    let Some(server) = Server::start(&settings) else { return };
    let url = format!("tls://127.0.0.1:{}", server.port);
    let trusting = |authorities: Option<&str>| {
        let authorities = authorities.map(|it| folder.path().join(it));
        enter_with(NatsOptions { servers: vec![url.clone()], authorities, ..NatsOptions::default() })
    };
    assert!(works(trusting(Some("ca.pem")).await.unwrap()).await);
    refused(trusting(Some("other.pem")).await, &["NATS_CA", "NATS_URL", "does not hold"]);
    refused(trusting(None).await, &["NATS_CA", "does not hold"]);
    refused(trusting(Some("server.key")).await, &["NATS_CA"]);
    refused(trusting(Some("missing.pem")).await, &["NATS_CA"]);
}
