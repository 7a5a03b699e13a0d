use schemars::JsonSchema;
use serde_json::{Value, json};

use super::*;

/// What an application calls as we call ours.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct Error {
    line: u32,
}

fn document() -> Value {
    let mut generator = generator();
    let schema = generator.subschema_for::<Error>();
    let data = schemars::json_schema!({ "type": "object" });
    let operation = Operation::new("locate")
        .answers(200, Response::json("Where it is.", schema))
        .fails([DeclaredError::new(423, "locked", "somebody else has it").data(data)])
        .fails([DeclaredError::new(423, "sealed", "nobody has it"), DeclaredError::new(503, "away", "gone")]);
    let info = Info { title: "atlas".to_owned(), version: "1".to_owned(), description: None };
    let mut document = Document::new(info);
    document.add("GET", "/places/{id}", operation);
    serde_json::from_str(&document.finish(generator).to_json().unwrap()).unwrap()
}

#[test]
fn a_type_of_the_applications_never_takes_the_name_of_ours() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Error2"]["required"], json!(["line"]));
    assert!(schemas["Error"]["properties"]["error_description"].is_object());
    let answer = &document["paths"]["/places/{id}"]["get"]["responses"]["200"];
    assert_eq!(
        answer["content"]["application/json"]["schema"],
        json!({ "$ref": "#/components/schemas/Error2" })
    );
}

#[test]
fn declared_errors_become_one_answer_for_each_status() {
    let document = document();
    let operation = &document["paths"]["/places/{id}"]["get"];
    assert_eq!(operation["responses"].as_object().unwrap().keys().collect::<Vec<_>>(), ["200", "423", "503"]);
    assert_eq!(operation["responses"]["423"]["$ref"], "#/components/responses/423.locked.sealed");
    let locked = &document["components"]["responses"]["423.locked.sealed"];
    assert_eq!(locked["description"], "- `locked`: somebody else has it\n- `sealed`: nobody has it");
    let codes = locked["content"]["application/json"]["schema"].pointer("/allOf/1/properties/error/enum");
    assert_eq!(codes, Some(&json!(["locked", "sealed"])));
    assert!(document["components"]["responses"]["503.away"]["headers"]["Retry-After"].is_object());
    let declared: Vec<_> = operation["x-errors"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(declared, ["locked", "sealed", "away"]);
    assert_eq!(operation["x-errors"][0]["data"], json!({ "type": "object" }));
}
