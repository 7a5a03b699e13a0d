//! Lists: their parameters, their conditions, and what is nonsense.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

/// Things with these values of one field, in this order.
async fn things(app: &TestApp, field: &str, values: &[Value]) -> Actor {
    let ann = app.user("ann").await;
    for (number, value) in values.iter().enumerate() {
        let fields = thing(json!({ field: value, "small": number }));
        let _ = ann.post("/v1/things", fields).await.expect_status(201);
    }
    ann
}

/// The positions of the things that a condition lets through.
async fn matching(actor: &Actor, condition: &str) -> Vec<i64> {
    let answer = actor.get(&format!("/v1/things?sort=small&{condition}")).await.expect_status(200);
    let found: Vec<i64> = answer.column("small").iter().filter_map(Value::as_i64).collect();
    assert_eq!(answer.result()["total"], found.len(), "{condition}");
    found
}

#[mainstay::test(app = app)]
async fn a_condition_on_numbers_holds_as_it_says_and_never_for_what_is_missing(app: TestApp) {
    let ann = things(&app, "maybeBig", &[json!(1), json!(2), json!(null), json!(3), json!(-9)]).await;
    for (condition, found) in [
        ("where[maybeBig]=2", &[1][..]),
        ("where[maybeBig][eq]=2", &[1]),
        ("where[maybeBig][ne]=2", &[0, 3, 4]),
        ("where[maybeBig][lt]=2", &[0, 4]),
        ("where[maybeBig][lte]=2", &[0, 1, 4]),
        ("where[maybeBig][gt]=1", &[1, 3]),
        ("where[maybeBig][gte]=1", &[0, 1, 3]),
        ("where[maybeBig][in]=1,3,7", &[0, 3]),
        ("where[maybeBig][in]=[1,3]", &[0, 3]),
        ("where[maybeBig][nin]=1,3", &[1, 4]),
        ("where[maybeBig][between]=1,2", &[0, 1]),
        ("where[maybeBig][between]=2,1", &[]),
        ("where[maybeBig][null]=true", &[2]),
        ("where[maybeBig][null]=false", &[0, 1, 3, 4]),
        ("where[maybeBig][gt]=1&where[maybeBig][lt]=3", &[1]),
        ("where%5BmaybeBig%5D%5Beq%5D=-9", &[4]),
    ] {
        assert_eq!(matching(&ann, condition).await, found, "{condition}");
    }
}

#[mainstay::test(app = app)]
async fn a_condition_works_on_every_kind(app: TestApp) {
    let ann = app.user("ann").await;
    let one = json!({
        "small": 0, "text": "a,b", "ratio": 0.1, "flag": true, "at": "2026-01-31T12:00:00Z", "blob": "AP+A",
        "key": "0190b6a0-0000-7000-8000-000000000001", "maybeDoc": null,
    });
    let other = json!({
        "small": 1, "text": "b", "ratio": 2.5, "flag": false, "at": "2026-02-01T12:00:00Z", "blob": "AQ==",
        "key": "0190b6a0-0000-7000-8000-000000000002", "maybeDoc": {},
    });
    for fields in [one, other] {
        let _ = ann.post("/v1/things", thing(fields)).await.expect_status(201);
    }
    for (condition, found) in [
        ("where[text]=a%2Cb", &[0][..]),
        ("where[text][in]=[%22a,b%22,%22c%22]", &[0]),
        ("where[text][in]=a,b", &[1]),
        ("where[text][gt]=a", &[0, 1]),
        ("where[ratio]=0.1", &[0]),
        ("where[ratio][gte]=1e-1", &[0, 1]),
        ("where[flag]=false", &[1]),
        ("where[flag][in]=true,false", &[0, 1]),
        ("where[at][lt]=2026-02-01T00:00:00%2B01:00", &[0]),
        ("where[at][between]=2026-01-01T00:00:00Z,2026-01-31T12:00:00Z", &[0]),
        ("where[key]=0190B6A0-0000-7000-8000-000000000002", &[1]),
        ("where[blob]=AP%2BA", &[0]),
        ("where[blob][gt]=AP%2BA", &[1]),
        ("where[maybeDoc][null]=true", &[0]),
        ("where[createdAt][lte]=2026-01-01T00:00:00Z", &[0, 1]),
        ("where[text]=", &[]),
    ] {
        assert_eq!(matching(&ann, condition).await, found, "{condition}");
    }
}

#[mainstay::test(app = app)]
async fn text_is_compared_and_sorted_by_bytes(app: TestApp) {
    let sorted = ["", " ", "A", "B", "Z", "a", "a ", "aa", "b", "ß", "é", "ﬀ", "😀"];
    let shuffled: Vec<Value> =
        [7, 2, 12, 0, 5, 9, 11, 3, 8, 1, 6, 10, 4].map(|at| json!(sorted[at])).to_vec();
    let ann = things(&app, "maybeText", &shuffled).await;
    assert_eq!(ann.get("/v1/things?sort=maybeText").await.column("maybeText"), sorted);
    let mut reversed = sorted;
    reversed.reverse();
    assert_eq!(ann.get("/v1/things?sort=-maybeText").await.column("maybeText"), reversed);
    let after = ann.get("/v1/things?sort=maybeText&where[maybeText][gt]=Z").await;
    assert_eq!(after.column("maybeText"), sorted[5..]);
    assert_eq!(ann.get("/v1/things?where[maybeText]=a").await.result()["total"], 1, "no case is folded");
}

#[mainstay::test(app = app)]
async fn several_sorts_follow_each_other_and_direction_turns_the_first(app: TestApp) {
    let ann = app.user("ann").await;
    for (big, small) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
        let _ = ann.post("/v1/things", thing(json!({ "big": big, "small": small }))).await.expect_status(201);
    }
    let order = async |sort: &str| {
        let answer = ann.get(&format!("/v1/things?{sort}")).await.expect_status(200);
        let pairs = answer.rows().iter().map(|row| format!("{}{}", row["big"], row["small"]));
        pairs.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("sort=big,-small").await, "12 11 22 21");
    assert_eq!(order("sort=-big,small").await, "21 22 11 12");
    assert_eq!(order("sort=big,-small&direction=desc").await, "22 21 12 11");
    assert_eq!(order("sort=big,-small&direction=asc").await, "12 11 22 21");
}

#[mainstay::test(app = app)]
async fn a_page_has_25_rows_unless_told_and_never_more_than_100(app: TestApp) {
    let ann = things(&app, "big", &vec![json!(1); 30]).await;
    let first = ann.get("/v1/things").await.expect_status(200);
    assert_eq!(
        (first.rows().len(), &first.result()["total"]),
        (25, &json!(30)),
        "`total` is not the page's length"
    );
    assert!(first.result()["next"].is_string());
    let second = ann.get("/v1/things?page=2").await.expect_status(200);
    assert_eq!((second.rows().len(), &second.result()["next"]), (5, &Value::Null));
    assert_eq!(ann.get("/v1/things?page=3").await.expect_status(200).rows().len(), 0);
    assert_eq!(ann.get("/v1/things?page=1000").await.expect_status(200).result()["total"], 30);
    let pages = ann.get("/v1/things?limit=7&page=5").await.expect_status(200);
    assert_eq!((pages.rows().len(), &pages.result()["total"]), (2, &json!(30)));
    assert_eq!(ann.get("/v1/things?limit=100").await.expect_status(200).rows().len(), 30);
    for bad in
        ["limit=101", "limit=0", "limit=-1", "limit=x", "limit=", "limit=1.5", "page=0", "page=-1", "page=x"]
    {
        let _ = ann.get(&format!("/v1/things?{bad}")).await.expect_error(400, "bad_request");
    }
    for far in ["page=18446744073709551615", "page=99999999999999999999999", "limit=100&page=5000"] {
        let _ = ann.get(&format!("/v1/things?{far}")).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn select_answers_with_those_fields_and_the_id(app: TestApp) {
    let ann = things(&app, "big", &[json!(7)]).await;
    let row = ann.get("/v1/things?select=text,big").await.expect_status(200).rows()[0].clone();
    let fields: Vec<_> = row.as_object().expect("a row").keys().cloned().collect();
    assert_eq!(fields, ["big", "id", "text"]);
    assert_eq!(row["big"], 7);
    let only = ann.get("/v1/things?select=id").await.expect_status(200);
    assert_eq!(only.rows()[0].as_object().map(serde_json::Map::len), Some(1));
}

#[mainstay::test(app = app)]
async fn an_unknown_name_is_400_and_the_nearest_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    for (query, code, description) in [
        ("where[txet]=1", "unknown_field", "unknown field `txet`, did you mean `text`?"),
        ("sort=txet", "unknown_field", "unknown field `txet`, did you mean `text`?"),
        ("sort=-creatdAt", "unknown_field", "unknown field `creatdAt`, did you mean `createdAt`?"),
        ("select=text,bigg", "unknown_field", "unknown field `bigg`, did you mean `big`?"),
        ("where[text][equ]=1", "unknown_operator", "unknown operator `equ`, did you mean `eq`?"),
        ("where[text][betwen]=1", "unknown_operator", "unknown operator `betwen`, did you mean `between`?"),
        ("limt=1", "bad_request", "unknown parameter `limt`, did you mean `limit`?"),
        ("cursr=1", "bad_request", "unknown parameter `cursr`, did you mean `cursor`?"),
        ("zzzzzz=1", "bad_request", "unknown parameter `zzzzzz`"),
        ("where[created_at]=1", "unknown_field", "unknown field `created_at`, did you mean `createdAt`?"),
    ] {
        let answer = ann.get(&format!("/v1/things?{query}")).await.expect_error(400, code);
        assert_eq!(answer.description(), description);
    }
}

const NONSENSE: [&str; 48] = [
    "limit=1&limit=2",
    "sort=text&sort=big",
    "where[text]=a&where[text]=b",
    "page=1&cursor=x",
    "where",
    "where=1",
    "where[]=1",
    "where[text=1",
    "where[text]]=1",
    "where[text][eq][eq]=1",
    "where[text][]=1",
    "where[[text]]=1",
    "where[text][eq]x=1",
    "where[and][0][text]=1",
    "limit[]=1",
    "limit[gt]=1",
    "sort=",
    "sort=,",
    "sort=-",
    "sort=text,text",
    "sort=text,-text",
    "sort=doc",
    "sort=text&direction=up",
    "direction=desc",
    "select=",
    "select=*",
    "count=all",
    "count=",
    "cursor=",
    "cursor=x",
    "cursor=W10",
    "where[doc]=1",
    "where[maybeDoc][eq]=%7B%7D",
    "where[big]=x",
    "where[big]=1.5",
    "where[big]=99999999999999999999",
    "where[big][in]=",
    "where[big][in]=[[1]]",
    "where[big][in]=[",
    "where[big][between]=1",
    "where[big][between]=1,2,3",
    "where[ratio]=NaN",
    "where[ratio]=inf",
    "where[flag]=1",
    "where[at]=yesterday",
    "where[key]=1",
    "where[blob]=%25",
    "where[text][null]=maybe",
];

#[mainstay::test(app = app)]
async fn repeated_and_nested_nonsense_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for query in NONSENSE {
        let answer = ann.get(&format!("/v1/things?{query}")).await.expect_status(400);
        assert_eq!(answer.body["status"], 400, "{query}");
    }
}

#[mainstay::test(app = app)]
async fn what_would_cost_too_much_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    let fields = ["text", "big", "small", "ratio", "maybeText", "code", "area", "number"];
    let operators = ["eq", "ne", "lt", "lte", "gt", "gte"];
    let conditions: Vec<_> =
        fields.iter().flat_map(|field| operators.map(|it| format!("where[{field}][{it}]=1"))).collect();
    let _ = ann.get(&format!("/v1/things?{}", conditions[..32].join("&"))).await.expect_status(200);
    for query in [
        conditions[..33].join("&"),
        format!("where[big][in]={}", vec!["1"; 101].join(",")),
        format!("where[big][in]={}", "[".repeat(20_000)),
        format!("sort={}", "text,big,small,ratio,flag,at,key,blob,maybeText"),
        vec!["a=1"; 5000].join("&"),
    ] {
        let _ = ann.get(&format!("/v1/things?{query}")).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn a_long_or_strange_value_is_only_a_value(app: TestApp) {
    let ann =
        things(&app, "maybeText", &[json!("%"), json!("_"), json!("' or 1=1 --"), json!("a+b c")]).await;
    for (condition, found) in [
        ("where[maybeText]=%25", &[0][..]),
        ("where[maybeText]=_", &[1]),
        ("where[maybeText]='%20or%201=1%20--", &[2]),
        ("where[maybeText]=a%2Bb+c", &[3]),
        ("where[maybeText]=100%", &[]),
    ] {
        assert_eq!(matching(&ann, condition).await, found, "{condition}");
    }
    assert_eq!(matching(&ann, &format!("where[maybeText]={}", "x".repeat(60_000))).await, [0; 0]);
}
