//! Fields that only callers with a role may set.

use http::Method;
use mainstay::prelude::*;
use mainstay_test::{Actor, Answer, TestApp};

/// Everybody writes it; not everybody writes all of it.
#[derive(Model, Clone, Debug)]
struct Paper {
    id: Id<Paper>,
    #[model(write)]
    title: String,
    #[model(write(create, update(role = "editor")))]
    kind: Option<String>,
    #[model(write(role = "editor"))]
    verdict: Option<String>,
    #[model(write(create(role = "clerk")))]
    number: Option<i64>,
    #[model(write(role = "editor"), read(role = "editor"))]
    remark: Option<String>,
    #[model(write(role = "editor"), unique, private)]
    stamp: Option<String>,
}

#[scope]
impl Scope for Paper {
    fn can_read(_: &Caller) -> Access<Paper> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Paper> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Paper> {
        all()
    }
}

fn app() -> App {
    App::new("papers").model::<Paper>()
}

async fn with_role(app: &TestApp, role: &str) -> Actor {
    app.user_with(role, json!({ "roles": [role] })).await
}

/// What a `PUT`, a merge patch and a JSON Patch of one field are answered.
async fn changes(actor: &Actor, path: &str, field: &str, value: Value) -> [Answer; 3] {
    let merge = actor.clone().header("content-type", "application/merge-patch+json");
    let operations = json!([{ "op": "add", "path": format!("/{field}"), "value": value }]);
    [
        actor.put(path, json!({ field: value })).await,
        merge.send(Method::PATCH, path, json!({ field: value }).to_string()).await,
        actor.patch(path, operations).await,
    ]
}

#[mainstay::test(app = app)]
async fn a_field_is_written_by_those_whose_role_may_in_that_action(app: TestApp) {
    let (nobody, editor, clerk) =
        (app.anonymous(), with_role(&app, "editor").await, with_role(&app, "clerk").await);
    let made = nobody.post("/v1/papers", json!({ "title": "t", "kind": "essay" })).await.expect_status(201);
    let path = format!("/v1/papers/{}", made.id());
    for (field, value, creators, updaters) in [
        ("kind", json!("x"), [true, true, true], [false, true, false]),
        ("verdict", json!("x"), [false, true, false], [false, true, false]),
        ("number", json!(1), [false, false, true], [false, false, false]),
    ] {
        for (actor, (creates, updates)) in
            [&nobody, &editor, &clerk].into_iter().zip(creators.into_iter().zip(updaters))
        {
            let fault = [format!("{field}: read_only_field")];
            let created = actor.post("/v1/papers", json!({ "title": "t", field: value })).await;
            if creates {
                assert_eq!(created.expect_status(201).result()[field], value);
            } else {
                assert_eq!(created.expect_error(422, "read_only_field").faults(), fault);
            }
            for changed in changes(actor, &path, field, value.clone()).await {
                if updates {
                    assert_eq!(changed.expect_status(200).result()[field], value);
                } else {
                    assert_eq!(changed.expect_error(422, "read_only_field").faults(), fault);
                }
            }
        }
    }
    let refused = nobody.put(&path, json!({ "verdict": "good" })).await;
    let message = &refused.fault("verdict").expect("a fault")["message"];
    assert_eq!(message, "needs the role `editor` to be set in this update");
}

#[mainstay::test(app = app)]
async fn a_field_that_one_neither_sees_nor_writes_is_unknown(app: TestApp) {
    let (nobody, editor) = (app.anonymous(), with_role(&app, "editor").await);
    let made = editor.post("/v1/papers", json!({ "title": "t", "remark": "r", "stamp": "s" })).await;
    let path = format!("/v1/papers/{}", made.expect_status(201).id());
    for field in ["remark", "stamp"] {
        for changed in changes(&nobody, &path, field, json!("x")).await {
            let refused = changed.expect_error(422, "validation_failed");
            assert_eq!(refused.faults(), [format!("{field}: unknown_field")]);
        }
        for changed in changes(&editor, &path, field, json!("y")).await {
            let _ = changed.expect_status(200);
        }
    }
    let taken = editor.post("/v1/papers", json!({ "title": "t", "stamp": "y" })).await;
    assert_eq!(taken.expect_error(409, "unique_violation").faults(), ["stamp: unique_violation"]);
}
