//! Cursors: whatever the order, they lead through every row exactly once.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;

pub(crate) const SORTS: [&str; 20] = [
    "id",
    "createdAt",
    "updatedAt",
    "text",
    "big",
    "small",
    "ratio",
    "flag",
    "at",
    "key",
    "blob",
    "maybeText",
    "maybeBig",
    "maybeRatio",
    "maybeFlag",
    "number",
    "maybeFlag,-maybeBig",
    "-flag,maybeText,big",
    "-maybeRatio,maybeFlag,-text",
    "area,-number,at",
];

/// Rows with many ties and many gaps, the same in every run.
pub(crate) async fn scatter(app: &TestApp) -> Actor {
    let ann = app.user("ann").await;
    let mut state = 42_u64;
    let mut dice = move |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    for row in 0..40 {
        let text = ["", "a", "A", "é", "b\u{1}", "😀"][dice(6) as usize];
        let ratio = [0.1, 123_456_789.123_456_79, 1e300, -5e-324, 2.0 / 3.0, 1.797_693_134_862_315_7e38]
            [dice(6) as usize];
        let blob = ["", "AA==", "AAA=", "/w=="][dice(4) as usize];
        let at = format!("2026-01-31T12:00:00.12345{}Z", dice(3));
        let doc = [json!({"a": 1}), json!({"b": [1, 2]}), json!({"b": {"c": "x"}}), json!("x"), json!([])];
        let thing = json!({
            "maybeDoc": doc.get(row % 6),
            "text": text, "big": dice(3), "small": dice(2), "ratio": ratio, "flag": dice(2) == 0,
            "at": at, "key": format!("0190b6a0-0000-7000-8000-00000000000{}", dice(4)),
            "blob": blob,
            "maybeText": text, "maybeBig": i64::MAX - dice(3) as i64, "maybeRatio": ratio, "maybeFlag": dice(2) == 0,
            "area": format!("a{}", row % 3), "number": row, "born": format!("{row}"),
        });
        let Value::Object(mut thing) = thing else { continue };
        let optional =
            ["at", "key", "blob", "maybeText", "maybeBig", "maybeRatio", "maybeFlag", "area", "number"];
        for field in optional {
            if dice(3) == 0 {
                thing.remove(field);
            }
        }
        let _ = ann.post("/v1/things", Value::Object(thing)).await.expect_status(201);
    }
    ann
}

pub(crate) fn turned(sort: &str) -> String {
    let turn = |part: &str| part.strip_prefix('-').map_or_else(|| format!("-{part}"), str::to_owned);
    sort.split(',').map(turn).collect::<Vec<_>>().join(",")
}

/// Every row, page by page, and how often pages were asked for.
async fn walk(actor: &Actor, query: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = String::new();
    for _ in 0..50 {
        let answer = actor.get(&format!("/v1/things?{query}&limit=7{next}")).await.expect_status(200);
        rows.extend_from_slice(answer.rows());
        match answer.result()["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return rows,
        }
        assert_eq!(answer.rows().len(), 7, "only the last page is short");
    }
    panic!("the walk by {query} does not end");
}

#[mainstay::test(app = app)]
async fn a_cursor_leads_through_every_row_exactly_once_in_every_order(app: TestApp) {
    let ann = scatter(&app).await;
    for sort in SORTS.iter().flat_map(|sort| [(*sort).to_owned(), turned(sort)]) {
        let whole = ann.get(&format!("/v1/things?limit=100&sort={sort}")).await.expect_status(200);
        assert_eq!(whole.rows().len(), 40);
        let walked = walk(&ann, &format!("count=none&sort={sort}")).await;
        assert_eq!(walked, whole.rows(), "the pages by {sort} are not the whole list by {sort}");
    }
}

#[mainstay::test(app = app)]
async fn what_is_missing_sorts_last_in_both_directions(app: TestApp) {
    let ann = scatter(&app).await;
    for field in ["at", "key", "blob", "maybeText", "maybeBig", "maybeRatio", "maybeFlag", "number"] {
        for direction in ["asc", "desc"] {
            let answer = ann.get(&format!("/v1/things?limit=100&sort={field}&direction={direction}")).await;
            let gaps: Vec<bool> = answer.column(field).iter().map(Value::is_null).collect();
            assert!(gaps.is_sorted() && gaps.contains(&true) && gaps.contains(&false), "{field} {direction}");
        }
    }
}

#[mainstay::test(app = app)]
async fn a_cursor_keeps_to_its_filter_and_goes_on_from_a_page(app: TestApp) {
    let ann = scatter(&app).await;
    let query = "sort=-maybeBig&where[flag]=true";
    let whole = ann.get(&format!("/v1/things?limit=100&{query}")).await.expect_status(200);
    assert_eq!(walk(&ann, query).await, whole.rows());
    let page = ann.get(&format!("/v1/things?{query}&limit=5&page=2")).await.expect_status(200);
    let next = page.result()["next"].as_str().expect("a cursor").to_owned();
    let third = ann.get(&format!("/v1/things?{query}&limit=5&cursor={next}")).await.expect_status(200);
    assert_eq!(third.rows(), &whole.rows()[10..15]);
    assert_eq!(third.result()["total"], whole.rows().len(), "`total` does not depend on the place");
}

#[mainstay::test(app = app)]
async fn rows_that_come_and_go_do_not_disturb_a_walk(app: TestApp) {
    let ann = scatter(&app).await;
    let first = ann.get("/v1/things?sort=big&limit=20").await.expect_status(200);
    let last = first.rows()[19]["id"].as_str().expect("an id").to_owned();
    let expected = ann.get("/v1/things?sort=big&limit=100").await.rows()[20..].to_vec();
    let _ = ann.delete(&format!("/v1/things/{last}")).await.expect_status(200);
    let _ = ann.post("/v1/things", crate::models::thing(json!({ "big": -1 }))).await.expect_status(201);
    let next = first.result()["next"].as_str().expect("a cursor").to_owned();
    let second = ann.get(&format!("/v1/things?sort=big&limit=100&cursor={next}")).await.expect_status(200);
    assert_eq!(second.rows(), expected);
}

#[mainstay::test(app = app)]
async fn a_cursor_of_another_order_or_none_of_ours_is_400(app: TestApp) {
    let ann = scatter(&app).await;
    let first = ann.get("/v1/things?sort=big&limit=7").await;
    let next = first.result()["next"].as_str().expect("a cursor").to_owned();
    for query in [
        format!("cursor={next}"),
        format!("sort=-big&cursor={next}"),
        format!("sort=big,text&cursor={next}"),
        format!("sort=big&cursor={}", &next[1..]),
        format!("sort=big&cursor={next}AAAA"),
        "sort=big&cursor=WyJiaWcsaWQiLFsieCIsInkiXV0".to_owned(),
    ] {
        let _ = ann.get(&format!("/v1/things?{query}")).await.expect_error(400, "bad_request");
    }
}
