//! Rubbish at the control socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mainstay_kernel::{ControlServer, Frame, Handler, Owned};

#[path = "../../../../fuzz/driver.rs"]
mod driver;

const SEEDS: [&[u8]; 6] = [
    br#"{"args":["token","--sub","ann"]}"#,
    br#"{"args":[]}"#,
    br#"{"handover":true}"#,
    br#"{"handover":false,"args":["a"]}"#,
    br#"{"args":[[[["\ud800"]]]]}"#,
    b"{\"args\":[\"a\0\"]}\n{\"args\":[\"b\"]}",
];

fn echo() -> Handler {
    Arc::new(|args, frames| {
        Box::pin(async move {
            for word in args {
                let _nobody_reads = frames.send(Frame::Out(word));
            }
            7
        })
    })
}

/// Every line is answered with frames, the last of which is an exit code: 7 for a command, 2 for rubbish.
#[test]
fn fuzz_control_line_is_always_answered() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private").join("control.sock");
    let owned = Owned::new();
    runtime.block_on(async { ControlServer::bind(&path).await.unwrap().serve(echo(), &owned) });
    driver::drive(&SEEDS, |data| answered(&path, data));
    assert!(runtime.block_on(owned.stop(Duration::from_secs(5))));
}

fn answered(path: &Path, line: &[u8]) {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    // The server may have read enough before it has read everything.
    let _broken_off = stream.write_all(line).and_then(|()| stream.write_all(b"\n"));
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "no end to the answer"),
    }
    let ends = [&b"{\"exit\":7}\n"[..], b"{\"exit\":2}\n"];
    assert!(ends.iter().any(|end| answer.ends_with(end)), "{}", answer.escape_ascii());
}
