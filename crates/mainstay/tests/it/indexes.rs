//! Indexes over some of the rows, in an order, and over what may be missing.

use mainstay::kernel::Kind;
use mainstay::model::{Index, Schema, additive};
use mainstay::prelude::*;
use mainstay_test::{Actor, Db, TestApp};

#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Draft,
    Live,
    Gone,
}

/// Unique in several ways, each among some rows.
#[derive(Model, Clone, Debug)]
#[model(unique(slug, where(published = true)))]
#[model(unique(area, number, where(state != State::Gone and removed is null)))]
#[model(index(area desc, number, where(area is not null and slug != "it's")))]
struct Leaflet {
    id: Id<Leaflet>,
    #[model(write)]
    slug: String,
    #[model(write)]
    published: bool,
    #[model(write, default)]
    state: State,
    #[model(write)]
    area: Option<String>,
    #[model(write)]
    number: Option<i64>,
    #[model(write)]
    removed: Option<Date>,
}

#[scope]
impl Scope for Leaflet {
    fn can_read(_: &Caller) -> Access<Leaflet> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Leaflet> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Leaflet> {
        all()
    }
}

/// The same table as it was before, with other indexes.
#[derive(Model, Clone, Debug)]
#[model(name = "leaflet", table = "leaflets", unique(slug, where(published = false)))]
struct Before {
    id: Id<Before>,
    slug: String,
    published: bool,
}

#[scope]
impl Scope for Before {}

fn app() -> App {
    App::new("leaflets").model::<Leaflet>()
}

async fn made(actor: &Actor, body: Value) -> String {
    format!("/v1/leaflets/{}", actor.post("/v1/leaflets", body).await.expect_status(201).id())
}

#[mainstay::test(app = app)]
async fn rows_outside_an_indexs_condition_may_agree(app: TestApp) {
    let ann = app.anonymous();
    let live = made(&ann, json!({ "slug": "a", "published": true })).await;
    let draft = made(&ann, json!({ "slug": "a", "published": false })).await;
    let _ = made(&ann, json!({ "slug": "a", "published": false })).await;
    let taken = ["slug: unique_violation"];
    for actor in [ann.clone(), ann.clone().key("k")] {
        let second = actor.post("/v1/leaflets", json!({ "slug": "a", "published": true })).await;
        assert_eq!(second.expect_error(409, "unique_violation").faults(), taken);
        let into = actor.put(&draft, json!({ "published": true })).await;
        assert_eq!(into.expect_error(409, "unique_violation").faults(), taken);
        let patched =
            actor.patch(&draft, json!([{ "op": "replace", "path": "/published", "value": true }])).await;
        assert_eq!(patched.expect_error(409, "unique_violation").faults(), taken);
    }
    let _ = ann.put(&live, json!({ "published": false })).await.expect_status(200);
    let _ = ann.put(&draft, json!({ "published": true })).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn a_violation_names_the_fields_of_the_indexes_that_the_row_is_in(app: TestApp) {
    let ann = app.anonymous();
    let body = |published: bool, state: &str, removed: Value| json!({ "slug": "s", "published": published, "state": state, "area": "x", "number": 1, "removed": removed });
    let _ = made(&ann, body(true, "live", json!(null))).await;
    let _ = made(&ann, body(false, "gone", json!(null))).await;
    let _ = made(&ann, body(false, "draft", json!("2026-01-31"))).await;
    for (body, fields) in [
        (body(true, "draft", json!(null)), &["area", "number", "slug"][..]),
        (body(false, "draft", json!(null)), &["area", "number"]),
        (body(true, "gone", json!(null)), &["slug"]),
    ] {
        let refused = ann.post("/v1/leaflets", body).await.expect_error(409, "unique_violation");
        let mut faults = refused.faults();
        faults.sort_unstable();
        assert_eq!(faults, fields.iter().map(|it| format!("{it}: unique_violation")).collect::<Vec<_>>());
    }
}

#[mainstay::test(app = app)]
async fn rows_that_miss_a_part_of_a_unique_key_agree_with_none(app: TestApp) {
    let ann = app.anonymous();
    for (area, number) in [(json!(null), json!(1)), (json!("x"), json!(null)), (json!(null), json!(null))] {
        for _ in 0..2 {
            let _ =
                made(&ann, json!({ "slug": "s", "published": false, "area": area, "number": number })).await;
        }
    }
    let _ = made(&ann, json!({ "slug": "s", "published": false, "area": "x", "number": 1 })).await;
    let twice = json!({ "slug": "s", "published": false, "area": "x", "number": 1 });
    let refused = ann.post("/v1/leaflets", twice).await.expect_error(409, "unique_violation");
    assert_eq!(refused.faults(), ["area: unique_violation", "number: unique_violation"]);
}

#[mainstay::test]
async fn an_index_of_another_condition_is_made_beside_the_first(db: Db) {
    let (before, after): ([&Schema; 1], [&Schema; 1]) = ([Before::SCHEMA], [Leaflet::SCHEMA]);
    additive::apply(&db, &before).await.expect("a table");
    let made = additive::apply(&db, &after).await.expect("indexes");
    let indexes = made.iter().filter(|it| it.change.to_string().starts_with("index")).count();
    assert_eq!(indexes, 3, "{made:?}");
    assert!(additive::plan(&db, &after).await.expect("a plan").additions.is_empty());
    let name = |schema: &'static Schema| schema.index_name(&schema.indexes[0]);
    assert_ne!(name(Before::SCHEMA), name(Leaflet::SCHEMA));
    let draft = || NewBefore { slug: "a".to_owned(), published: false };
    let insert = async || db.write(async |tx: &mut Tx| draft().insert(tx).await).await;
    insert().await.expect("a draft");
    assert!(insert().await.expect_err("the first index still holds").is_unique_violation());
}

#[test]
fn an_index_asks_only_for_values_that_both_stores_write_the_same() {
    assert!([Kind::Bool, Kind::Int, Kind::Text, Kind::Uuid, Kind::Date].into_iter().all(Index::may_ask_for));
    assert!(![Kind::Float, Kind::Bytes, Kind::Timestamp, Kind::Json].into_iter().any(Index::may_ask_for));
}
