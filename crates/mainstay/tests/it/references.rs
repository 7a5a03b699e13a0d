//! References: rows that name others.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;

const NOBODY: &str = "0190b6a0-0000-7000-8000-000000000000";

async fn shelf(actor: &Actor) -> String {
    actor.post("/v1/shelves", json!({ "label": "s" })).await.expect_status(201).id().to_owned()
}

#[mainstay::test(app = app)]
async fn a_reference_to_nothing_is_409_and_names_each_field(app: TestApp) {
    let somebody = app.anonymous();
    let here = shelf(&somebody).await;
    for (book, fields) in [
        (json!({ "shelf": NOBODY }), &["shelf: foreign_key_violation"][..]),
        (json!({ "shelf": here, "lentFrom": NOBODY }), &["lentFrom: foreign_key_violation"]),
        (
            json!({ "shelf": NOBODY, "lentFrom": here, "wantedBy": NOBODY }),
            &["shelf: foreign_key_violation", "wantedBy: foreign_key_violation"],
        ),
    ] {
        let refused =
            somebody.post("/v1/books", book.clone()).await.expect_error(409, "foreign_key_violation");
        assert_eq!(refused.faults(), fields);
        let keyed = somebody.clone().key(&book.to_string()).post("/v1/books", book).await;
        assert_eq!(keyed.expect_error(409, "foreign_key_violation").faults(), fields);
    }
    let book = somebody.post("/v1/books", json!({ "shelf": here })).await.expect_status(201);
    let path = format!("/v1/books/{}", book.id());
    for actor in [somebody.clone(), somebody.clone().key("k")] {
        let refused = actor.put(&path, json!({ "lentFrom": NOBODY })).await;
        assert_eq!(
            refused.expect_error(409, "foreign_key_violation").faults(),
            ["lentFrom: foreign_key_violation"]
        );
    }
    assert_eq!(somebody.get("/v1/books").await.rows(), [book.result().clone()]);
}

#[mainstay::test(app = app)]
async fn a_row_that_is_referred_to_stays_unless_its_model_says_otherwise(app: TestApp) {
    let somebody = app.anonymous();
    let (home, lender, wisher) = (shelf(&somebody).await, shelf(&somebody).await, shelf(&somebody).await);
    let book = json!({ "shelf": home, "lentFrom": lender, "wantedBy": wisher });
    let book = somebody.post("/v1/books", book).await.expect_status(201);
    let path = format!("/v1/books/{}", book.id());

    for actor in [somebody.clone(), somebody.clone().key("k")] {
        let refused = actor.delete(&format!("/v1/shelves/{lender}")).await;
        assert_eq!(
            refused.expect_error(409, "foreign_key_violation").faults(),
            ["id: foreign_key_violation"]
        );
    }
    let _ = somebody.get(&format!("/v1/shelves/{lender}")).await.expect_status(200);

    let _ = somebody.delete(&format!("/v1/shelves/{wisher}")).await.expect_status(200);
    assert_eq!(somebody.get(&path).await.result()["wantedBy"], Value::Null, "set_null");

    let _ = somebody.delete(&format!("/v1/shelves/{home}")).await.expect_status(200);
    let _ = somebody.get(&path).await.expect_error(404, "book_not_found");
    let _ = somebody.delete(&format!("/v1/shelves/{lender}")).await.expect_status(200);
}
