//! Claims that begin where the last one ended miss nothing.

use std::time::Duration;

use mainstay_kernel::work::{NewTask, Task, TaskId, Trail};
use mainstay_kernel::{Db, Tx};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::stores::{Given, on_both};

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

async fn put(db: &Db, tasks: &[NewTask]) {
    db.write(async |tx: &mut Tx| {
        tasks.iter().for_each(|task| {
            tx.put(task.clone());
        });
        Ok(())
    })
    .await
    .expect("tasks are put");
}

async fn node(db: &Db) -> Uuid {
    let node = Uuid::now_v7();
    db.enlist(node, "it", Duration::from_secs(60)).await.expect("a node");
    node
}

fn names(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|it| it.name.as_str()).collect()
}

/// One that has come past these tasks, which are claimed.
async fn past(db: &Db, node: Uuid, tasks: &[NewTask]) -> (Trail, Vec<Task>) {
    let mut trail = Trail::of("jobs");
    // The first claims look at everything, and back.
    for _ in 0..3 {
        assert!(db.claim(node, &mut trail, 10, &[]).await.unwrap().is_empty());
    }
    put(db, tasks).await;
    let claimed = db.claim(node, &mut trail, 10, &[]).await.unwrap();
    assert_eq!(claimed.len(), tasks.len());
    (trail, claimed)
}

on_both! {
    async fn a_task_that_is_given_back_runs_before_those_that_never_ran(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let (mut trail, claimed) = past(db, node, &[task("first"), task("second"), task("third")]).await;
        put(db, &[task("never ran")]).await;
        // The later one first: their order is that of their age all the same.
        for task in [&claimed[2], &claimed[0]] {
            assert!(db.release(&task.fence()).await.unwrap());
        }
        let next = db.claim(node, &mut trail, 2, &[]).await.unwrap();
        assert_eq!(names(&next), ["first", "third"]);
        assert_eq!(names(&db.claim(node, &mut trail, 2, &[]).await.unwrap()), ["never ran"]);
    }

    async fn a_more_urgent_task_is_found_behind_others(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let (mut trail, _) = past(db, node, &[task("it"), NewTask { priority: 7, ..task("urgent") }]).await;
        put(db, &[task("next"), NewTask { priority: 7, ..task("again") }, NewTask { priority: 3, ..task("most") }]).await;
        assert_eq!(names(&db.claim(node, &mut trail, 10, &[]).await.unwrap()), ["most", "again", "next"]);
    }

    async fn a_queue_that_was_paused_is_claimed_from_where_it_was(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let (mut trail, _) = past(db, node, &[task("it")]).await;
        put(db, &[task("next")]).await;
        db.set_paused("jobs", true).await.unwrap();
        assert!(db.claim(node, &mut trail, 10, &[]).await.unwrap().is_empty());
        db.set_paused("jobs", false).await.unwrap();
        assert_eq!(names(&db.claim(node, &mut trail, 10, &[]).await.unwrap()), ["next"]);
    }

    async fn names_that_were_left_out_are_claimed_when_they_are_no_longer(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let (mut trail, _) = past(db, node, &[task("it")]).await;
        put(db, &[task("one"), task("two"), task("three")]).await;
        let one = ["one".to_owned()];
        assert_eq!(names(&db.claim(node, &mut trail, 1, &one).await.unwrap()), ["two"]);
        assert_eq!(names(&db.claim(node, &mut trail, 1, &one).await.unwrap()), ["three"]);
        assert_eq!(names(&db.claim(node, &mut trail, 1, &[]).await.unwrap()), ["one"]);
    }
}

mod a_task_that_is_committed_late_is_found_behind_those_that_were_claimed {
    use super::*;

    /// Puts a task in and commits it when it is told to.
    async fn late(db: &Db, numbered: oneshot::Sender<()>, commit: oneshot::Receiver<()>) {
        let waits = std::sync::Mutex::new(Some((numbered, commit)));
        db.write(async move |tx: &mut Tx| {
            let insert = "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
                 VALUES (gen_random_uuid(), 'jobs', 'late', 100, 'null', '{}', now())";
            tx.sql(insert).execute().await?;
            let waits = waits.lock().unwrap().take();
            if let Some((numbered, commit)) = waits {
                numbered.send(()).unwrap();
                commit.await.unwrap();
            }
            Ok(())
        })
        .await
        .unwrap();
    }

    async fn a_task_that_is_committed_late_is_found_behind_those_that_were_claimed(given: Given) {
        let (db, node) = (&given.db, node(&given.db).await);
        let (mut trail, _) = past(db, node, &[task("it")]).await;
        let (numbered, is_numbered) = oneshot::channel();
        let (commit, may_commit) = oneshot::channel();
        let claims = async {
            is_numbered.await.unwrap();
            put(db, &[task("next")]).await;
            assert_eq!(names(&db.claim(node, &mut trail, 10, &[]).await.unwrap()), ["next"]);
            commit.send(()).unwrap();
        };
        tokio::join!(late(db, numbered, may_commit), claims);
        let found = loop {
            let claimed = db.claim(node, &mut trail, 10, &[]).await.unwrap();
            if !claimed.is_empty() {
                break claimed;
            }
        };
        assert_eq!(names(&found), ["late"]);
    }

    #[test]
    fn postgres() {
        crate::stores::on_postgres(a_task_that_is_committed_late_is_found_behind_those_that_were_claimed);
    }
}
