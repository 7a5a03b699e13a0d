//! kill -9.

use std::time::{Duration, Instant};
use std::{env, thread};

use crate::ledger::Ledger;
use crate::on_both_stores;
use crate::place::Place;
use crate::server::{Blog, Launch};
use crate::waiting::{PATIENCE, breath};

on_both_stores! { soak_kill_nine_under_load_loses_no_acknowledged_write kill_nine_leaves_nothing_in_the_way }

const WRITERS: usize = 16;
const ROUNDS: usize = 4;

/// As long as `MAINSTAY_SOAK_SECONDS` says, and at least four kills.
fn soak_kill_nine_under_load_loses_no_acknowledged_write(place: &Place) {
    let soak = env::var("MAINSTAY_SOAK_SECONDS").map_or(0, |it| it.parse().expect("a number of seconds"));
    let end = Instant::now() + Duration::from_secs(soak);
    let ledger = Ledger::new(WRITERS);
    let mut rounds = 0;
    while rounds < ROUNDS || Instant::now() < end {
        // Another moment each time.
        write_and_kill(&ledger, Launch::at(place).start(), 150 + rounds % 7 * 67);
        rounds += 1;
    }
    println!("{rounds} kills, {} writes acknowledged", ledger.acknowledged());
    ledger.settle(place, Launch::at(place).start());
}

/// Kills once so many writes were acknowledged.
fn write_and_kill(ledger: &Ledger, blog: Blog, after: usize) {
    let goal = ledger.acknowledged() + after;
    let give_up = Instant::now() + PATIENCE;
    thread::scope(|scope| {
        let writing = scope.spawn(|| ledger.write(&blog, || Instant::now() < give_up));
        while ledger.acknowledged() < goal && !writing.is_finished() {
            breath();
        }
        blog.signal("-KILL");
    });
    assert!(ledger.acknowledged() >= goal, "only {} of {goal} writes in {PATIENCE:?}", ledger.acknowledged());
    blog.kill_nine();
}

fn kill_nine_leaves_nothing_in_the_way(place: &Place) {
    Launch::at(place).start().kill_nine();
    assert!(place.socket().exists(), "the dead process left its socket");
    let token = Launch::at(place).words(&["token", "--sub", "ann"]).finish();
    assert_eq!((token.code, token.said.matches('.').count()), (Some(0), 2), "{}", token.said);
    let blog = Launch::at(place).start();
    let routes = Launch::at(place).words(&["routes"]).finish();
    assert!(routes.code == Some(0) && routes.said.contains("/v1/posts"), "{}", routes.said);
    blog.stop();
    assert!(!place.socket().exists(), "the socket goes with the process");
}
