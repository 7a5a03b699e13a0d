//! More than anybody should send, faster or slower than anybody should.

use std::io::{ErrorKind, Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use mainstay::serde_json::json;

use crate::place::{Kept, Place, on};
use crate::server::{Blog, Launch};
use crate::waiting::{PATIENCE, breath};
use crate::wire::Wire;

/// The most memory that the blog may ever take, in MiB.
const MEMORY: u64 = 200;
const FLOODS: usize = 50;
const FLOOD_BYTES: usize = 100_000_000;

#[test]
fn bodies_without_end_do_not_fill_the_memory() {
    on(Kept::Sqlite, |place| {
        let blog = Launch::at(place).start();
        let declared = format!("content-length: {FLOOD_BYTES}");
        let heads = ["transfer-encoding: chunked", &declared, "content-length: 1048576"];
        thread::scope(|scope| {
            for number in 0..FLOODS {
                let (blog, framing) = (&blog, heads[number % heads.len()]);
                scope.spawn(move || flood(blog, framing));
            }
        });
        println!("{} MiB at most", blog.peak_memory());
        assert!(blog.peak_memory() < MEMORY, "{} MiB", blog.peak_memory());
        blog.anybody().get("/v1/hello").expect(200);
        blog.stop();
    });
}

/// Sends a hundred megabytes, or as much as is taken. Only refusals come back.
fn flood(blog: &Blog, framing: &str) {
    let mut wire = blog.wire();
    let person = blog.person("flooder");
    let head = person.request("POST", "/v1/notes", &[("content-type", "application/json")], None);
    let head = String::from_utf8(head).expect("a head is text");
    wire.send(format!("{}{framing}\r\n\r\n", head.trim_end_matches("\r\n").to_owned() + "\r\n"))
        .expect("sends");
    let chunk = if framing.ends_with("chunked") {
        format!("10000\r\n{}\r\n", "[".repeat(0x10000))
    } else {
        "[".repeat(0x10000)
    };
    let mut sent = 0;
    while sent < FLOOD_BYTES {
        match wire.stream.write(chunk.as_bytes()) {
            Ok(bytes) => sent += bytes,
            Err(_) => break,
        }
    }
    let answers = wire.answers();
    assert!(answers.iter().all(|answer| (400..500).contains(&answer.status)), "{answers:?}");
}

#[test]
fn answers_that_nobody_reads_do_not_fill_the_memory() {
    on(Kept::Sqlite, |place| {
        let blog = Launch::at(place).start();
        let mut ann = blog.person("ann");
        let post = json!({ "title": "large", "body": "x".repeat(500_000), "published": true, "tags": [] });
        (0..4).for_each(|_| drop(ann.post("/v1/posts", &post).expect(201)));
        let ask = ann.request("GET", "/v1/posts", &[], None).repeat(100);
        let unread: Vec<Wire> = (0..16).map(|_| asking(&blog, &ask)).collect();
        blog.anybody().get("/v1/hello").expect(200);
        println!("{} MiB at most", blog.peak_memory());
        assert!(blog.peak_memory() < MEMORY, "{} MiB", blog.peak_memory());
        drop(unread);
        blog.stop();
    });
}

/// A client that asks until nobody listens any more, and never reads.
fn asking(blog: &Blog, ask: &[u8]) -> Wire {
    let mut wire = blog.wire();
    wire.stream.set_write_timeout(Some(Duration::from_millis(20))).expect("a duration");
    let mut asked = 0;
    while asked < FLOOD_BYTES {
        match wire.stream.write(ask) {
            Ok(bytes) => asked += bytes,
            Err(_) => break,
        }
    }
    assert!(asked < FLOOD_BYTES, "it reads on though its answers are not read");
    wire
}

#[test]
fn slow_clients_are_closed_and_hold_nobody_up() {
    on(Kept::Sqlite, |place| {
        let limits = |launch: Launch| {
            launch.with("REQUEST_HEADER_TIMEOUT", "300ms").with("REQUEST_BODY_TIMEOUT", "400ms")
        };
        let blog = limits(Launch::at(place)).start();
        let person = blog.person("ann");
        let request = person.request("POST", "/v1/posts", &[], Some(&json!({ "title": "slow" })));
        let body = request.windows(4).position(|it| it == b"\r\n\r\n").expect("a head") + 4;
        // Slow from the first byte, and slow from the body on.
        let mut slow: Vec<(Wire, usize)> =
            (0..50).map(|number| (blog.wire(), if number % 2 == 0 { 0 } else { body })).collect();
        for (wire, sent) in &mut slow {
            wire.send(&request[..*sent]).expect("sends");
            wire.stream.set_read_timeout(Some(Duration::from_millis(1))).expect("a duration");
        }
        let end = Instant::now() + PATIENCE;
        while !slow.is_empty() {
            assert!(Instant::now() < end, "{} slow clients are still connected", slow.len());
            slow.retain_mut(|(wire, sent)| drip(wire, &request, sent));
            blog.anybody().get("/v1/hello").expect(200);
            breath();
        }
        assert_eq!(blog.person("ann").get("/v1/posts").expect(200).json()["result"]["total"], json!(0));
        blog.stop();
    });
}

/// Sends one more byte, never the last one; whether the connection is still open.
fn drip(wire: &mut Wire, request: &[u8], sent: &mut usize) -> bool {
    let next = (*sent).min(request.len() - 2);
    *sent += 1;
    if wire.send(&request[next..=next]).is_err() {
        return false;
    }
    match wire.stream.read(&mut [0; 4096]) {
        Ok(0) => false,
        Ok(_) => true,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn connections_beyond_the_cap_wait_and_are_served() {
    on(Kept::Sqlite, |place: &Place| {
        let launch = Launch::at(place).with("MAX_CONNECTIONS", "4").with("REQUEST_HEADER_TIMEOUT", "300ms");
        let blog = launch.start();
        let _idle: Vec<Wire> = (0..12).map(|_| blog.wire()).collect();
        blog.anybody().get("/v1/hello").expect(200);
        blog.stop();
    });
}
