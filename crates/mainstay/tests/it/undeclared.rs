//! Properties that a model does not declare, and the overflow column that takes them in.

use futures_util::future::join_all;
use http::Method;
use mainstay::model::Filter;
use mainstay::prelude::*;
use mainstay_test::{Actor, Answer, TestApp};

/// Everybody's, and open to whatever else one wants to say.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Item {
    id: Id<Item>,
    #[model(write, default)]
    name: String,
    #[model(private)]
    seal: Option<String>,
    #[model(read(role = "grader"))]
    grade: Option<i64>,
    #[model(overflow, write)]
    #[garde(custom(without_spam))]
    data: Overflow,
}

fn without_spam(data: &Overflow, _: &()) -> mainstay::model::garde::Result {
    let is_spam = data.contains_key("spam");
    if is_spam { Err(mainstay::model::garde::Error::new("holds spam")) } else { Ok(()) }
}

/// Said once.
#[derive(Model, Clone, Debug)]
struct Oath {
    id: Id<Oath>,
    #[model(write, default)]
    name: String,
    #[model(overflow, write(create))]
    words: Overflow,
}

/// Written by all, read by editors.
#[derive(Model, Clone, Debug)]
struct Letter {
    id: Id<Letter>,
    #[model(overflow, write, read(role = "editor"))]
    lines: Overflow,
}

/// Refers to an item.
#[derive(Model, Clone, Debug)]
struct Tray {
    id: Id<Tray>,
    #[model(write)]
    item: Ref<Item>,
    #[model(overflow, write, private)]
    hidden: Overflow,
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
            fn can_update(_: &Caller) -> Access<$model> {
                all()
            }
        }
    )*};
}

everybody!(Item, Oath, Letter, Tray);

fn app() -> App {
    App::new("undeclared").model::<Item>().model::<Oath>().model::<Letter>().model::<Tray>()
}

async fn made(actor: &Actor, plural: &str, body: Value) -> String {
    let made = actor.post(&format!("/v1/{plural}"), body).await.expect_status(201);
    format!("/v1/{plural}/{}", made.id())
}

async fn merge(actor: &Actor, path: &str, patch: Value) -> Answer {
    let actor = actor.clone().header("content-type", "application/merge-patch+json");
    actor.send(Method::PATCH, path, patch.to_string()).await
}

/// The undeclared properties of an answered row of an item.
fn properties(answer: &Answer) -> Value {
    let declared = ["id", "type", "createdAt", "updatedAt", "name", "grade"];
    let members = answer.result().as_object().expect("a row").iter();
    members
        .filter(|(name, _)| !declared.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

#[mainstay::test(app = app)]
async fn what_is_not_declared_is_kept_and_answered_at_the_top_level(app: TestApp) {
    let ann = app.anonymous();
    let given = json!({ "name": "n", "colour": "red", "size": { "w": 1, "h": [null, 2.5] }, "gone": null, "user_id": 7 });
    let made = ann.post("/v1/items", given).await.expect_status(201);
    let expected =
        json!({ "colour": "red", "gone": null, "size": { "h": [null, 2.5], "w": 1 }, "user_id": 7 });
    assert_eq!(properties(&made), expected);
    let text = String::from_utf8_lossy(&made.bytes).into_owned();
    assert!(text.find("\"name\"") < text.find("\"colour\""), "declared fields come first: {text}");
    let path = format!("/v1/items/{}", made.id());
    assert_eq!(ann.get(&path).await.result(), made.result());
    assert_eq!(ann.get("/v1/items").await.rows(), [made.result().clone()]);
    let bare = ann.post("/v1/items", json!({})).await.expect_status(201);
    assert_eq!(properties(&bare), json!({}));
    let item = Item::find(&app.db().reader(), made.id().parse().expect("an id")).await.expect("a read");
    let mut data = item.expect("the item").data;
    assert_eq!(data.get_as::<String>("colour").expect("a text").as_deref(), Some("red"));
    assert_eq!(data.get_as::<i64>("nowhere").expect("nothing"), None);
    assert!(data.get_as::<i64>("colour").expect_err("no number").to_string().contains("colour"));
    assert_eq!(data.insert("colour", "blue"), Some(json!("red")));
    let change = "select after from mainstay_change where id = ?";
    let change: Value =
        app.db().reader().sql(change).bind(made.id()).one().await.expect("a read").expect("it");
    assert_eq!(change["data"]["colour"], "red");
}

#[mainstay::test(app = app)]
async fn a_declared_name_never_lands_among_the_undeclared(app: TestApp) {
    let ann = app.anonymous();
    let path = made(&ann, "items", json!({ "colour": "red" })).await;
    for name in ["id", "type", "createdAt", "updatedAt", "version", "seal", "grade", "data"] {
        let body = json!({ name: 1, "colour": "blue" });
        let operations = json!([{ "op": "add", "path": format!("/{name}"), "value": 1 }]);
        for answer in [
            ann.post("/v1/items", body.clone()).await,
            ann.put(&path, body.clone()).await,
            merge(&ann, &path, body).await,
            ann.patch(&path, operations).await,
        ] {
            let refused = answer.expect_error(422, "read_only_field");
            assert_eq!(refused.faults(), [format!("{name}: read_only_field")]);
        }
    }
    assert_eq!(properties(&ann.get(&path).await), json!({ "colour": "red" }));
    let wrong = ann.put(&path, json!({ "name": 1, "colour": "blue" })).await;
    assert_eq!(wrong.expect_error(422, "validation_failed").faults(), ["name: wrong_type"]);
}

#[mainstay::test(app = app)]
async fn an_update_sets_the_properties_that_it_names_and_no_others(app: TestApp) {
    let ann = app.anonymous();
    let path = made(&ann, "items", json!({ "a": 1, "b": { "x": 1 }, "c": true })).await;
    let done = ann.put(&path, json!({ "b": { "y": 2 }, "c": null, "d": [] })).await.expect_status(200);
    let expected = json!({ "a": 1, "b": { "y": 2 }, "c": null, "d": [] });
    assert_eq!(properties(&done), expected, "null is a value like any other");
    assert_eq!(ann.get(&path).await.body, done.body);
    let named = ann.put(&path, json!({ "name": "only" })).await.expect_status(200);
    assert_eq!(properties(&named), expected);
    let tag = named.header("etag").to_owned();
    let keyed = ann.clone().key("k").header("if-match", &tag);
    let once = keyed.put(&path, json!({ "a": 2, "name": "both" })).await.expect_status(200);
    assert_eq!((&once.result()["a"], &once.result()["name"]), (&json!(2), &json!("both")));
    let again = keyed.put(&path, json!({ "a": 2, "name": "both" })).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &once.body));
    let stale = ann.clone().header("if-match", &tag).put(&path, json!({ "a": 3 })).await;
    let _ = stale.expect_error(412, "stale_version");
    let nowhere = ann.put("/v1/items/0190b6a0-0000-7000-8000-000000000000", json!({ "a": 3 })).await;
    let _ = nowhere.expect_error(404, "item_not_found");
}

#[mainstay::test(app = app)]
async fn concurrent_updates_of_different_properties_all_survive(app: TestApp) {
    let ann = app.anonymous();
    let path = made(&ann, "items", json!({})).await;
    let updates = (0..8).map(|number| {
        let (ann, path) = (ann.clone(), path.clone());
        async move { ann.put(&path, json!({ format!("p{number}"): number })).await.expect_status(200) }
    });
    join_all(updates).await;
    let kept = properties(&ann.get(&path).await);
    assert_eq!(kept.as_object().map(serde_json_len), Some(8), "{kept}");
}

fn serde_json_len(members: &mainstay::serde_json::Map<String, Value>) -> usize {
    members.len()
}

#[mainstay::test(app = app)]
async fn a_patch_works_on_undeclared_properties_as_on_fields(app: TestApp) {
    let ann = app.anonymous();
    let path = made(&ann, "items", json!({ "a": 1, "b": { "x": [1] }, "c": "c" })).await;
    let operations = json!([
        { "op": "test", "path": "/b/x/0", "value": 1.0 },
        { "op": "add", "path": "/b/x/-", "value": 2 },
        { "op": "remove", "path": "/a" },
        { "op": "replace", "path": "/c", "value": null },
        { "op": "copy", "from": "/b/x", "path": "/d" },
        { "op": "move", "from": "/d", "path": "/e" },
        { "op": "copy", "from": "/c", "path": "/name" },
    ]);
    let refused = ann.patch(&path, operations.clone()).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["name: required"], "null is no text");
    let operations = json!(operations.as_array().expect("a list")[..6]);
    let done = ann.patch(&path, operations).await.expect_status(200);
    assert_eq!(properties(&done), json!({ "b": { "x": [1, 2] }, "c": null, "e": [1, 2] }));
    assert_eq!(ann.get(&path).await.body, done.body);
    let merged = merge(&ann, &path, json!({ "b": { "y": 1 }, "c": null, "e": null, "f": "f" })).await;
    let expected = json!({ "b": { "x": [1, 2], "y": 1 }, "f": "f" });
    assert_eq!(properties(&merged.expect_status(200)), expected, "null takes away");
    let tag = ann.get(&path).await.header("etag").to_owned();
    let same = merge(&ann, &path, json!({ "f": "f", "nowhere": null })).await.expect_status(200);
    assert_eq!(same.header("etag"), tag, "what changes nothing is not written");
    let failed = ann.patch(&path, json!([{ "op": "test", "path": "/f", "value": 1 }])).await;
    let _ = failed.expect_error(409, "patch_test_failed");
    let missing = ann.patch(&path, json!([{ "op": "remove", "path": "/nowhere" }])).await;
    assert_eq!(missing.expect_error(422, "validation_failed").faults(), ["nowhere: no_such_location"]);
}

#[mainstay::test(app = app)]
async fn an_undeclared_property_is_asked_for_behind_the_columns_name(app: TestApp) {
    let ann = app.anonymous();
    for (name, body) in [
        ("a", json!({ "colour": "red", "size": { "w": 640 } })),
        ("b", json!({ "colour": "blue", "size": { "w": 640.0 }, "odd": null })),
        ("c", json!({ "colour": 640 })),
    ] {
        let mut body = body;
        body["name"] = json!(name);
        let _ = made(&ann, "items", body).await;
    }
    for (query, names) in [
        ("where[data.colour]=red", json!(["a"])),
        ("where[data.colour][ne]=red", json!(["b", "c"])),
        ("where[data.size.w]=640", json!(["a", "b"])),
        ("where[data.colour][in]=blue,640", json!(["b", "c"])),
        ("where[data.size][null]=true", json!(["c"])),
        ("where[data.odd][null]=false", json!([])),
        ("__query=[{\"method\":\"where\",\"args\":[\"data.colour\",\"red\"]}]", json!(["a"])),
        ("where[data.never]=1", json!([])),
    ] {
        let found =
            ann.get(&format!("/v1/items?sort=name&{}", query.replace('"', "%22"))).await.expect_status(200);
        assert_eq!(json!(found.column("name")), names, "{query}");
    }
    let selected = ann.get("/v1/items?sort=name&select=name,data.colour,data.nowhere&limit=1").await;
    let row = selected.expect_status(200).rows()[0].as_object().cloned().expect("a row");
    assert_eq!(row.keys().collect::<Vec<_>>(), ["colour", "id", "name"]);
    let selected = ann.get("/v1/items?select=name&limit=1").await.expect_status(200);
    assert_eq!(selected.rows()[0].as_object().map(serde_json_len), Some(2));
    let found = Item::filter(Item::DATA.path(["size", "w"]).eq(640)).count(&app.db().reader()).await;
    assert_eq!(found.expect("a count"), 2);
    for (query, code) in [
        ("where[data.colour][like]=r", "unknown_operator"),
        ("where[seal]=x", "unknown_field"),
        ("where[grade]=1", "unknown_field"),
        ("where[data.seal]=x", "unknown_field"),
        ("where[data.name]=a", "unknown_field"),
        ("where[colour]=red", "unknown_field"),
        ("where[nmae]=a", "unknown_field"),
        ("where[data]=red", "unknown_field"),
        ("select=data", "unknown_field"),
        ("select=colour", "unknown_field"),
        ("select=seal", "unknown_field"),
        ("select=data.seal", "unknown_field"),
        ("sort=colour", "unknown_field"),
        ("sort=data.colour", "bad_request"),
        ("where[data.a.b.c.d.e.f.g.h.i]=1", "bad_request"),
        ("where[]=1", "unknown_field"),
        ("expand=colour", "unknown_field"),
    ] {
        let _ = ann.get(&format!("/v1/items?{query}")).await.expect_error(400, code);
    }
}

#[mainstay::test(app = app)]
async fn the_rules_of_the_overflow_hold_for_each_of_its_properties(app: TestApp) {
    let ann = app.user("ann").await;
    let editor = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let oath = made(&ann, "oaths", json!({ "word": "yes" })).await;
    let refused = ann.put(&oath, json!({ "word": "no" })).await.expect_error(422, "read_only_field");
    assert_eq!(refused.faults(), ["word: read_only_field"]);
    for operations in [
        json!([{ "op": "remove", "path": "/word" }]),
        json!([{ "op": "replace", "path": "", "value": { "name": "other" } }]),
        json!([{ "op": "replace", "path": "", "value": { "word": "no" } }]),
    ] {
        let _ = ann.patch(&oath, operations).await.expect_error(422, "read_only_field");
    }
    assert_eq!(ann.get(&oath).await.result()["word"], "yes");

    let letter = ann.post("/v1/letters", json!({ "dear": "you" })).await.expect_status(201);
    assert_eq!(letter.result().get("dear"), None);
    let path = format!("/v1/letters/{}", letter.id());
    assert_eq!(editor.get(&path).await.result()["dear"], "you");
    let _ = ann.get("/v1/letters?where[lines.dear]=you").await.expect_error(400, "unknown_field");
    let _ = ann.get("/v1/letters?select=lines.dear").await.expect_error(400, "unknown_field");
    assert_eq!(editor.get("/v1/letters?where[lines.dear]=you").await.rows().len(), 1);
    let failed = ann.patch(&path, json!([{ "op": "test", "path": "/dear", "value": "you" }])).await;
    let _ = failed.expect_error(409, "patch_test_failed");
    let _ = ann.put(&path, json!({ "hate": "them" })).await.expect_status(200);
    let _ = merge(&ann, &path, json!({ "dear": null, "more": 1 })).await.expect_status(200);
    let _ = ann.patch(&path, json!([{ "op": "replace", "path": "/more", "value": 2 }])).await;
    let read = editor.get(&path).await;
    let lines = ["dear", "hate", "more"].map(|it| read.result().get(it).cloned());
    assert_eq!(lines, [None, Some(json!("them")), Some(json!(2))]);
}

#[mainstay::test(app = app)]
async fn an_expanded_row_shows_its_undeclared_properties_and_no_hidden_ones(app: TestApp) {
    let ann = app.anonymous();
    let item = made(&ann, "items", json!({ "colour": "red" })).await;
    let id = item.rsplit('/').next().unwrap_or_default().to_owned();
    let tray = ann.post("/v1/trays", json!({ "item": id, "under": "it" })).await.expect_status(201);
    assert_eq!(tray.result().get("under"), None, "private");
    let expanded = ann.get("/v1/trays?expand=item").await.expect_status(200);
    assert_eq!(expanded.rows()[0]["item"]["colour"], "red");
}

#[mainstay::test(app = app)]
async fn what_is_not_declared_is_bounded(app: TestApp) {
    let ann = app.anonymous();
    let path = made(&ann, "items", json!({})).await;
    let deep = (0..33).fold(json!(1), |json, _| json!([json]));
    let many: Value =
        (0..257).map(|it| (format!("p{it}"), json!(it))).collect::<mainstay::serde_json::Map<_, _>>().into();
    let long = "x".repeat(256 * 1024);
    for (body, fault) in [
        (json!({ "": 1 }), ": bad_name"),
        (json!({ "x".repeat(129): 1 }), &format!("{}: bad_name", "x".repeat(129))),
        (json!({ "a\u{0}": 1 }), "a\u{0}: nul"),
        (json!({ "a": ["\u{0}"] }), "a: nul"),
        (json!({ "a": deep }), "a: too_deep"),
        (many.clone(), ": too_many"),
        (json!({ "a": long }), ": too_long"),
        (json!({ "spam": 1 }), ": custom"),
    ] {
        for answer in [
            ann.post("/v1/items", body.clone()).await,
            ann.put(&path, body.clone()).await,
            merge(&ann, &path, body).await,
        ] {
            assert_eq!(answer.expect_error(422, "validation_failed").faults(), [fault]);
        }
    }
    let mut most = many;
    most.as_object_mut().expect("an object").remove("p256");
    let _ = ann.put(&path, most).await.expect_status(200);
    let _ = ann.put(&path, json!({ "p0": "other" })).await.expect_status(200);
    let refused = ann.put(&path, json!({ "one": "more" })).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), [": too_many"]);
}

#[mainstay::test(app = app)]
async fn a_property_whose_name_is_declared_by_now_gives_way(app: TestApp) {
    let ann = app.anonymous();
    let made = app.db().write(async |tx: &mut Tx| {
        let mut data = Overflow::default();
        for name in ["name", "seal", "type", "colour"] {
            data.insert(name, "stored");
        }
        NewItem { name: "declared".to_owned(), seal: None, grade: None, data }.insert(tx).await
    });
    let path = format!("/v1/items/{}", made.await.expect("an item").id);
    let read = ann.get(&path).await.expect_status(200);
    assert_eq!(properties(&read), json!({ "colour": "stored" }));
    assert_eq!((&read.result()["name"], &read.result()["type"]), (&json!("declared"), &json!("item")));
    let _ = merge(&ann, &path, json!({ "colour": null, "size": 1 })).await.expect_status(200);
    let item = Item::filter(Filter::always()).first(&app.db().reader()).await.expect("a read");
    let item = item.expect("the item");
    assert_eq!(item.data.keys().collect::<Vec<_>>(), ["name", "seal", "size", "type"], "it is still there");
    let changed = app
        .db()
        .write(async move |tx: &mut Tx| item.clone().update(tx, |it| drop(it.data.remove("name"))).await);
    assert_eq!(changed.await.expect("an update").data.len(), 3);
}
