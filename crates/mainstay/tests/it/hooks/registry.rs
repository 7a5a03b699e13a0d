//! The hooks of an application, as they are listed and as they clash.

use std::sync::Arc;

use mainstay::Assembly;
use mainstay::auth::{AuthOptions, Credentials};
use mainstay_test::Db;

use super::models::{self, Article, Trail};
use super::*;
use crate::models::User;

#[hook(before, patch, priority = -1)]
async fn obey(_: &mut HookCx<'_, Trail>) -> Result<()> {
    Ok(())
}

#[test]
fn hooks_are_listed_in_the_order_in_which_they_run() {
    let app = models::app();
    let listed: Vec<_> =
        app.hooks_for::<Article>().expect("no clash").iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        [
            "article          before save      10  slugify",
            "article          before save     100  obey",
            "article          before remove   100  before_remove",
            "article          after  patch     90  after_patch",
            "article          after  update   100  after_update",
            "article          after  create   100  after_create",
            "article          after  remove   100  after_remove",
            "article          after  save     200  after_save",
        ]
    );
    assert!(app.hooks_for::<Trail>().expect("no clash").is_empty());
}

#[mainstay::test]
async fn hooks_that_clash_keep_an_application_from_starting(db: Db) {
    let start = |app: App| {
        let credentials =
            Credentials::new(AuthOptions::new("a secret of at least 32 bytes, or so"), db.clock().clone())?;
        Assembly::new(app, db.clone(), Arc::new(credentials), "/v1").map(drop)
    };
    let twice = start(models::app().hook(obey)).expect_err("two are called `obey`").to_string();
    let here = obey::POINT.place;
    assert!(here.file.ends_with("hooks/registry.rs"), "{here}");
    let there = models::obey::POINT.place;
    let named = format!(
        "two hooks are called `obey`: the one before save of `article` ({there}) and the one before patch of \
         `trail` ({here}); rename one of them"
    );
    assert_eq!(twice, named);
    let again = start(models::app().hook(models::obey)).expect_err("it is there already").to_string();
    assert_eq!(again, format!("the hook `obey` ({there}) is mounted twice: take one of the two away"));
    let astray =
        start(App::new("x").users::<User>().hook(obey)).expect_err("there is no `trail`").to_string();
    let model = Trail::SCHEMA.place;
    let named = format!(
        "the hook `obey` ({here}) is of the model `trail` ({model}), which is not mounted: add it with `App::model`"
    );
    assert_eq!(astray, named);
    start(models::app()).expect("one of each is fine");
}
