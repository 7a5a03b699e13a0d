use mainstay::prelude::*;

/// Whom to greet.
#[data]
pub struct Whom {
    #[serde(default)]
    name: String,
}

/// What is said.
#[data]
pub struct Greeting {
    message: String,
}

/// Greets whoever is named, or the world.
#[endpoint(get, "/hello")]
pub async fn hello(Query(whom): Query<Whom>) -> Json<Greeting> {
    let name = if whom.name.is_empty() { "world" } else { &whom.name };
    Json(Greeting { message: format!("Hello, {name}!") })
}
