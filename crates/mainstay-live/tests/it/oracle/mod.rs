//! Whatever is followed by whomever, and whatever is committed in whatever order: whenever a client has taken in what it was
//! sent, it has what the list gives.
//!
//! A history is a random one of transactions, some of them open at the same time, and of clients that come, follow, stall,
//! lose their connections and go. `MAINSTAY_HISTORY=n` plays one alone, `MAINSTAY_HISTORY_SECONDS=n` as many as there is
//! time for, beginning with one that is said.

#[cfg(feature = "seeded-bugs")]
mod bugs;
mod client;
mod question;
mod world;
mod writers;

use std::time::{Duration, Instant};

use mainstay::model::{Model as _, Schema};
use mainstay_live::{Live, LiveOptions};
use mainstay_test::TestApp;

use self::client::Viewer;
use self::world::{Note, Person, Room, app};
use self::writers::Writers;
use crate::dice::Dice;

const HISTORIES: u64 = 8;
const STEPS: usize = 60;

const LIVE: [&Schema; 3] = [Person::SCHEMA, Room::SCHEMA, Note::SCHEMA];

#[mainstay::test(app = app)]
async fn whoever_follows_has_what_the_list_gives(app: TestApp) {
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().expect("a whole number"));
    match (number("MAINSTAY_HISTORY"), number("MAINSTAY_HISTORY_SECONDS")) {
        (Some(history), _) => play(&app, history).await,
        (None, Some(seconds)) => play_for(&app, Duration::from_secs(seconds)).await,
        (None, None) => {
            for history in 0..HISTORIES {
                play(&app, history).await;
            }
        }
    }
}

/// Others in every run.
async fn play_for(app: &TestApp, time: Duration) {
    let (begun, first) = (Instant::now(), fastrand::u64(0..1 << 40));
    let mut played = 0;
    while begun.elapsed() < time {
        play(app, first + played).await;
        played += 1;
    }
    println!("{played} histories, from MAINSTAY_HISTORY={first}");
}

async fn play(app: &TestApp, seed: u64) {
    let mut dice = Dice::new(seed);
    let few = dice.roll(4) == 0;
    let options = LiveOptions { most_changes: if few { 3 } else { 1000 }, most_waiting: 3000 };
    let live = Live::start(app.db(), &LIVE, options).await.expect("live queries");
    let mut writers = Writers::new(app, &mut dice).await;
    let mut viewers = Vec::new();
    for step in 0..STEPS {
        let said = format!("MAINSTAY_HISTORY={seed}, step {step}");
        match dice.roll(10) {
            0 | 1 if viewers.len() < 6 => viewers.push(Viewer::new(&live, &writers.people, &mut dice)),
            0 if !viewers.is_empty() => drop(viewers.swap_remove(dice.below(viewers.len()))),
            1 | 2 if !viewers.is_empty() => {
                let at = dice.below(viewers.len());
                viewers[at].follow(&mut dice);
            }
            3 if !viewers.is_empty() => {
                let at = dice.below(viewers.len());
                viewers[at].come_back(&live);
            }
            _ => writers.step(&mut dice).await,
        }
        for viewer in &mut viewers {
            if dice.roll(3) > 0 {
                viewer.take_in(&live).await;
                viewer.compare(app.db(), &said).await;
            }
        }
    }
    writers.end().await;
    for viewer in &mut viewers {
        viewer.take_in(&live).await;
        viewer.compare(app.db(), &format!("MAINSTAY_HISTORY={seed}, at the end")).await;
    }
    drop(viewers);
    live.stop(Duration::from_secs(5)).await;
}
