use mainstay::prelude::*;

/// Whom to greet.
#[derive(Deserialize)]
#[serde(crate = "mainstay::serde")]
pub struct Greeting {
    name: Option<String>,
}

/// `GET /v1/hello?name=`
pub async fn hello(Query(greeting): Query<Greeting>) -> Response {
    let name = greeting.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("world");
    respond::ok(json!({ "message": format!("Hello, {name}!") }))
}
