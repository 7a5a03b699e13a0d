#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::prelude::*;
use mainstay::{cron, mutation, query, worker};

struct Asked;
struct Caller;
struct Db;
struct Reader;
struct TaskCx;

#[worker(qeue = "mail")]
async fn in_a_misspelt_queue() {}

#[worker("send")]
async fn named_by_a_bare_text() {}

#[worker(name = "send mail", timeout = "60")]
async fn of_no_unit_and_no_name() {}

#[worker(retry = -1, concurrency = 0, backoff = "exponentially")]
async fn tried_again_never() {}

#[worker(backoff = linear, base = "5s")]
async fn with_a_bare_backoff() {}

#[worker(backoff = wait, base = "5s")]
async fn with_a_wait_too_many() {}

#[worker(keep = "1h", batch = 10)]
async fn together_with_a_value(inputs: Vec<u8>) {}

#[worker(queue = "a", queue = "b")]
async fn in_two_queues() {}

#[worker]
fn at_once() {}

#[worker]
async fn with_handles_of_the_wrong_kind(tx: &Tx, cx: &mut TaskCx, db: &Db, by_value: Tx) {}

#[worker]
async fn with_two_inputs(cx: &TaskCx, one: u8, other: u8) {}

#[worker]
async fn that_hides_what_it_gives(cx: &TaskCx) -> impl Sized {}

#[cron(timezone = "UTC")]
async fn that_is_never_due() {}

#[cron("0 3 * *")]
async fn of_four_fields() {}

#[cron("@dayly", overlap = skpi, missed = 3)]
async fn of_a_misspelt_name() {}

#[cron("@daily", queue = "mail")]
async fn in_a_queue_of_its_own() {}

#[cron("@daily")]
async fn with_an_input(tx: &mut Tx, input: u8) {}

#[mutation]
async fn without_a_path(tx: &mut Tx) {}

#[mutation(path = "/users/create")]
async fn with_a_path_of_routes(tx: &mut Tx) {}

#[query(path = "users.get.:id")]
async fn with_a_colon(reader: &Reader) {}

#[query(path = "users.get.$userId")]
async fn that_leaves_a_parameter(reader: &Reader, user: u8) {}

#[mutation(path = "users.create", cache = "10s", backoff = "linear")]
async fn that_is_given_again(tx: &mut Tx) {}

#[mutation(path = "users.create", retry(most = 3), auth = "admin")]
async fn of_misspelt_lists(tx: &mut Tx) {}

#[query(path = "users.get")]
async fn that_writes(tx: &mut Tx) {}

#[query(path = "users.get", cache = "10s")]
async fn that_is_given_again_to_other_headers(reader: &Reader, asked: &Asked) {}

#[query(path = "users.get", cache(time = "10s", shared))]
async fn that_is_given_to_others(reader: &Reader, who: Caller) {}

#[query(path = "users.get", cache(for = "10s"))]
async fn that_is_given_again_for_no_time(reader: &Reader) {}

#[mutation(path = "users.create", rate_limit = "100", middleware = with_org, metadata(role))]
async fn of_misspelt_terms(tx: &mut Tx) {}

#[mutation(path = "users.get")]
async fn that_only_reads(reader: &Reader) {}

#[query(path = "users.get")]
async fn without_its_reader(asked: &Asked) {}

#[mutation(path = "users.create")]
async fn of_two_inputs(tx: &mut Tx, one: u8, other: u8) {}

#[mutation(path = "users.create")]
async fn that_is_lent_a_text(tx: &mut Tx, name: &str) {}

#[worker(batch = 10)]
async fn one_of_many(input: u32) {}

#[worker(batch = 10)]
async fn one_task_of_many(cx: &TaskCx, inputs: Vec<u32>) {}

#[worker]
async fn many_of_one(tasks: &[TaskCx]) {}

#[worker(batch = 1)]
async fn a_batch_of_one(inputs: Vec<u32>) {}

#[worker(upgrade = bring_up)]
async fn that_brings_up_what_never_was(input: u32) {}

#[worker(version = 0, upgrade = "bring_up")]
async fn of_no_version(input: u32) {}

#[mutation(path = "users.create", version = 1, upgrade = bring_up)]
async fn that_brings_up_the_first(tx: &mut Tx) {}

#[cron("@daily", version = 2)]
async fn of_a_version() {}

fn main() {}
