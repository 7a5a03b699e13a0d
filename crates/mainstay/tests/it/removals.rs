//! What becomes of rows that refer to one that goes: in code, through HTTP, and in the changes.

use mainstay::kernel::ErrorKind;
use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

/// What the others refer to.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Root {
    id: Id<Root>,
    #[model(write, default)]
    label: String,
}

/// Goes with its root, and takes its own along.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Branch {
    id: Id<Branch>,
    #[model(write, on_delete = cascade)]
    root: Ref<Root>,
}

/// Goes with its branch.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Leaf {
    id: Id<Leaf>,
    #[model(write, on_delete = cascade)]
    branch: Ref<Branch>,
}

/// Stays without its root.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Bird {
    id: Id<Bird>,
    #[model(write, on_delete = set_null)]
    home: Option<Ref<Root>>,
    #[model(version)]
    version: i64,
}

/// Keeps its root, at once.
#[derive(Model, Clone, Debug)]
struct Anchor {
    id: Id<Anchor>,
    #[model(write, on_delete = restrict)]
    root: Ref<Root>,
}

/// Keeps its root, at the end of the statement.
#[derive(Model, Clone, Debug)]
struct Tie {
    id: Id<Tie>,
    #[model(write, on_delete = no_action)]
    root: Ref<Root>,
}

macro_rules! everybody {
    ($($model:ident),*) => {$(
        #[scope]
        impl Scope for $model {
            fn can_read(_: &Caller) -> Access<$model> {
                all()
            }
            fn can_create(_: &Caller) -> Access<$model> {
                all()
            }
            fn can_delete(_: &Caller) -> Access<$model> {
                all()
            }
        }
    )*};
}

everybody!(Root, Branch, Leaf, Bird, Anchor, Tie);

fn app() -> App {
    App::new("removals")
        .model::<Root>()
        .model::<Branch>()
        .model::<Leaf>()
        .model::<Bird>()
        .model::<Anchor>()
        .model::<Tie>()
}

async fn made(actor: &Actor, plural: &str, body: Value) -> String {
    actor.post(&format!("/v1/{plural}"), body).await.expect_status(201).id().to_owned()
}

async fn remove(app: &TestApp, root: &str) -> mainstay::Result<bool> {
    let id: Id<Root> = root.parse().expect("an id");
    app.db().write(async move |tx: &mut Tx| Root::delete(tx, id).await).await
}

#[mainstay::test(app = app)]
async fn a_row_that_something_holds_on_to_stays(app: TestApp) {
    let actor = app.anonymous();
    for holder in ["anchors", "ties"] {
        let root = made(&actor, "roots", json!({})).await;
        let held = made(&actor, holder, json!({ "root": root })).await;
        let leaf = made(&actor, "branches", json!({ "root": root })).await;
        for actor in [actor.clone(), actor.clone().key(holder)] {
            let refused = actor.delete(&format!("/v1/roots/{root}")).await;
            let refused = refused.expect_error(409, "foreign_key_violation");
            assert_eq!(refused.faults(), ["id: foreign_key_violation"], "{holder}");
        }
        let refused = remove(&app, &root).await.expect_err("it is held");
        let ErrorKind::ForeignKeyViolation { columns, .. } = refused.kind() else { panic!("{refused:?}") };
        assert_eq!(columns, &["id"], "{holder}");
        let _ = actor.get(&format!("/v1/branches/{leaf}")).await.expect_status(200);
        let _ = actor.delete(&format!("/v1/{holder}/{held}")).await.expect_status(200);
        let _ = actor.delete(&format!("/v1/roots/{root}")).await.expect_status(200);
    }
}

#[mainstay::test(app = app)]
async fn what_goes_or_changes_with_a_row_is_captured_too(app: TestApp) {
    let actor = app.anonymous();
    for in_code in [false, true] {
        let root = made(&actor, "roots", json!({})).await;
        let branch = made(&actor, "branches", json!({ "root": root })).await;
        let leaf = made(&actor, "leaves", json!({ "branch": branch })).await;
        let bird = made(&actor, "birds", json!({ "home": root })).await;
        let before: i64 = last_change(&app).await;
        if in_code {
            assert!(remove(&app, &root).await.expect("nothing holds it"));
        } else {
            let _ = actor.delete(&format!("/v1/roots/{root}")).await.expect_status(200);
        }
        let sql = "select model, id, before is null, after from mainstay_change where seq > ? order by model";
        let reader = app.db().reader();
        let changes = reader.sql(sql).bind(before).all::<(String, String, bool, Option<Value>)>();
        let changes = changes.await.expect("changes");
        let gone: Vec<_> =
            changes.iter().map(|(model, id, _, after)| (model.as_str(), id, after.is_none())).collect();
        let expected =
            [("bird", &bird, false), ("branch", &branch, true), ("leaf", &leaf, true), ("root", &root, true)];
        assert_eq!(gone, expected);
        assert_eq!(changes[0].3.as_ref().map(|it| it["home_id"].clone()), Some(Value::Null));
        let _ = actor.get(&format!("/v1/leaves/{leaf}")).await.expect_error(404, "leaf_not_found");
        assert_eq!(actor.get(&format!("/v1/birds/{bird}")).await.result()["home"], Value::Null);
    }
}

async fn last_change(app: &TestApp) -> i64 {
    let last = app.db().reader().sql("select max(seq) from mainstay_change").one().await;
    last.expect("a read").expect("a change")
}
