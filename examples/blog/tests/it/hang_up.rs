//! Clients that go away in the middle.

use std::io::Read as _;
use std::thread;
use std::time::Duration;

use crate::ledger::{Ledger, name, post};
use crate::on_both_stores;
use crate::place::Place;
use crate::server::{Blog, Launch};
use crate::store;
use crate::waiting::until;

on_both_stores! { a_client_that_hangs_up_leaves_everything_or_nothing }

const CLIENTS: usize = 8;
const HANG_UPS: usize = 40;

fn a_client_that_hangs_up_leaves_everything_or_nothing(place: &Place) {
    // Fewer connections to the database than clients: one that stays behind is missed.
    let blog = Launch::at(place).with("DATABASE_POOL_SIZE", "4").start();
    let ledger = Ledger::new(CLIENTS);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (ledger, blog) = (&ledger, &blog);
            scope.spawn(move || (0..HANG_UPS).for_each(|turn| hang_up(ledger, blog, client, turn)));
        }
    });
    if let Some((server, application)) = place.server() {
        until("no transaction stays open", || (store::busy_backends(server, application) == 0).then_some(()));
    }
    let goal = ledger.acknowledged() + 50;
    ledger.write(&blog, || ledger.acknowledged() < goal);
    ledger.settle(place, blog);
}

/// Begins a post and leaves, a little further on in each turn.
fn hang_up(ledger: &Ledger, blog: &Blog, client: usize, turn: usize) {
    let key = ledger.begin(client);
    let person = blog.person(&name(client));
    let request = person.request("POST", "/v1/posts", &[("idempotency-key", &key)], Some(&post(&key)));
    let body = request.windows(4).position(|it| it == b"\r\n\r\n").expect("a head") + 4;
    let sent = match turn % 4 {
        0 => body,
        1 => body + (request.len() - body) / 2,
        _ => request.len(),
    };
    let mut wire = blog.wire();
    wire.send(&request[..sent]).expect("sends");
    if turn % 4 == 3 {
        // Somewhere between the request's arrival and its answer.
        let wait = Duration::from_micros(1 + (turn * 397 % 4000) as u64);
        wire.stream.set_read_timeout(Some(wait)).expect("a duration that is not zero");
        let _nothing_yet = wire.stream.read(&mut [0; 1]);
    }
}
