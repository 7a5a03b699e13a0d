//! The page on upgrades.

use mainstay_test::TestApp;

mod workers {
    use mainstay::prelude::*;

    pub mod mail {
        use std::sync::Mutex;

        use mainstay::kernel::work::TaskId;

        use super::*;

        pub static SENT: Mutex<Vec<String>> = Mutex::new(Vec::new());

        pub async fn welcome(welcome: &Welcome, _key: TaskId) -> Result<()> {
            let Welcome { name, language } = welcome;
            SENT.lock().unwrap().push(format!("{name} {language}"));
            Ok(())
        }
    }

    /// Whom to welcome. Version 1 was the name alone.
    #[data]
    pub struct Welcome {
        /// What they are called.
        pub name: String,
        /// What they read.
        pub language: String,
    }

    fn upgrade_welcome(from: u32, input: Value) -> Result<Value> {
        match from {
            1 => Ok(json!({ "name": input, "language": "en" })),
            _ => Err(Error::internal("there is no such version")),
        }
    }

    /// Welcomes somebody.
    #[worker(version = 2, upgrade = upgrade_welcome)]
    pub async fn send_welcome(cx: &TaskCx, welcome: Welcome) -> Result<()> {
        mail::welcome(&welcome, cx.id()).await
    }
}

mod before {
    use mainstay::prelude::*;

    #[worker]
    pub async fn send_welcome(_name: String) {}
}

fn app() -> mainstay::prelude::App {
    mainstay::prelude::App::new("shop").worker(workers::send_welcome)
}

#[mainstay::test(app = app)]
async fn the_page_on_upgrades_does_what_it_says(app: TestApp) {
    use mainstay::prelude::*;
    use workers::{Welcome, send_welcome};

    write_tx!(app.db(), |tx| {
        tx.enqueue(before::send_welcome, "ann".to_owned()).await?;
        let welcome = Welcome { name: "bob".to_owned(), language: "fr".to_owned() };
        tx.enqueue(send_welcome, welcome).await.map(drop)
    })
    .await
    .unwrap();
    assert_eq!(app.tasks().run().await, 2);
    let mut sent = std::mem::take(&mut *workers::mail::SENT.lock().unwrap());
    sent.sort();
    assert_eq!(sent, ["ann en", "bob fr"]);
}
