//! SIGTERM, hand-overs and leftovers.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::ledger::{Ledger, post};
use crate::on_both_stores;
use crate::place::{Kept, Place, on};
use crate::server::Launch;
use crate::waiting::until;

on_both_stores! {
    a_server_that_is_ready_can_be_stopped
    sigterm_lets_a_running_request_finish
    idle_clients_do_not_hold_up_the_end
    a_successor_takes_over_without_a_failed_request
}

fn sigterm_lets_a_running_request_finish(place: &Place) {
    let mut blog = Launch::at(place).start();
    let ledger = Ledger::new(1);
    let key = ledger.begin(0);
    let asks = [("idempotency-key", key.as_str()), ("expect", "100-continue")];
    let request = blog.person("writer-0").request("POST", "/v1/posts", &asks, Some(&post(&key)));
    let body = request.windows(4).position(|it| it == b"\r\n\r\n").expect("a head") + 4;
    let mut running = blog.wire();
    running.send(&request[..body]).expect("sends");
    let go_on = running.answer().expect("an answer").expect("the connection is open");
    assert_eq!(go_on.status, 100, "its handler waits for the body");
    let mut idle = blog.wire();

    blog.terminate();
    assert!(idle.answers().is_empty(), "an idle connection is closed");
    until("nobody else is let in", || TcpStream::connect(blog.address()).is_err().then_some(()));
    running.send(&request[body..]).expect("sends");
    let answer = running.answer().expect("an answer").expect("the connection is open").expect(201);
    assert_eq!(answer.header("connection"), Some("close"));
    ledger.acknowledge(&key, &answer);
    let status = blog.end();
    assert_eq!(status.code(), Some(0), "{}", blog.log());
    assert!(!place.socket().exists(), "the control socket goes with the process");
    ledger.settle(place, Launch::at(place).start());
}

/// The signal is heard from the ready line on, however busy the machine.
fn a_server_that_is_ready_can_be_stopped(place: &Place) {
    for signal in ["-TERM", "-INT"].repeat(5) {
        let mut blog = Launch::at(place).start();
        blog.signal(signal);
        assert_eq!(blog.end().code(), Some(0), "{signal}: {}", blog.log());
    }
}

fn idle_clients_do_not_hold_up_the_end(place: &Place) {
    let mut blog = Launch::at(place).start();
    let mut writer = blog.person("ann");
    writer.post("/v1/posts", &post("kept")).expect(201);
    let begun = Instant::now();
    blog.terminate();
    assert_eq!(blog.end().code(), Some(0));
    // What a client that may still be sending is waited for; this one has sent everything.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(writer);
}

fn a_successor_takes_over_without_a_failed_request(place: &Place) {
    let mut first = Launch::at(place).start();
    let ledger = Ledger::new(4);
    let is_over = AtomicBool::new(false);
    let second = thread::scope(|scope| {
        for writer in 0..4 {
            let (ledger, is_over, address) = (&ledger, &is_over, first.address());
            scope.spawn(move || ledger.persist(address, writer, || !is_over.load(Ordering::SeqCst)));
        }
        until("clients write", || (ledger.acknowledged() > 50).then_some(()));
        let second = Launch::at(place).with("PORT", first.port()).words(&["serve", "--takeover"]).start();
        let goal = ledger.acknowledged() + 50;
        until("clients go on", || (ledger.acknowledged() > goal).then_some(()));
        is_over.store(true, Ordering::SeqCst);
        second
    });
    assert_eq!(first.end().code(), Some(0), "{}", first.log());
    ledger.settle(place, second);
}

#[test]
fn a_second_server_on_one_file_is_told_who_has_it_and_what_to_do() {
    on(Kept::Sqlite, |place| {
        let first = Launch::at(place).start();
        let said = Launch::at(place).refused();
        for part in ["blog.db", &first.pid().to_string(), "stop process"] {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        first.anybody().get("/v1/posts").expect(200);
        first.stop();
        Launch::at(place).start().stop();
    });
}
