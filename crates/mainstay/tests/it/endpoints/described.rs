use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app;

async fn document(app: &TestApp) -> Value {
    app.anonymous().get("/openapi.json").await.expect_status(200).body
}

#[mainstay::test(app = app)]
async fn an_endpoint_is_described_by_its_types(app: TestApp) {
    let document = document(&app).await;
    let hold = &document["paths"]["/v1/rooms/{id}/sessions"]["post"];
    assert_eq!(hold["operationId"], "hold");
    assert_eq!(hold["summary"], "Holds a session in a room.");
    assert_eq!(hold["description"], "The room counts how often it was opened.");
    assert_eq!(hold["tags"], json!(["rooms"]));
    assert_eq!(hold["security"], json!([{ "bearer": [] }]));
    let names: Vec<_> =
        hold["parameters"].as_array().expect("parameters").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["id", "Idempotency-Key"]);
    assert_eq!(hold["parameters"][0]["schema"]["format"], "uuid");
    let body = &hold["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body, &json!({ "$ref": "#/components/schemas/NewSession" }));
    let session = &document["components"]["schemas"]["NewSession"];
    assert_eq!(session["properties"]["title"]["maxLength"], 20);
    assert_eq!((&session["required"], &session["additionalProperties"]), (&json!(["title"]), &json!(false)));
    let answer = &hold["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["result"];
    assert_eq!(answer, &json!({ "$ref": "#/components/schemas/Session" }));
}

#[mainstay::test(app = app)]
async fn what_an_endpoint_declares_to_go_wrong_is_described_with_its_data(app: TestApp) {
    let document = document(&app).await;
    let hold = &document["paths"]["/v1/rooms/{id}/sessions"]["post"];
    let errors = hold["x-errors"].as_array().expect("errors");
    let taken = errors.iter().find(|it| it["code"] == "room_taken").expect("the declared error");
    assert_eq!((&taken["status"], &taken["description"]), (&json!(409), &json!("the room is taken by {by}")));
    assert_eq!(taken["data"]["required"], json!(["by"]));
    for status in ["400", "401", "409", "413", "415", "422", "423", "500", "503", "default"] {
        assert!(hold["responses"].get(status).is_some(), "{status} is not described");
    }
}

#[mainstay::test(app = app)]
async fn parameters_roles_and_replaced_routes_are_described_too(app: TestApp) {
    let document = document(&app).await;
    let wanted = &document["paths"]["/v1/wanted"]["get"];
    let count = &wanted["parameters"][0];
    assert_eq!(
        (&count["name"], &count["in"], &count["required"]),
        (&json!("count"), &json!("query"), &json!(true))
    );
    assert_eq!((&count["description"], &count["schema"]["maximum"]), (&json!("How many."), &json!(10)));
    assert_eq!(document["paths"]["/v1/members"]["get"]["operationId"], "members");
    assert_eq!(document["paths"]["/v1/desk"]["get"]["security"], json!([{ "bearer": [] }]));
    assert_eq!(document["paths"]["/v1/nothing"]["delete"]["responses"]["204"]["content"], Value::Null);
    let made = &document["paths"]["/v1/keys"]["post"];
    assert_eq!(made["responses"]["201"]["headers"]["Location"]["required"], true);
    assert!(made["x-errors"].as_array().is_some_and(|all| all.iter().any(|it| it["code"] == "already_done")));
    let declared = &document["components"]["schemas"]["RoomDeclared"]["properties"];
    assert!(declared.get("createdAt").is_none() && declared.get("label").is_some());
    assert!(document["components"]["schemas"]["Room"]["properties"].get("createdAt").is_some());
}
