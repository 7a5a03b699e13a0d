use mainstay::prelude::*;

/// When it is open.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "mainstay::serde")]
#[schemars(crate = "mainstay::schemars")]
pub struct Opening {
    pub day: String,
    pub from: u8,
}

#[test]
fn the_page_on_openapi_describes_a_type_as_it_says() {
    let schema = mainstay::schemars::schema_for!(Opening);
    assert_eq!(schema.as_value()["description"], "When it is open.");
    assert_eq!(schema.as_value()["required"], json!(["day", "from"]));
}
