//! `__query`: a builder's steps ask for what flat parameters ask for, and reach no further.

use mainstay_test::{Actor, Answer, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

/// The list that these steps ask for.
async fn asked(actor: &Actor, path: &str, steps: &Value) -> Answer {
    actor.get(&format!("{path}?{}", parameter(steps))).await
}

fn parameter(steps: &Value) -> String {
    let text = steps.to_string();
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("__query={}", bytes.collect::<String>())
}

async fn numbers(app: &TestApp) -> Actor {
    let ann = app.user("ann").await;
    for small in 0..8 {
        let fields = thing(json!({ "small": small, "big": small % 3, "text": format!("t{small}"),
            "maybeBig": if small < 3 { Value::Null } else { json!(small) } }));
        let _ = ann.post("/v1/things", fields).await.expect_status(201);
    }
    ann
}

#[mainstay::test(app = app)]
async fn steps_mean_what_flat_parameters_mean(app: TestApp) {
    let ann = numbers(&app).await;
    let by = |field: &str, value: Value| json!({"method": "where", "args": [field, value]});
    for (steps, flat) in [
        (json!([]), ""),
        (json!([by("big", json!(1))]), "where[big]=1"),
        (json!([by("big", json!("1"))]), "where[big]=1"),
        (json!([{"method": "where", "args": ["small", ">", 3]}]), "where[small][gt]=3"),
        (json!([{"method": "where", "args": ["small", "lte", 3]}]), "where[small][lte]=3"),
        (json!([{"method": "where", "args": [{"big": 1, "small": 4}]}]), "where[big]=1&where[small]=4"),
        (
            json!([by("big", json!(1)), {"method": "andWhere", "args": ["small", "!=", 4]}]),
            "where[big]=1&where[small][ne]=4",
        ),
        (json!([{"method": "whereIn", "args": ["small", [1, 2]]}]), "where[small][in]=1,2"),
        (
            json!([{"method": "whereIn", "args": ["text", ["t1", "a,b"]]}]),
            "where[text][in]=[%22t1%22,%22a,b%22]",
        ),
        (json!([{"method": "whereNotIn", "args": ["small", [1, 2]]}]), "where[small][nin]=1,2"),
        (json!([{"method": "whereNot", "args": ["small", "in", [1, 2]]}]), "where[small][nin]=1,2"),
        (json!([{"method": "whereNot", "args": ["small", 2]}]), "where[small][ne]=2"),
        (json!([{"method": "whereNull", "args": ["maybeBig"]}]), "where[maybeBig][null]=true"),
        (json!([by("maybeBig", json!(null))]), "where[maybeBig][null]=true"),
        (json!([{"method": "whereNotNull", "args": ["maybeBig"]}]), "where[maybeBig][null]=false"),
        (json!([{"method": "whereBetween", "args": ["small", [2, 4]]}]), "where[small][between]=2,4"),
        (json!([{"method": "where", "args": ["text", "ilike", "T_"]}]), "where[text][ilike]=T_"),
        (
            json!([{"method": "orderBy", "args": ["big", "desc"]}, {"method": "orderBy", "args": ["small"]}]),
            "sort=-big,small",
        ),
        (
            json!([{"method": "orderBy", "args": ["small"]}, {"method": "limit", "args": [3]}, {"method": "offset", "args": [3]}]),
            "sort=small&limit=3&page=2",
        ),
        (json!([{"method": "select", "args": ["small", "text"]}]), "select=small,text"),
        (json!([{"method": "select", "args": [["small"]]}]), "select=small"),
    ] {
        let by_steps = asked(&ann, "/v1/things", &steps).await.expect_status(200);
        let by_pairs = ann.get(&format!("/v1/things?{flat}")).await.expect_status(200);
        assert_eq!(by_steps.result(), by_pairs.result(), "{steps}");
    }
}

#[mainstay::test(app = app)]
async fn or_joins_what_stands_before_it_with_what_follows(app: TestApp) {
    let ann = numbers(&app).await;
    let step = |method: &str, field: &str, value: i64| json!({"method": method, "args": [field, value]});
    let group = |method: &str, steps: Value| json!({"method": method, "args": [{"__nested": steps}]});
    for (steps, found) in [
        (json!([step("where", "small", 1), step("orWhere", "small", 2)]), &[1, 2][..]),
        (json!([step("orWhere", "small", 1)]), &[1]),
        (json!([step("where", "big", 1), step("where", "small", 4), step("orWhere", "small", 0)]), &[0, 4]),
        (
            json!([step("where", "small", 0), step("orWhere", "big", 1), step("andWhere", "small", 4)]),
            &[0, 4],
        ),
        (
            json!([
                step("where", "big", 1),
                group("where", json!([step("where", "small", 4), step("orWhere", "small", 0)]))
            ]),
            &[4],
        ),
        (json!([group("whereNot", json!([step("where", "big", 0), step("orWhere", "big", 1)]))]), &[2, 5]),
        (
            json!([
                step("where", "small", 0),
                group("orWhere", json!([step("where", "big", 1), step("where", "small", 7)]))
            ]),
            &[0, 7],
        ),
        (
            json!([{"method": "where", "args": ["small", 0]}, {"method": "orWhere", "args": [{"big": 1, "small": 7}]}]),
            &[0, 7],
        ),
    ] {
        let answer = asked(&ann, "/v1/things", &steps).await.expect_status(200);
        let mut small: Vec<i64> = answer.column("small").iter().filter_map(Value::as_i64).collect();
        small.sort_unstable();
        assert_eq!(small, found, "{steps}");
    }
}

#[mainstay::test(app = app)]
async fn steps_and_parameters_go_together_unless_both_say_one_thing(app: TestApp) {
    let ann = numbers(&app).await;
    let one = |method: &str, args: Value| parameter(&json!([{"method": method, "args": args}]));
    let both = format!("{}&where[small][gt]=1&sort=-small", one("where", json!(["big", 1])));
    let answer = ann.get(&format!("/v1/things?{both}")).await.expect_status(200);
    assert_eq!(answer.column("small"), [7, 4]);
    let or = parameter(&json!([
        {"method": "where", "args": ["small", 1]}, {"method": "orWhere", "args": ["small", 2]}]));
    let narrowed = ann.get(&format!("/v1/things?where[big]=2&{or}")).await.expect_status(200);
    assert_eq!(narrowed.column("small"), [2], "an `orWhere` does not reach around a parameter");
    for twice in [
        format!("limit=1&{}", one("limit", json!([1]))),
        format!("page=2&{}", one("offset", json!([1]))),
        format!("cursor=x&{}", one("offset", json!([1]))),
        format!("sort=big&{}", one("orderBy", json!(["small"]))),
        format!("select=big&{}", one("select", json!(["small"]))),
    ] {
        let _ = ann.get(&format!("/v1/things?{twice}")).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn no_step_reaches_around_the_scope(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let hidden = ann.post("/v1/posts", json!({"title": "hidden", "published": false})).await;
    let hidden = hidden.expect_status(201);
    let _ = ann.post("/v1/posts", json!({"title": "shown", "published": true})).await.expect_status(201);
    let id = &hidden.result()["id"];
    let any = json!({"method": "orWhere", "args": ["title", "!=", ""]});
    let not = json!({"method": "whereNot", "args": ["title", "never"]});
    let mut deep = any.clone();
    for _ in 0..5 {
        deep = json!({"method": "orWhere", "args": [{"__nested": [deep]}]});
    }
    for steps in [
        json!([any]),
        json!([{"method": "where", "args": ["title", "x"]}, any]),
        json!([any, any, {"method": "orWhere", "args": ["id", id]}]),
        json!([{"method": "orWhere", "args": [{"id": id}]}]),
        json!([{"method": "orWhere", "args": [{"__nested": [any, any]}]}]),
        json!([not]),
        json!([{"method": "whereNot", "args": [{"__nested": [{"method": "where", "args": ["published", true]}, {"method": "orWhere", "args": ["title", "x"]}]}]}]),
        json!([{"method": "orWhere", "args": ["published", false]}, {"method": "orWhere", "args": ["user", "!=", id]}]),
        json!([{"method": "whereIn", "args": ["id", [id]]}, any]),
        json!([deep]),
        json!([any, {"method": "orderBy", "args": ["title"]}, {"method": "select", "args": ["title"]}]),
    ] {
        for actor in [&bob, &app.anonymous()] {
            let answer = asked(actor, "/v1/posts", &steps).await.expect_status(200);
            assert!(!answer.body.to_string().contains("hidden"), "{steps}");
            assert_eq!(answer.result()["total"], answer.rows().len(), "{steps}");
        }
    }
}

#[mainstay::test(app = app)]
async fn steps_do_not_open_what_the_scope_denies(app: TestApp) {
    let steps = json!([{"method": "orWhere", "args": ["createdAt", "!=", null]}]);
    let _ = asked(&app.anonymous(), "/v1/notes", &steps).await.expect_error(401, "unauthorized");
}

#[mainstay::test(app = app)]
async fn a_field_one_may_not_see_is_unknown_in_every_step(app: TestApp) {
    let ann = app.user("ann").await;
    for field in ["secret", "grade", "version", "nothing"] {
        for steps in [
            json!([{"method": "where", "args": [field, "x"]}]),
            json!([{"method": "where", "args": [field, "like", "%"]}]),
            json!([{"method": "where", "args": [{field: 1}]}]),
            json!([{"method": "orWhere", "args": [{"__nested": [{"method": "where", "args": [field, 1]}]}]}]),
            json!([{"method": "whereIn", "args": [field, []]}]),
            json!([{"method": "whereNull", "args": [field]}]),
            json!([{"method": "whereBetween", "args": [field, [1, 2]]}]),
            json!([{"method": "orderBy", "args": [field]}]),
            json!([{"method": "select", "args": [field]}]),
            json!([{"method": "select", "args": [format!("{field} as text")]}]),
            json!([{"method": "select", "args": [[format!("text,{field}")]]}]),
        ] {
            let refused = asked(&ann, "/v1/things", &steps).await.expect_error(400, "unknown_field");
            let hint = refused.description().rsplit_once("did you mean").map_or("", |(_, hint)| hint);
            assert!(!hint.contains(field), "{hint}");
        }
    }
}

#[mainstay::test(app = app)]
async fn a_wrong_step_is_400_and_the_nearest_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    for (steps, code, description) in [
        (
            json!([{"method": "wher", "args": []}]),
            "bad_request",
            "unknown method `wher`, did you mean `where`?",
        ),
        (
            json!([{"method": "orderby", "args": ["text"]}]),
            "bad_request",
            "unknown method `orderby`, did you mean `orderBy`?",
        ),
        (
            json!([{"method": "where", "args": ["txet", 1]}]),
            "unknown_field",
            "unknown field `txet`, did you mean `text`?",
        ),
        (
            json!([{"method": "where", "args": ["text", "lke", "x"]}]),
            "unknown_operator",
            "unknown operator `lke`, did you mean `like`?",
        ),
        (
            json!([{"method": "where", "args": [{"__nested": [{"method": "limit", "args": [1]}]}]}]),
            "bad_request",
            "`limit` cannot stand in a group",
        ),
        (
            json!([{"method": "limit", "args": [101]}]),
            "bad_request",
            "`limit` takes (a whole number from 1 to 100)",
        ),
        (json!([{"method": "whereNull", "args": ["text", 1]}]), "bad_request", "`whereNull` takes (field)"),
    ] {
        let refused = asked(&ann, "/v1/things", &steps).await.expect_error(400, code);
        assert_eq!(refused.description(), description);
    }
}

#[mainstay::test(app = app)]
async fn steps_are_bounded_and_nonsense_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    let where_big = json!({"method": "where", "args": ["big", 1]});
    let nested = |depth: usize| {
        (0..depth).fold(where_big.clone(), |it, _| json!({"method": "where", "args": [{"__nested": [it]}]}))
    };
    let _ = asked(&ann, "/v1/things", &json!([nested(5)])).await.expect_status(200);
    let _ = asked(&ann, "/v1/things", &json!(vec![&where_big; 32])).await.expect_status(200);
    for steps in [
        json!([nested(6)]),
        json!([nested(100)]),
        json!(vec![&where_big; 33]),
        json!([{"method": "whereIn", "args": ["big", vec![1; 101]]}]),
        json!([{"method": "offset", "args": [100_001]}]),
        json!([{"method": "offset", "args": [-1]}]),
        json!([{"method": "limit", "args": [0]}]),
        json!([{"method": "limit", "args": ["1"]}]),
        json!([{"method": "limit", "args": []}]),
        json!([{"method": "limit", "args": [1]}, {"method": "limit", "args": [1]}]),
        json!([{"method": "where", "args": []}]),
        json!([{"method": "where", "args": ["big"]}]),
        json!([{"method": "where", "args": ["big", "=", 1, 2]}]),
        json!([{"method": "where", "args": ["big", [1]]}]),
        json!([{"method": "where", "args": ["big", {"gt": 1}]}]),
        json!([{"method": "where", "args": ["big", ">", null]}]),
        json!([{"method": "where", "args": [{}]}]),
        json!([{"method": "where", "args": [{"__nested": []}]}]),
        json!([{"method": "where", "args": [{"__nested": [], "big": 1}]}]),
        json!([{"method": "where", "args": [{"__nested": {"method": "where"}}]}]),
        json!([{"method": "where", "args": [["big", 1]]}]),
        json!([{"method": "where", "args": [1, 2]}]),
        json!([{"method": "whereIn", "args": ["big", 1]}]),
        json!([{"method": "whereIn", "args": ["big", [null]]}]),
        json!([{"method": "whereBetween", "args": ["big", [1]]}]),
        json!([{"method": "orderBy", "args": ["big", "up"]}]),
        json!([{"method": "orderBy", "args": ["doc"]}]),
        json!([{"method": "select", "args": []}]),
        json!([{"method": "select", "args": [1]}]),
        json!([{"method": "where"}]),
        json!([{"method": "where", "args": ["big", 1], "more": 1}]),
        json!([1]),
        json!({"method": "where", "args": ["big", 1]}),
        json!("where"),
    ] {
        let _ = asked(&ann, "/v1/things", &steps).await.expect_error(400, "bad_request");
    }
    for text in ["", "[", "[{]", "%5B%00%5D", &"%5B".repeat(2000)] {
        let _ = ann.get(&format!("/v1/things?__query={text}")).await.expect_error(400, "bad_request");
    }
}
