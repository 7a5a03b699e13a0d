#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;
use mainstay::{data, endpoint, middleware, request_hook};

struct Reader;
struct Db;
struct Body;
struct Response;
struct RequestCx;
struct Next<'a>(&'a ());

#[endpoint(get)]
async fn without_a_path() {}

#[endpoint("/hello")]
async fn without_a_method() {}

#[endpoint(get, "hello")]
async fn without_a_slash() {}

#[endpoint(get, "/posts/:id")]
async fn with_a_colon() {}

#[endpoint(gte, "/hello")]
async fn of_a_misspelt_method() {}

#[endpoint(get, "/hello", auth(roel = "editor"))]
async fn of_a_misspelt_role() {}

#[endpoint(post, "/hello", replay = always)]
async fn always_replayed() {}

#[endpoint(post, "/hello", rate_limit = "0/10s")]
async fn called_never() {}

#[endpoint(post, "/hello", middleware(logger))]
async fn within_parentheses() {}

#[endpoint(get, "/hello")]
fn at_once() {}

#[endpoint(get, "/hello")]
async fn by_value(tx: Tx) {}

#[endpoint(get, "/hello")]
async fn that_writes_by_a_shared_reference(tx: &Tx) {}

#[endpoint(get, "/hello")]
async fn that_changes_its_reader(reader: &mut Reader) {}

#[endpoint(get, "/hello")]
async fn with_two_handles(tx: &mut Tx, reader: &Reader) {}

#[endpoint(get, "/hello")]
async fn with_the_database(db: &Db) {}

#[endpoint(get, "/hello")]
async fn that_is_lent_a_text(name: &str) {}

#[endpoint(post, "/hello")]
async fn that_streams_in_a_transaction(tx: &mut Tx, body: Body) {}

#[endpoint(post, "/hello")]
async fn with_two_bodies(one: Json<u8>, other: String) {}

#[endpoint(get, "/hello")]
async fn that_hides_what_it_gives() -> impl Sized {}

#[middleware]
async fn around_nothing(cx: &mut RequestCx) -> Response {
    Response
}

#[middleware]
async fn around_something_else(tx: &mut Tx, next: Next<'_>) -> Response {
    Response
}

#[request_hook]
async fn at_no_moment(cx: &mut RequestCx) {}

#[request_hook(before_atuh)]
async fn at_a_misspelt_moment(cx: &mut RequestCx) {}

#[request_hook(before_auth)]
async fn with_a_response_too_soon(cx: &mut RequestCx, response: &mut Response) {}

#[data(opne)]
struct Misspelt {
    name: String,
}

#[middleware]
async fn around_operations_with_too_much(cx: &mut Cx<'_>, next: Next<'_>) -> Result<Reply> {}

fn main() {}
