use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::record;
use super::effect::{Effect, effects};

/// Something that is looked up by its text.
#[derive(Model, Clone, Debug)]
pub(crate) struct Page {
    pub(crate) id: Id<Page>,
    #[model(write)]
    pub(crate) title: String,
}

#[scope]
impl Scope for Page {
    fn can_create(_: &Caller) -> Access<Page> {
        all()
    }
    fn can_read(_: &Caller) -> Access<Page> {
        all()
    }
}

#[hook(after, create)]
async fn index_page(cx: &mut HookCx<'_, Page>) -> Result<()> {
    let title = cx.model().title.clone();
    if title == "refused" {
        cx.enqueue(record, title.clone()).await?;
        return Err(Error::http(409, "refused", "not this one"));
    }
    cx.enqueue(record, title).await.map(drop)
}

fn app() -> App {
    App::new("hooked").model::<Effect>().model::<Page>().hook(index_page).worker(record)
}

#[mainstay::test(app = app)]
async fn a_hook_leaves_a_task_with_its_row(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/pages", json!({ "title": "one" })).await.expect_status(201);
    let _ = ann.post("/v1/pages", json!({ "title": "refused" })).await.expect_status(409);
    app.tasks().expect_one(record).await;
    app.tasks().run().await;
    assert_eq!(effects(app.db()).await, ["one"]);
}
