//! Tasks: written with their transaction, claimed, fenced, moved.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use mainstay_kernel::work::{
    Burial, Dispatcher, Enlisted, Keys, NewTask, NextAttempt, Runnable, Slot, Task, TaskFilter, TaskId, Trail,
};
use mainstay_kernel::{Db, Error, ErrorKind, Request, Result, Timestamp, Tx};
use uuid::Uuid;

use crate::stores::{Given, bump, count, counter, on_both};

const LEASE: Duration = Duration::from_secs(60);

const KEYS: Keys<'static> = Keys { queue: "jobs", per_key: 1, most: 100, after: "", except: &[] };

fn task(name: &'static str) -> NewTask {
    NewTask {
        id: TaskId::new(),
        queue: "jobs".into(),
        name: name.into(),
        key: None,
        priority: 100,
        body: "null".to_owned(),
        meta: "{}".to_owned(),
        due: None,
    }
}

fn keyed(name: &'static str, key: &str) -> NewTask {
    NewTask { key: Some(key.to_owned()), ..task(name) }
}

async fn put(db: &Db, tasks: &[NewTask]) {
    db.write(async |tx: &mut Tx| {
        for task in tasks {
            tx.put(task.clone());
        }
        Ok(())
    })
    .await
    .expect("tasks are put");
}

async fn node(db: &Db) -> Uuid {
    let node = Uuid::now_v7();
    db.enlist(node, "test", LEASE).await.expect("a node");
    node
}

async fn claim(db: &Db, node: Uuid) -> Vec<Task> {
    db.claim(node, &mut Trail::of("jobs"), 100, &[]).await.expect("a claim")
}

async fn keyed_names(db: &Db, node: Uuid) -> Vec<Task> {
    db.claim_keyed(node, &KEYS).await.expect("a claim")
}

fn next(given: &Given, seconds: u64, errors: &str) -> NextAttempt {
    let due = given.clock.now().plus(Duration::from_secs(seconds));
    NextAttempt { due, attempts: 1, errors: errors.to_owned() }
}

fn known(name: &str, version: u32) -> Runnable<'_> {
    Runnable { name, version }
}

fn names(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|it| it.name.as_str()).collect()
}

async fn waiting(db: &Db) -> (u64, u64, u64, u64) {
    let depths = db.depths().await.expect("depths");
    let depth = depths.into_iter().find(|it| it.queue == "jobs").unwrap_or_default();
    (depth.ready, depth.running, depth.scheduled, depth.dead)
}

/// Runs nothing: notes what it is given.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Noted>>, Option<Uuid>);

#[derive(Default)]
struct Noted {
    tasks: Vec<Task>,
    woken: Vec<String>,
    times: Vec<Timestamp>,
}

impl Dispatcher for Notes {
    fn admit(self: Arc<Self>, _: &NewTask) -> Option<Box<dyn Slot>> {
        let owner = self.1?;
        Some(Box::new(Place(self, owner)))
    }

    fn wake(&self, queue: &str) {
        self.0.lock().unwrap().woken.push(queue.to_owned());
    }

    fn wake_at(&self, due: Timestamp) {
        self.0.lock().unwrap().times.push(due);
    }

    fn set_paused(&self, _: &str, _: bool) {}
}

struct Place(Arc<Notes>, Uuid);

impl Slot for Place {
    fn owner(&self) -> Uuid {
        self.1
    }

    fn run(self: Box<Self>, task: Task) {
        self.0.0.lock().unwrap().tasks.push(task);
    }
}

on_both! {
    async fn a_task_exists_only_if_its_transaction_committed(given: Given) {
        let failed: Result<()> = given.db.write(async |tx: &mut Tx| {
            tx.put(task("lost"));
            Err(Error::http(418, "teapot", "no"))
        }).await;
        assert!(failed.is_err());
        assert_eq!(waiting(&given.db).await, (0, 0, 0, 0));
        put(&given.db, &[task("kept")]).await;
        let node = node(&given.db).await;
        assert_eq!(names(&claim(&given.db, node).await), ["kept"]);
    }

    async fn a_handler_that_is_run_again_leaves_its_tasks_once(given: Given) {
        counter(&given.db).await;
        let runs = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&runs);
        given.db.write(async move |tx: &mut Tx| {
            bump(tx, "a").await?;
            tx.put(task("once"));
            let mut runs = seen.lock().unwrap();
            *runs += 1;
            if *runs < 3 { Err(Error::new(ErrorKind::Conflict)) } else { Ok(()) }
        }).await.unwrap();
        assert_eq!(waiting(&given.db).await, (1, 0, 0, 0));
    }

    async fn many_tasks_an_answer_and_rows_commit_together(given: Given) {
        counter(&given.db).await;
        let request = Request::keyed("k", "someone", "test", b"x");
        let work = |tx: &'_ mut Tx| -> mainstay_kernel::Boxed<'_, Result<mainstay_kernel::Answer>> {
            // The transaction outlives this borrow.
            Box::pin(std::future::ready({
                for _ in 0..100 {
                    tx.put(task("many"));
                }
                Ok(mainstay_kernel::Answer { status: 200, ..Default::default() })
            }))
        };
        for replayed in [false, true] {
            let outcome = given.db.write_kept(Some(&request), |tx, _| work(tx)).await.unwrap();
            assert_eq!(outcome.replayed, replayed);
        }
        assert_eq!(waiting(&given.db).await.0, 100);
    }

    async fn tasks_are_claimed_by_priority_and_then_by_age(given: Given) {
        let urgent = NewTask { priority: 1, ..task("urgent") };
        put(&given.db, &[task("first"), task("second"), urgent]).await;
        let node = node(&given.db).await;
        assert_eq!(names(&claim(&given.db, node).await), ["urgent", "first", "second"]);
        assert_eq!(claim(&given.db, node).await, []);
    }

    async fn an_attempt_that_lost_its_task_has_no_effect(given: Given) {
        counter(&given.db).await;
        put(&given.db, &[task("it")]).await;
        let db = &given.db;
        let stale = claim(db, node(db).await).await.remove(0);
        assert!(db.release(&stale.fence()).await.unwrap());
        let fresh = claim(db, node(db).await).await.remove(0);
        let finish = |task: &Task| {
            let fence = task.fence();
            db.write(async move |tx: &mut Tx| {
                bump(tx, "a").await?;
                tx.finish(fence.clone());
                Ok(())
            })
        };
        assert_eq!(finish(&stale).await.unwrap_err().kind(), &ErrorKind::LeaseLost);
        assert_eq!(count(db, "a").await, 0);
        finish(&fresh).await.unwrap();
        assert_eq!(finish(&fresh).await.unwrap_err().kind(), &ErrorKind::LeaseLost);
        assert_eq!((count(db, "a").await, waiting(db).await), (1, (0, 0, 0, 0)));
    }

    async fn an_attempt_without_statements_is_fenced_too(given: Given) {
        put(&given.db, &[task("it")]).await;
        let db = &given.db;
        let it = claim(db, node(db).await).await.remove(0);
        let finish = || {
            let fence = it.fence();
            db.write(async move |tx: &mut Tx| {
                tx.finish(fence.clone());
                Ok(())
            })
        };
        finish().await.unwrap();
        assert_eq!(finish().await.unwrap_err().kind(), &ErrorKind::LeaseLost);
    }

    async fn a_stale_acknowledgement_does_not_end_its_successor(given: Given) {
        put(&given.db, &[task("it")]).await;
        let (db, node) = (&given.db, node(&given.db).await);
        let stale = claim(db, node).await.remove(0).fence();
        assert!(db.retry(&stale, &next(&given, 0, "[1]")).await.unwrap());
        assert_eq!(db.promote(10).await.unwrap(), ["jobs"]);
        let fresh = claim(db, node).await.remove(0);
        assert_eq!((fresh.attempt, fresh.errors.as_str()), (2, "[1]"));
        assert_eq!(db.complete(node, std::slice::from_ref(&stale)).await.unwrap(), []);
        assert!(!db.retry(&stale, &next(&given, 0, "[]")).await.unwrap());
        assert_eq!(db.complete(node, &[stale, fresh.fence()]).await.unwrap(), [fresh.id]);
    }

    async fn a_task_is_not_ready_before_it_is_due(given: Given) {
        let due = given.clock.now().plus(Duration::from_secs(30));
        put(&given.db, &[NewTask { due: Some(due), ..task("later") }]).await;
        let (db, node) = (&given.db, node(&given.db).await);
        assert_eq!(db.next_due().await.unwrap(), Some(due));
        assert!(db.promote(10).await.unwrap().is_empty());
        assert_eq!(claim(db, node).await, []);
        given.clock.advance(Duration::from_secs(30));
        assert_eq!(db.promote(10).await.unwrap(), ["jobs"]);
        assert_eq!(names(&claim(db, node).await), ["later"]);
    }

    async fn tasks_of_a_key_run_one_at_a_time_in_the_order_of_their_commits(given: Given) {
        let db = &given.db;
        put(db, &[keyed("a1", "a"), keyed("a2", "a"), keyed("b1", "b")]).await;
        put(db, &[keyed("a3", "a")]).await;
        let node = node(db).await;
        let first = keyed_names(db, node).await;
        assert_eq!(names(&first), ["a1", "b1"]);
        assert_eq!(keyed_names(db, node).await, []);
        // Waiting for its next attempt, it keeps its place.
        assert!(db.retry(&first[0].fence(), &next(&given, 5, "[]")).await.unwrap());
        assert_eq!(keyed_names(db, node).await, []);
        given.clock.advance(Duration::from_secs(5));
        let again = keyed_names(db, node).await;
        assert_eq!((names(&again), again[0].attempt), (vec!["a1"], 2));
        db.complete(node, &[again[0].fence()]).await.unwrap();
        assert_eq!(names(&keyed_names(db, node).await), ["a2"]);
    }

    async fn keys_are_numbered_in_the_order_of_their_commits_whoever_commits(given: Given) {
        counter(&given.db).await;
        let mut writers = Vec::new();
        for writer in 0..6 {
            let db = given.db.clone();
            writers.push(given.db.owned().spawn("writer", async move {
                for _ in 0..5 {
                    let put = async move |tx: &mut Tx| {
                        let n = bump(tx, "a").await?;
                        tx.put(NewTask { body: n.to_string(), ..keyed("step", "k") });
                        Ok(())
                    };
                    while let Err(error) = db.write(put).await {
                        assert!(error.is_retryable(), "{writer}: {error:?}");
                    }
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let node = node(&given.db).await;
        for expected in 1..=30 {
            let head = keyed_names(&given.db, node).await.remove(0);
            assert_eq!(head.body, expected.to_string());
            given.db.complete(node, &[head.fence()]).await.unwrap();
        }
    }

    async fn cancelling_tells_the_truth(given: Given) {
        let db = &given.db;
        let due = Some(given.clock.now().plus(Duration::from_secs(30)));
        let (later, ready, running) = (NewTask { due, ..task("later") }, task("ready"), NewTask { priority: 1, ..task("run") });
        put(db, &[later.clone(), ready.clone(), running.clone()]).await;
        db.claim(node(db).await, &mut Trail::of("jobs"), 1, &[]).await.unwrap();
        let told = db.write(async |tx: &mut Tx| {
            let mine = tx.put(task("mine"));
            Ok([
                tx.cancel(later.id).await?,
                tx.cancel(ready.id).await?,
                tx.cancel(running.id).await?,
                tx.cancel(mine).await?,
                tx.cancel(mine).await?,
            ])
        }).await.unwrap();
        assert_eq!(told, [true, true, false, true, false]);
        assert_eq!(waiting(db).await, (0, 1, 0, 0));
    }

    async fn of_a_cancel_and_a_claim_at_once_one_wins(given: Given) {
        let db = &given.db;
        let node = node(db).await;
        for _ in 0..20 {
            let it = task("it");
            let id = it.id;
            put(db, &[it]).await;
            let cancel = db.write(async move |tx: &mut Tx| tx.cancel(id).await);
            let (cancelled, claimed) = tokio::join!(cancel, claim(db, node));
            assert_ne!(cancelled.unwrap(), claimed.len() == 1, "cancelled or claimed, not both nor neither");
        }
    }

    async fn a_waiting_task_can_be_set_to_another_time(given: Given) {
        let db = &given.db;
        let at = |seconds| given.clock.now().plus(Duration::from_secs(seconds));
        let (later, ready) = (NewTask { due: Some(at(30)), ..task("later") }, task("ready"));
        put(db, &[later.clone(), ready.clone()]).await;
        let (sooner, postponed, missing) = (at(10), at(20), TaskId::new());
        let moved = db.write(async move |tx: &mut Tx| {
            let mine = tx.put(task("mine"));
            Ok((
                tx.reschedule(later.id, sooner).await?,
                tx.reschedule(ready.id, postponed).await?,
                tx.reschedule(mine, postponed).await?,
                tx.reschedule(missing, postponed).await?,
            ))
        }).await.unwrap();
        assert_eq!(moved, (true, true, true, false));
        assert_eq!((waiting(db).await, db.next_due().await.unwrap()), ((0, 0, 3, 0), Some(sooner)));
    }

    async fn a_dead_letter_can_be_replayed_or_discarded(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("one"), task("two")]).await;
        for it in claim(db, node).await {
            let burial = Burial { reason: "permanent", errors: "[\"no\"]".to_owned() };
            assert!(db.bury(&it.fence(), &burial).await.unwrap());
        }
        let dead = db.dead(&TaskFilter::default(), 10).await.unwrap();
        assert_eq!((dead.len(), dead[0].reason.as_str(), dead[0].attempt), (2, "permanent", 1));
        let one = TaskFilter { name: Some("one".to_owned()), ..TaskFilter::default() };
        let died = given.clock.now();
        let earlier = died.minus(Duration::from_secs(1));
        assert!(db.replay_dead(&one, earlier, 10).await.unwrap().is_empty(), "it died later");
        assert_eq!(db.replay_dead(&one, died, 10).await.unwrap(), ["jobs"]);
        assert_eq!(db.promote(10).await.unwrap(), ["jobs"]);
        let again = claim(db, node).await.remove(0);
        assert_eq!((again.name.as_str(), again.attempt, again.errors.as_str()), ("one", 1, "[]"));
        assert_eq!(db.discard_dead(&TaskFilter::default(), earlier, 10).await.unwrap(), 0);
        assert_eq!(db.discard_dead(&TaskFilter::default(), died, 10).await.unwrap(), 1);
        assert_eq!(waiting(db).await, (0, 1, 0, 0));
    }

    async fn dead_letters_are_forgotten_after_a_month(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("it")]).await;
        let burial = Burial { reason: "permanent", errors: "[]".to_owned() };
        assert!(db.bury(&claim(db, node).await[0].fence(), &burial).await.unwrap());
        for (days, left) in [(29, 1), (2, 0)] {
            given.clock.advance(Duration::from_secs(days * 24 * 3600));
            db.expire().await.unwrap();
            assert_eq!(waiting(db).await.3, left);
        }
    }

    async fn what_nobody_knows_how_to_run_is_set_aside(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("strange")]).await;
        let it = claim(db, node).await.remove(0);
        assert!(db.park(&it.fence()).await.unwrap());
        assert_eq!(claim(db, node).await, []);
        assert!(db.unpark(&[known("other", 1)]).await.unwrap().is_empty());
        assert_eq!(db.unpark(&[known("other", 1), known("strange", 1)]).await.unwrap(), ["jobs"]);
        assert_eq!(claim(db, node).await[0].attempt, 1);
    }

    async fn a_task_of_a_later_version_is_freed_for_those_who_know_it(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[NewTask { meta: "{\"version\":3}".to_owned(), ..task("it") }, task("it")]).await;
        for it in claim(db, node).await {
            assert!(db.park(&it.fence()).await.unwrap());
        }
        assert_eq!(db.unpark(&[known("it", 2)]).await.unwrap(), ["jobs"], "the one of version 1");
        assert_eq!(db.unpark(&[known("it", 2)]).await.unwrap(), Vec::<String>::new());
        assert_eq!(claim(db, node).await[0].meta, "{}");
        assert_eq!(db.unpark(&[known("other", 9), known("it", 3)]).await.unwrap(), ["jobs"]);
        assert_eq!(claim(db, node).await[0].meta, "{\"version\":3}");
    }

    async fn a_paused_queue_gives_nothing(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("one"), keyed("two", "k")]).await;
        db.set_paused("jobs", true).await.unwrap();
        assert_eq!(db.paused().await.unwrap(), ["jobs"]);
        assert_eq!((claim(db, node).await, keyed_names(db, node).await), (vec![], vec![]));
        db.set_paused("jobs", false).await.unwrap();
        assert_eq!((claim(db, node).await.len(), keyed_names(db, node).await.len()), (1, 1));
    }

    async fn a_cron_ticks_once_for_each_time(given: Given) {
        let due = given.clock.now();
        let tick = || given.db.write(async move |tx: &mut Tx| tx.tick("nightly", due).await);
        let (one, other) = tokio::join!(tick(), tick());
        assert_eq!([one.unwrap(), other.unwrap()].iter().filter(|it| **it).count(), 1);
        assert_eq!(given.db.last_tick("nightly").await.unwrap(), Some(due));
        assert_eq!(given.db.last_tick("other").await.unwrap(), None);
    }

    async fn a_mark_is_held_by_one_task_until_its_time(given: Given) {
        let (mark, first, second) = (Uuid::now_v7(), TaskId::new(), TaskId::new());
        let until = given.clock.now().plus(Duration::from_secs(60));
        let take = |task| given.db.write(async move |tx: &mut Tx| tx.only_one(mark, task, until).await);
        assert_eq!((take(first).await.unwrap(), take(second).await.unwrap()), (first, first));
        given.clock.advance(Duration::from_secs(60));
        assert_eq!(take(second).await.unwrap(), second);
    }

    async fn what_can_run_at_once_is_handed_over_at_its_commit(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let notes = Arc::new(Notes(Arc::default(), Some(node)));
        let relayed: Weak<Notes> = Arc::downgrade(&notes);
        db.dispatch_by(relayed).unwrap();
        let due = given.clock.now().plus(Duration::from_secs(30));
        put(db, &[task("now"), keyed("keyed", "k"), NewTask { due: Some(due), ..task("later") }]).await;
        let Noted { tasks: given_tasks, woken, times } = std::mem::take(&mut *notes.0.lock().unwrap());
        assert_eq!((names(&given_tasks), given_tasks[0].attempt), (vec!["now"], 1));
        assert_eq!((woken, times), (vec!["jobs".to_owned()], vec![due]));
        assert_eq!(claim(db, node).await, [], "it is claimed already");
        let fence = given_tasks[0].fence();
        db.write(async move |tx: &mut Tx| {
            tx.finish(fence.clone());
            Ok(())
        }).await.unwrap();
        assert_eq!(waiting(db).await, (1, 0, 1, 0));
    }

    async fn a_long_transactions_task_is_as_young_as_its_commit(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let notes = Arc::new(Notes(Arc::default(), Some(node)));
        let relayed: Weak<Notes> = Arc::downgrade(&notes);
        db.dispatch_by(relayed).unwrap();
        let clock = given.clock.clone();
        db.write(async move |tx: &mut Tx| {
            tx.put(task("it"));
            clock.advance(Duration::from_secs(60));
            Ok(())
        }).await.unwrap();
        // It runs here, and whoever looks for lost tasks may not have heard of it yet.
        assert!(db.disown(node, &[], Duration::from_secs(10)).await.unwrap().is_empty());
        assert_eq!(names(&notes.0.lock().unwrap().tasks), ["it"]);
    }

    async fn of_a_key_so_many_run_at_the_same_time_as_its_queue_allows(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[keyed("one", "k"), keyed("two", "k"), keyed("three", "k"), keyed("four", "k")]).await;
        let two = Keys { per_key: 2, ..KEYS };
        let running = db.claim_keyed(node, &two).await.unwrap();
        assert_eq!(names(&running), ["one", "two"]);
        assert!(db.claim_keyed(node, &two).await.unwrap().is_empty(), "two of the key run");
        db.complete(node, &[running[1].fence()]).await.unwrap();
        assert_eq!(names(&db.claim_keyed(node, &two).await.unwrap()), ["three"]);
    }

    async fn many_tasks_of_one_transaction_are_written_in_their_order(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let notes = Arc::new(Notes(Arc::default(), Some(node)));
        let relayed: Weak<Notes> = Arc::downgrade(&notes);
        db.dispatch_by(relayed).unwrap();
        let due = given.clock.now().plus(Duration::from_secs(30));
        let many: Vec<NewTask> = (0..1300).map(|n| match n % 3 {
            0 => NewTask { body: format!("\"{n} \\u0000 'ä'\""), ..task("now") },
            1 => NewTask { body: n.to_string(), ..keyed("keyed", "k") },
            _ => NewTask { due: Some(due), priority: 7, ..task("later") },
        }).collect();
        put(db, &many).await;
        let given_tasks = std::mem::take(&mut notes.0.lock().unwrap().tasks);
        let bodies = |all: &[NewTask], name: &str| -> Vec<String> {
            all.iter().filter(|it| it.name == name).map(|it| it.body.clone()).collect()
        };
        assert_eq!(given_tasks.iter().map(|it| it.body.clone()).collect::<Vec<_>>(), bodies(&many, "now"));
        // Each is found where it was written.
        for it in &given_tasks[430..] {
            let fence = it.fence();
            db.write(async move |tx: &mut Tx| { tx.finish(fence.clone()); Ok(()) }).await.unwrap();
        }
        assert_eq!(waiting(db).await, (433, 430, 433, 0));
        for body in bodies(&many, "keyed").iter().take(3) {
            let next = db.claim_keyed(node, &KEYS).await.unwrap().remove(0);
            assert_eq!(&next.body, body);
            db.complete(node, &[next.fence()]).await.unwrap();
        }
        given.clock.advance(Duration::from_secs(30));
        assert_eq!(db.promote(1000).await.unwrap().len(), 433);
        assert_eq!(claim(db, node).await[0].priority, 7);
    }

    async fn names_that_are_left_out_are_not_claimed(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("one"), task("two"), task("three"), keyed("one", "k"), keyed("two", "l")]).await;
        let except = ["one".to_owned(), "three".to_owned()];
        assert_eq!(names(&db.claim(node, &mut Trail::of("jobs"), 10, &except).await.unwrap()), ["two"]);
        let keys = Keys { except: &except, ..KEYS };
        assert_eq!(names(&db.claim_keyed(node, &keys).await.unwrap()), ["two"]);
    }

    async fn what_is_owned_and_not_run_is_freed(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        put(db, &[task("lost"), task("kept")]).await;
        let claimed = claim(db, node).await;
        given.clock.advance(Duration::from_secs(10));
        let running = [claimed[1].id];
        assert!(db.disown(node, &running, Duration::from_secs(20)).await.unwrap().is_empty());
        assert_eq!(db.disown(node, &running, Duration::from_secs(5)).await.unwrap(), ["jobs"]);
        assert_eq!(names(&claim(db, node).await), ["lost"]);
    }

    async fn a_process_that_leaves_hands_its_tasks_back(given: Given) {
        let (db, leaving) = (&given.db, node(&given.db).await);
        put(db, &[task("it")]).await;
        assert_eq!(claim(db, leaving).await.len(), 1);
        db.leave(leaving).await.unwrap();
        let other = node(db).await;
        assert_eq!(claim(db, other).await[0].attempt, 2);
    }
}

mod a_process_whose_lease_ended_loses_its_tasks {
    use super::*;

    async fn a_process_whose_lease_ended_loses_its_tasks(given: Given) {
        let db = &given.db;
        let dead = Uuid::now_v7();
        db.enlist(dead, "dead", Duration::ZERO).await.unwrap();
        put(db, &[task("it")]).await;
        let stale = claim(db, dead).await.remove(0);
        let alive = node(db).await;
        assert_eq!(db.reap().await.unwrap(), ["jobs"]);
        assert_eq!(db.renew(dead, LEASE).await.unwrap(), Enlisted::Lost);
        assert_eq!(db.renew(alive, LEASE).await.unwrap(), Enlisted::Alive);
        assert_eq!(claim(db, alive).await.len(), 1);
        assert!(db.reap().await.unwrap().is_empty(), "who is alive keeps its tasks");
        assert_eq!(db.complete(dead, &[stale.fence()]).await.unwrap(), []);
        // One that claims after it was struck off holds nothing for long.
        put(db, &[task("late")]).await;
        assert_eq!(claim(db, dead).await.len(), 1);
        assert!(db.reap().await.unwrap().is_empty(), "nobody has died since");
        assert_eq!(db.reap_strays().await.unwrap(), ["jobs"]);
        assert_eq!(names(&claim(db, alive).await), ["late"]);
        assert!(db.reap_strays().await.unwrap().is_empty(), "who is alive keeps its tasks");
    }

    #[test]
    fn postgres() {
        crate::stores::on_postgres(a_process_whose_lease_ended_loses_its_tasks);
    }
}

mod what_an_earlier_process_ran_is_free_again {
    use super::*;

    async fn what_an_earlier_process_ran_is_free_again(given: Given) {
        put(&given.db, &[task("it")]).await;
        let earlier = node(&given.db).await;
        assert_eq!(claim(&given.db, earlier).await.len(), 1);
        let later = node(&given.db).await;
        assert_eq!(claim(&given.db, later).await.len(), 1);
    }

    #[test]
    fn sqlite() {
        crate::stores::on_sqlite(what_an_earlier_process_ran_is_free_again);
    }
}

mod strangers_that_end_and_leave_tasks_at_once_do_not_conflict {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Each of these transactions ends a task, leaves one behind and takes one back, all in tables of a page or two.
    async fn strangers_that_end_and_leave_tasks_at_once_do_not_conflict(given: Given) {
        const STRANGERS: u32 = 6;
        counter(&given.db).await;
        let db = &given.db;
        let node = node(db).await;
        let (mut running, mut waiting) = (Vec::new(), Vec::new());
        for _ in 0..STRANGERS {
            let (run, wait) =
                (task("run"), NewTask { due: Some(given.clock.now().plus(LEASE)), ..task("wait") });
            waiting.push(wait.id);
            put(db, &[run, wait]).await;
        }
        running.extend(claim(db, node).await);
        let runs = Arc::new(AtomicU32::new(0));
        let mut all = Vec::new();
        for (it, other) in running.into_iter().zip(waiting) {
            let (db, runs) = (db.clone(), Arc::clone(&runs));
            all.push(given.db.owned().spawn("stranger", async move {
                let work = async move |tx: &mut Tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    let slowly = mainstay_kernel::Statement::new("SELECT 1 FROM pg_sleep(0.7)");
                    tx.rows(&slowly).await?;
                    tx.put(task("next"));
                    tx.finish(it.fence());
                    tx.cancel(other).await
                };
                assert!(db.write(work).await.expect("nobody is in the way"));
            }));
        }
        for stranger in all {
            stranger.await.unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), STRANGERS, "nobody was run again");
        assert_eq!(super::waiting(db).await, (u64::from(STRANGERS), 0, 0, 0));
    }

    #[test]
    fn postgres() {
        crate::stores::on_postgres(strangers_that_end_and_leave_tasks_at_once_do_not_conflict);
    }
}
