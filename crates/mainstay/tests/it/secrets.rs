//! Private and role-gated fields: nobody without the right learns that they are there.

use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

use crate::app;
use crate::models::{Thing, thing};

/// A thing with a secret and a grade, which only the application itself can give.
async fn graded(app: &TestApp) -> (Actor, String) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({ "secret": "hush" }))).await.expect_status(201);
    let graded = app.db().write(async |tx: &mut Tx| {
        let Some(thing) = Thing::filter(Thing::GRADE.is_null()).first(tx).await? else { return Ok(()) };
        thing.update(tx, |it| it.grade = Some(5)).await.map(drop)
    });
    graded.await.expect("a grade");
    (ann, made.id().to_owned())
}

#[mainstay::test(app = app)]
async fn a_private_field_is_in_no_answer(app: TestApp) {
    let (ann, id) = graded(&app).await;
    let path = format!("/v1/things/{id}");
    let stored = app.db().reader().sql("select secret from things").one::<Option<String>>().await;
    assert_eq!(stored.expect("a row").flatten().as_deref(), Some("hush"), "it was written all the same");
    let answers = [
        ann.get(&path).await,
        ann.get("/v1/things").await,
        ann.put(&path, json!({ "secret": "psst", "text": "u" })).await,
        ann.put(&path, json!({})).await,
        ann.post("/v1/things", thing(json!({ "secret": "hush" }))).await,
    ];
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(answer.status.is_success(), "{text}");
        assert!(!text.contains("secret") && !text.contains("hush") && !text.contains("psst"), "{text}");
    }
}

#[mainstay::test(app = app)]
async fn a_gated_field_is_there_for_its_role_alone(app: TestApp) {
    let (ann, id) = graded(&app).await;
    let grader = app.user_with("gil", json!({ "roles": ["grader"] })).await;
    let path = format!("/v1/things/{id}");
    assert!(ann.get(&path).await.result().get("grade").is_none());
    assert_eq!(grader.get(&path).await.result()["grade"], 5);
    for query in ["where[grade]=5", "where[grade][gt]=4&sort=-grade", "select=grade&sort=grade"] {
        assert_eq!(grader.get(&format!("/v1/things?{query}")).await.expect_status(200).rows().len(), 1);
    }
    let refused = grader.put(&path, json!({ "grade": 1 })).await;
    assert_eq!(refused.expect_error(422, "read_only_field").faults(), ["grade: read_only_field"]);
}

/// The answers to a request that names `field`, with the name itself taken out.
async fn probes(actor: &Actor, path: &str, field: &str) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for query in [
        format!("where[{field}]=hush"),
        format!("where[{field}][null]=true"),
        format!("where[{field}][nonsense]=1"),
        format!("sort={field}"),
        format!("sort=-text,{field}"),
        format!("select={field}"),
        format!("select=text,{field}"),
    ] {
        answers.push(actor.get(&format!("/v1/things?{query}")).await);
    }
    answers.push(actor.post("/v1/things", thing(json!({ field: [] }))).await);
    answers.push(actor.put(path, json!({ field: [] })).await);
    let told = answers.into_iter().map(|answer| {
        let text = answer.body.to_string().replace(answer.header("x-request-id"), "").replace(field, "#");
        (answer.status.as_u16(), text)
    });
    told.collect()
}

#[mainstay::test(app = app)]
async fn a_field_one_may_not_see_is_as_unknown_as_one_that_is_not_there(app: TestApp) {
    let (ann, id) = graded(&app).await;
    let path = format!("/v1/things/{id}");
    let nothing = probes(&ann, &path, "qqqqq").await;
    assert!(nothing.iter().all(|(status, _)| [400, 422].contains(status)), "{nothing:?}");
    assert_eq!(probes(&ann, &path, "grade").await, nothing);
    assert_eq!(probes(&ann, &path, "version").await, nothing, "a version that is not declared is hidden");
    // A private field that clients may write is no secret to those who write it, but never to be read.
    assert_eq!(probes(&ann, &path, "secret").await[..7], nothing[..7]);
}

#[mainstay::test(app = app)]
async fn no_suggestion_leads_to_a_field_one_may_not_see(app: TestApp) {
    let (ann, id) = graded(&app).await;
    for near in ["grades", "grad", "gradee", "secrets", "secre", "isuer", "subjec", "draftKe", "noets"] {
        let mut answers = Vec::new();
        for plural in ["things", "posts", "users"] {
            for query in [format!("where[{near}]=1"), format!("sort={near}"), format!("select={near}")] {
                answers
                    .push(ann.get(&format!("/v1/{plural}?{query}")).await.expect_error(400, "unknown_field"));
            }
        }
        answers.push(ann.put(&format!("/v1/things/{id}"), json!({ near: 1 })).await);
        for answer in answers {
            let text = answer.body.to_string();
            for hidden in ["`grade`", "`issuer`", "`subject`"] {
                assert!(!text.contains(hidden), "{near}: {text}");
            }
            let reads = answer.status == 400;
            let writable = ["`secret`", "`draftKey`", "`notes`"];
            assert!(!reads || !writable.iter().any(|it| text.contains(it)), "{near}: {text}");
        }
    }
}

#[mainstay::test(app = app)]
async fn the_order_of_rows_tells_nothing_of_a_hidden_field(app: TestApp) {
    let (ann, _) = graded(&app).await;
    let grader = app.user_with("gil", json!({ "roles": ["grader"] })).await;
    let cursor = grader.get("/v1/things?sort=grade&limit=1").await;
    let _ = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let second = grader.get("/v1/things?sort=grade&limit=1").await;
    let next = second.result()["next"].as_str().expect("a cursor").to_owned();
    assert_eq!(cursor.result()["next"], Value::Null);
    let _ = ann.get(&format!("/v1/things?sort=grade&cursor={next}")).await.expect_error(400, "unknown_field");
    let _ = ann.get(&format!("/v1/things?cursor={next}")).await.expect_error(400, "bad_request");
}
