#[path = "stub/mainstay.rs"]
mod mainstay;

#[mainstay::main(flavor = "current_thread")]
fn start(argument: u8) -> mainstay::Result<()> {
    Ok(())
}

#[mainstay::test(apps = crate::app)]
async fn a_fact() {}

#[mainstay::test]
fn another_fact(app: App, db: Db) {}

fn main() {}
