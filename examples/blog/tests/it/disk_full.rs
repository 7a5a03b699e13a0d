//! A disk that is full, and is not any more.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, iter, thread};

use mainstay::serde_json::{Value, json};

use crate::ledger::{Ledger, name};
use crate::place::{Kept, Place, on};
use crate::server::{Blog, Launch};
use crate::waiting::until;

/// Bytes that the blog may write to any file.
const LIMIT: usize = 2 << 20;

#[test]
fn a_file_that_may_not_grow_refuses_writes_until_it_may() {
    on(Kept::Sqlite, |place| refuses_and_recovers(place, limited(place), lift));
}

#[test]
fn writers_who_share_a_commit_lose_nothing_when_the_disk_is_full() {
    on(Kept::Sqlite, |place| {
        let blog = limited(place);
        let ledger = Ledger::new(8);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| ledger.write(&blog, || !is_over.load(Ordering::SeqCst)));
            let mut writer = blog.person(&name(0));
            let note = json!({ "body": "x".repeat(20_000) });
            until("the disk is full", || (writer.post("/v1/notes", &note).status == 503).then_some(()));
            lift(&blog);
            let goal = ledger.acknowledged() + 50;
            until("writes succeed again", || (ledger.acknowledged() > goal).then_some(()));
            is_over.store(true, Ordering::SeqCst);
        });
        ledger.settle(place, blog);
    });
}

/// A blog under a limit for the process instead of a full disk: that needs no privilege.
fn limited(place: &Place) -> Blog {
    let limited = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\"", LIMIT / 512);
    let mut shell = Command::new("sh");
    shell.args(["-c", &limited, env!("CARGO_BIN_EXE_blog")]);
    Launch::wrapped(place, shell).start()
}

/// Lifts the limit while the blog runs.
fn lift(blog: &Blog) {
    let lifted =
        Command::new("prlimit").args(["--fsize=unlimited", "--pid", &blog.pid().to_string()]).status();
    assert!(lifted.expect("util-linux is installed").success());
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    on(Kept::Sqlite, |place| {
        let Some(disk) = SmallDisk::mount(&place.root().join(".mainstay")) else {
            return eprintln!("skipped: no disk can be mounted here");
        };
        let filler = disk.0.join("filler");
        fs::write(&filler, vec![0; 4 << 20]).expect("room for now");
        refuses_and_recovers(place, Launch::at(place).start(), |_| {
            fs::remove_file(&filler).expect("it is there")
        });
    });
}

/// Writes until that is refused; what was acknowledged stays, and with room again the rest follows.
fn refuses_and_recovers(place: &Place, blog: Blog, make_room: impl FnOnce(&Blog)) {
    let ledger = Ledger::new(1);
    let mut writer = blog.person(&name(0));
    let big =
        |key: &str| json!({ "title": key, "published": true, "tags": [key], "body": "x".repeat(50_000) });
    let refused = iter::repeat_with(|| ledger.begin(0)).take(500).find(|key| {
        let answer = writer.post_keyed(key, &big(key)).expect("an answer");
        let is_refused = answer.status == 503;
        if is_refused {
            assert!(answer.code() == "unavailable" && answer.header("retry-after").is_some(), "{answer:?}");
        } else {
            ledger.acknowledge(key, &answer.expect(201));
        }
        is_refused
    });
    let refused = refused.expect("the disk is full at some time");
    let kept = ledger.acknowledged();
    for _ in 0..3 {
        assert_eq!(writer.post_keyed(&refused, &big(&refused)).expect("an answer").status, 503);
    }
    assert_eq!(total(&blog), json!(kept), "reads go on, and show what was acknowledged");
    blog.anybody().get("/healthz").expect(200);

    make_room(&blog);
    let answer = until("writes succeed again, by the same process", || {
        let answer = writer.post_keyed(&refused, &big(&refused)).expect("an answer");
        (answer.status != 503).then_some(answer)
    });
    ledger.acknowledge(&refused, &answer.expect(201));
    assert_eq!(total(&blog), json!(kept + 1));
    blog.kill_nine();
    let again = Launch::at(place).start();
    assert_eq!(total(&again), json!(kept + 1), "and it is on the disk");
    again.stop();
}

fn total(blog: &Blog) -> Value {
    blog.anybody().get("/v1/posts?count=only").expect(200).json()["result"]["total"].clone()
}

/// A small disk in memory, unmounted when dropped.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).ok()?;
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|it| it.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _left_mounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
