#![allow(clippy::disallowed_methods, reason = "a test waits for what it spawns")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::{Notify, oneshot};

use super::place::may_command;
use super::{ControlClient, ControlServer, Frame, Handler};
use crate::Owned;

const BOUND: Duration = Duration::from_secs(20);

/// Says its words back; its code is how many there were.
fn echo() -> Handler {
    Arc::new(|args, frames| {
        Box::pin(async move {
            for word in &args {
                let _ = frames.send(Frame::Out(word.clone()));
            }
            i32::try_from(args.len()).unwrap_or(-1)
        })
    })
}

/// Runs until it is dropped, and says when it starts and when it ends.
fn endless() -> (Handler, Arc<Notify>, Arc<Notify>) {
    struct Ends(Arc<Notify>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (started, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (starts, ends) = (Arc::clone(&started), Arc::clone(&ended));
    let handler: Handler = Arc::new(move |_, _| {
        let (starts, ends) = (Arc::clone(&starts), Ends(Arc::clone(&ends)));
        Box::pin(async move {
            starts.notify_one();
            let _ends = ends;
            std::future::pending().await
        })
    });
    (handler, started, ended)
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private").join("control.sock");
    (folder, path)
}

async fn connect(path: &Path) -> ControlClient {
    ControlClient::connect(path).await.unwrap().unwrap()
}

/// What the server answers to these bytes.
async fn answer_to(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // The server closes with a reset when it has not read everything.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_command_runs_in_the_other_process_and_ends_with_its_code() {
    let (_folder, path) = place();
    let owned = Owned::new();
    ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
    let mut seen = Vec::new();
    let words = ["a".to_owned(), "b".to_owned()];
    let code = connect(&path).await.run(&words, &mut |frame| seen.push(frame)).await.unwrap();
    assert_eq!((code, seen), (2, vec![Frame::Out("a".to_owned()), Frame::Out("b".to_owned())]));
    assert!(owned.stop(BOUND).await);
    assert!(ControlClient::connect(&path).await.unwrap().is_none(), "the file goes with the server");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "and leaves nothing behind");
}

#[tokio::test]
async fn frames_are_lines_of_json() {
    let (_folder, path) = place();
    let owned = Owned::new();
    let handler: Handler = Arc::new(|_, frames| {
        Box::pin(async move {
            let _ = frames.send(Frame::Progress { done: 3, total: 10, label: Some("posts".to_owned()) });
            let _ = frames.send(Frame::Err("no\n".to_owned()));
            7
        })
    });
    ControlServer::bind(&path).await.unwrap().serve(handler, &owned);
    let expected =
        "{\"progress\":{\"done\":3,\"total\":10,\"label\":\"posts\"}}\n{\"err\":\"no\\n\"}\n{\"exit\":7}\n";
    assert_eq!(answer_to(&path, b"{\"args\":[\"seed\"]}\n").await, expected);
}

#[tokio::test]
async fn nobody_else_may_enter_and_a_dead_process_s_file_is_replaced() {
    let (_folder, path) = place();
    let server = ControlServer::bind(&path).await.unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let second = ControlServer::bind(&path).await.unwrap_err().to_string();
    assert!(second.contains(&format!("another process ({}) listens", std::process::id())), "{second}");
    drop(server);
    std::os::unix::net::UnixListener::bind(&path).map(drop).unwrap();
    ControlServer::bind(&path).await.unwrap();
}

#[tokio::test]
async fn a_predecessor_does_not_remove_its_successors_file() {
    let (_folder, path) = place();
    let predecessor = ControlServer::bind(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let _successor = ControlServer::bind(&path).await.unwrap();
    drop(predecessor);
    assert!(ControlClient::connect(&path).await.unwrap().is_some());
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_refused() {
    let (_folder, path) = place();
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::set_permissions(path.parent().unwrap(), PermissionsExt::from_mode(0o777)).unwrap();
    let refusal = ControlServer::bind(&path).await.unwrap_err().to_string();
    assert!(refusal.contains("chmod go-w"), "{refusal}");
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let (_folder, path) = place();
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "mine").unwrap();
    let refusal = ControlServer::bind(&path).await.unwrap_err().to_string();
    assert!(refusal.contains("no socket"), "{refusal}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[tokio::test]
async fn a_path_that_is_too_long_is_named_with_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = ControlServer::bind(&folder.path().join("x".repeat(120))).await.unwrap_err().to_string();
    assert!(refusal.contains("may have 107"), "{refusal}");
}

#[test]
fn only_the_same_user_and_root_may_command() {
    assert!(may_command(1000, 1000));
    assert!(may_command(1000, 0));
    assert!(!may_command(1000, 1001));
    assert!(!may_command(0, 1000));
}

#[tokio::test]
async fn rubbish_is_answered() {
    let (_folder, path) = place();
    let owned = Owned::new();
    ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
    for rubbish in
        [&b"rubbish\n"[..], b"{}\n", b"{\"args\":7}\n", b"{\"args\":[],\"other\":1}\n", b"\xff\xfe\n"]
    {
        let answer = answer_to(&path, rubbish).await;
        assert!(
            answer.contains("expected one line of JSON") && answer.ends_with("{\"exit\":2}\n"),
            "{answer}"
        );
    }
    assert!(answer_to(&path, b"{\"handover\":false}\n").await.contains("must be true"));
}

#[tokio::test]
async fn a_request_longer_than_the_limit_is_refused_before_its_end() {
    let (_folder, path) = place();
    let owned = Owned::new();
    ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
    let mut stream = UnixStream::connect(&path).await.unwrap();
    // No end of line: the server must not wait for one.
    stream.write_all(&vec![b'x'; 64 << 10]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("more than 65536 bytes") && answer.ends_with("{\"exit\":2}\n"), "{answer}");
}

#[tokio::test]
async fn several_clients_are_served_at_once() {
    let (_folder, path) = place();
    let owned = Owned::new();
    // Each command waits for the other.
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let handler: Handler = Arc::new(move |_, _| {
        let both = Arc::clone(&both);
        Box::pin(async move {
            both.wait().await;
            0
        })
    });
    ControlServer::bind(&path).await.unwrap().serve(handler, &owned);
    let (mut show_one, mut show_other) = (|_| {}, |_| {});
    let (one, other) = (connect(&path).await, connect(&path).await);
    let codes = tokio::join!(one.run(&[], &mut show_one), other.run(&[], &mut show_other));
    assert_eq!((codes.0.unwrap(), codes.1.unwrap()), (0, 0));
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_its_command() {
    let (_folder, path) = place();
    let owned = Owned::new();
    let (handler, started, ended) = endless();
    ControlServer::bind(&path).await.unwrap().serve(handler, &owned);
    let client = connect(&path).await;
    let running = tokio::spawn(async move { client.run(&[], &mut |_| {}).await });
    started.notified().await;
    running.abort();
    ended.notified().await;
}

#[tokio::test]
async fn a_command_that_runs_at_the_end_is_told_so() {
    let (_folder, path) = place();
    let owned = Owned::new();
    let (handler, started, ended) = endless();
    ControlServer::bind(&path).await.unwrap().serve(handler, &owned);
    let client = connect(&path).await;
    let running = tokio::spawn(async move {
        let mut seen = Vec::new();
        let code = client.run(&[], &mut |frame| seen.push(frame)).await;
        (code.unwrap(), seen)
    });
    started.notified().await;
    assert!(owned.stop(BOUND).await);
    ended.notified().await;
    let told = Frame::Err("error: this process is about to stop\n".to_owned());
    assert_eq!(running.await.unwrap(), (2, vec![told]));
}

#[tokio::test]
async fn a_command_whose_process_dies_is_an_error() {
    let (_folder, path) = place();
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let client = connect(&path).await;
    let dying = async move { drop(listener.accept().await.unwrap()) };
    let (code, ()) = tokio::join!(async { client.run(&[], &mut |_| {}).await }, dying);
    assert!(code.unwrap_err().to_string().contains("went away"));
}

#[test]
fn a_successor_waits_until_its_predecessor_has_ended() {
    let (_folder, path) = place();
    let predecessor =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let successor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let owned = Owned::new();
    let (begin, begun) = oneshot::channel();
    let begin = std::sync::Mutex::new(Some(begin));
    predecessor.block_on(async {
        let server = ControlServer::bind(&path).await.unwrap();
        let begin = move || begin.lock().unwrap().take().unwrap().send(()).unwrap();
        server.on_hand_over(begin).serve(echo(), &owned);
    });
    successor.block_on(async {
        let mut hand_over = std::pin::pin!(connect(&path).await.hand_over());
        tokio::select! {
            _ = &mut hand_over => panic!("the predecessor is still there"),
            begun = begun => begun.unwrap(),
        }
        // Its end does not wait for the one who waits for it.
        assert!(owned.stop(BOUND).await);
        assert!(futures_util::poll!(&mut hand_over).is_pending());
        predecessor.shutdown_background();
        hand_over.await.unwrap();
    });
}

#[tokio::test]
async fn a_process_that_does_not_hand_over_says_so() {
    let (_folder, path) = place();
    let owned = Owned::new();
    ControlServer::bind(&path).await.unwrap().serve(echo(), &owned);
    let refusal = connect(&path).await.hand_over().await.unwrap_err().to_string();
    assert!(refusal.contains("does not hand over"), "{refusal}");
}
