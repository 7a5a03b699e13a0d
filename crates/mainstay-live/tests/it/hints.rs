use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mainstay::kernel::changes::Hints;
use mainstay::prelude::*;
use mainstay_test::TestApp;
use tokio::sync::Notify;

use crate::models::{app, changes, feed, label};

/// Hints that a test gives and counts.
#[derive(Default)]
struct Hand {
    told: AtomicUsize,
    listened: Notify,
    rung: Notify,
}

impl Hints for Hand {
    fn tell(&self) {
        self.told.fetch_add(1, Ordering::SeqCst);
    }

    fn heard(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.listened.notify_one();
        Box::pin(self.rung.notified())
    }
}

#[mainstay::test(app = app)]
async fn a_commit_is_hinted_at_and_a_hint_is_heard(app: TestApp) {
    let hand = Arc::new(Hand::default());
    app.db().hint_by(hand.clone()).expect("the only ones");
    assert!(app.db().hint_by(hand.clone()).is_err());
    let before = hand.told.load(Ordering::SeqCst);
    let _ = label(app.db(), "a").await;
    assert_eq!(hand.told.load(Ordering::SeqCst), before + 1);
    let failed = app.db().write(async |_: &mut Tx| Err::<(), _>(Error::internal("on purpose"))).await;
    assert!(failed.is_err());
    assert_eq!(hand.told.load(Ordering::SeqCst), before + 1, "what is undone is nobody's news");

    let mut heard = feed(app.db()).await;
    let writing = async {
        // It waits.
        hand.listened.notified().await;
        crate::models::by_others(&app, "UPDATE labels SET title = 'b'").await;
        hand.rung.notify_one();
    };
    let (told, ()) = futures_util::join!(changes(&mut heard, 1), writing);
    assert_eq!(told.len(), 1);
}
