//! What a newcomer reads whose endpoint asks for, or gives, what it cannot.

use mainstay::prelude::*;

struct Plain;

enum Undeclared {
    Taken,
}

#[endpoint(get, "/asked")]
async fn that_asks_for_a_plain_type(it: Plain) {}

#[endpoint(post, "/read")]
async fn that_reads_a_plain_type(it: Json<Plain>) {}

#[endpoint(get, "/given")]
async fn that_gives_a_plain_type() -> Plain {
    Plain
}

#[endpoint(get, "/json")]
async fn that_gives_plain_json() -> Json<Plain> {
    Json(Plain)
}

#[endpoint(get, "/failed")]
async fn that_fails_undeclared() -> Result<Json<u8>, Undeclared> {
    Err(Undeclared::Taken)
}

#[endpoint(get, "/admitted")]
async fn that_admits_no_role(who: Auth<Plain>) {}

fn main() {}
