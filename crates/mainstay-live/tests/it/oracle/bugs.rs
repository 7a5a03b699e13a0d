//! The oracle's own test: live queries with a bug, which must be found.

use std::process::Command;

use mainstay::kernel::SeededBug;

/// Each history is played in a process that has the bug, on each store that is at hand.
#[test]
fn each_seeded_bug_of_live_queries_is_found() {
    let this = std::env::current_exe().expect("this test");
    let missed: Vec<_> = SeededBug::LIVE.iter().filter(|bug| !is_found(&this, **bug)).collect();
    assert!(missed.is_empty(), "nobody found {missed:?}");
}

fn is_found(this: &std::path::Path, bug: SeededBug) -> bool {
    let played = Command::new(this)
        .args(["oracle::whoever_follows_has_what_the_list_gives", "--test-threads=1"])
        .env("MAINSTAY_CHAOS_BUG", bug.name())
        .output()
        .expect("a run of this test");
    let said = String::from_utf8_lossy(&[played.stdout, played.stderr].concat()).into_owned();
    // Found by a comparison, not by an accident of another kind.
    let found = !played.status.success() && said.contains("MAINSTAY_HISTORY=");
    println!("{}: {}", bug.name(), if found { "found" } else { "not found" });
    found
}
