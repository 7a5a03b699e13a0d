//! What a newcomer reads whose worker or operation takes, or gives, what it cannot.

use mainstay::prelude::*;

struct Plain;

enum Undeclared {
    Taken,
}

#[worker]
async fn that_takes_a_plain_type(_tx: &mut Tx, _it: Plain) {}

#[worker]
async fn that_gives_a_plain_type(_cx: &TaskCx) -> Plain {
    Plain
}

#[worker]
async fn whose_value_nobody_keeps(_cx: &TaskCx) -> Result<u32> {
    Ok(1)
}

#[worker(keep = "1h")]
async fn that_keeps_a_plain_type(_cx: &TaskCx) -> Result<Plain> {
    Ok(Plain)
}

#[worker]
async fn that_fails_with_no_error(_cx: &TaskCx) -> Result<(), Undeclared> {
    Err(Undeclared::Taken)
}

#[query(path = "plain.$plain")]
async fn with_a_plain_parameter(_reader: &Reader, _plain: Plain) -> Result<u8> {
    Ok(1)
}

#[query(path = "bare")]
async fn that_answers_without_a_result(_reader: &Reader) -> u8 {
    1
}

#[mutation(path = "failed")]
async fn that_fails_undeclared(_tx: &mut Tx) -> Result<u8, Undeclared> {
    Err(Undeclared::Taken)
}

#[middleware]
async fn of_routes(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    Ok(next.run(cx).await)
}

#[mutation(path = "routed", middleware = [of_routes])]
async fn within_middleware_of_routes(_tx: &mut Tx) -> Result<()> {
    Ok(())
}

#[query(path = "mine", cache = "10s")]
async fn that_depends_on_a_plain_type(_reader: &Reader, _it: Extension<Plain>) -> Result<()> {
    Ok(())
}

async fn plain(_tx: &mut Tx) {}

async fn that_names_plain_functions(tx: &mut Tx) -> Result<()> {
    let _ = App::new("a").worker(plain).cron(plain).operation(plain);
    tx.enqueue(plain, ()).await.map(drop)
}

fn main() {}
