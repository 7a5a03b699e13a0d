use mainstay::model::json_schema::{create, merge, update};
use mainstay::model::{Model, ModelEntry};
use mainstay::prelude::*;
use mainstay::schemars::{self, SchemaGenerator};

use crate::derived::{Post, User};

/// What a place keeps of any shape.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "mainstay::serde")]
#[schemars(crate = "mainstay::schemars")]
struct Opening {
    day: String,
    from: u8,
}

/// How it looks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "mainstay::serde")]
struct Look {
    colour: String,
}

#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Public,
    ByInvitation,
}

const MOST: i32 = 9;

/// Somewhere to go.
///
/// By day.
#[derive(Model, Clone, Debug)]
struct Place {
    id: Id<Place>,
    /// When it is open.
    #[model(write)]
    #[garde(length(max = 7), inner(custom(never)))]
    opening: Json<Vec<Opening>>,
    #[model(write)]
    look: Json<Look>,
    #[model(write)]
    price: Option<Decimal<2>>,
    #[model(write)]
    kind: Kind,
    #[model(write, index)]
    #[garde(prefix("a.b"), pattern("^[a-z.]*$"), pattern(r"\Aa"), length(min = 2))]
    label: Option<String>,
    #[model(write)]
    #[garde(range(min = -2, max = MOST))]
    level: i32,
    #[model(write, overflow)]
    more: Overflow,
}

#[scope]
impl Scope for Place {}

fn never(_: &Opening, (): &()) -> mainstay::model::garde::Result {
    Ok(())
}

fn described(of: impl Fn(&mut SchemaGenerator) -> schemars::Schema) -> (Value, Value) {
    let mut generator = SchemaGenerator::default();
    let schema = of(&mut generator).to_value();
    (schema, generator.take_definitions(true).into())
}

fn row<M: Model + JsonSchema>() -> Value {
    described(M::json_schema).0
}

fn names(of: &Value) -> Vec<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_model_describes_its_rows_as_clients_read_them() {
    let post = row::<Post>();
    let all = names(&post["properties"]);
    assert!(!all.contains(&"state"), "private");
    let required = post["required"].as_array().unwrap();
    assert!(required.contains(&json!("headline")) && required.contains(&json!("type")));
    assert!(!required.contains(&json!("notes")), "only some callers see it");
    assert_eq!(post["properties"]["type"], json!({ "const": "blog_entry", "type": "string" }));
    assert_eq!(
        post["properties"]["headline"],
        json!({ "type": "string", "description": "What it is called." })
    );
    assert_eq!(post["properties"]["notes"]["x-role"], "editor");
    assert_eq!(post["properties"]["parent"], json!({ "type": ["string", "null"], "format": "uuid" }));
    assert_eq!(post["description"], "Everything that a field can say.");
    assert_eq!(row::<Place>()["description"], "Somewhere to go.\n\nBy day.");
}

#[test]
fn an_entry_refers_to_its_models_rows_by_name() {
    let (schema, definitions) = described(|it| {
        let both = [(ModelEntry::of::<Post>().rows)(it), it.subschema_for::<Post>()];
        schemars::json_schema!({ "anyOf": both })
    });
    let one = json!({ "$ref": "#/$defs/BlogEntry" });
    assert_eq!(schema["anyOf"], json!([one, one]));
    assert_eq!(names(&definitions), ["BlogEntry"]);
}

#[test]
fn a_body_holds_what_clients_may_set_under_the_fields_rules() {
    let (body, _) = described(|it| create(Post::SCHEMA, it));
    assert_eq!(names(&body["properties"]), ["headline", "match", "published", "rating", "tags"]);
    assert_eq!(body["required"], json!(["headline", "rating"]));
    assert_eq!(body["additionalProperties"], false);
    let title =
        json!({ "type": "string", "minLength": 1, "maxLength": 5, "description": "What it is called." });
    assert_eq!(body["properties"]["headline"], title);
    assert_eq!(body["properties"]["rating"]["maximum"], 5.0);
    assert_eq!(body["properties"]["tags"]["maxItems"], 2);
    assert_eq!(body["properties"]["tags"]["items"], json!({ "type": "string" }));
    assert_eq!(body["properties"]["published"]["x-role"], "author");
    assert_eq!(body["properties"]["match"]["minimum"], i32::MIN);
    let (body, _) = described(|it| update(Post::SCHEMA, it));
    assert_eq!(names(&body["properties"]), ["headline", "match", "notes", "published", "state", "tags"]);
    assert_eq!(body["properties"]["notes"]["maxLength"], 3, "bytes are characters or more");
    assert!(body.get("required").is_none());
    let (body, _) = described(|it| create(User::SCHEMA, it));
    assert_eq!(body["properties"], json!({}));
}

#[test]
fn json_is_described_by_its_type_where_that_is_known() {
    let (body, definitions) = described(|it| create(Place::SCHEMA, it));
    let properties = &body["properties"];
    assert_eq!(properties["opening"]["items"], json!({ "$ref": "#/$defs/Opening" }));
    assert_eq!(properties["opening"]["maxItems"], 7);
    assert_eq!(definitions["Opening"]["required"], json!(["day", "from"]));
    assert_eq!(properties["look"], json!({}), "it implements no JsonSchema");
    assert_eq!(properties["kind"]["enum"], json!(["public", "by_invitation"]));
    assert_eq!(properties["kind"]["description"], "`\"public\"` where it is not given.");
    assert_eq!(properties["price"]["type"], json!(["string", "number", "null"]));
    assert_eq!(properties["level"]["minimum"], -2);
    assert_eq!(properties["level"]["maximum"], 9);
    let patched = described(|it| merge(Place::SCHEMA, it)).0;
    assert!(patched["properties"]["opening"].get("items").is_none(), "a merge patch says what changes in it");
}

#[test]
fn patterns_say_what_every_reader_of_json_schema_reads_the_same() {
    let (body, _) = described(|it| create(Place::SCHEMA, it));
    let label = json!({
        "type": ["string", "null"], "pattern": "^a\\.b", "allOf": [{ "pattern": "^[a-z.]*$" }],
        "minLength": 2, "maxLength": 2000,
    });
    assert_eq!(body["properties"]["label"], label);
}

#[test]
fn an_overflow_takes_what_no_field_is_called() {
    let (body, _) = described(|it| create(Place::SCHEMA, it));
    assert_eq!(body["additionalProperties"], true);
    let taken = json!(["id", "more", "createdAt", "updatedAt", "version", "type", "__proto__"]);
    assert_eq!(body["propertyNames"]["not"]["enum"], taken);
    assert_eq!(row::<Place>()["additionalProperties"], true);
}
