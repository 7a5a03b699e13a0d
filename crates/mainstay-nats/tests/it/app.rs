use std::sync::atomic::{AtomicUsize, Ordering};

use mainstay::kernel::Principal;
use mainstay::prelude::*;

/// Somebody.
#[derive(Model, Clone, Debug)]
pub(super) struct Person {
    pub(super) id: Id<Person>,
    #[model(unique)]
    pub(super) email: String,
}

#[scope]
impl Scope for Person {}

/// Who is to be known.
#[data]
pub(super) struct Known {
    #[garde(email)]
    email: String,
}

#[derive(ErrorSet, Debug)]
pub(super) enum KnowError {
    /// Somebody has it.
    #[error(status = 423, code = "email_taken", "this e-mail is taken")]
    Taken,
    /// The framework's.
    #[error(other)]
    Other(Error),
}

#[mutation(queue = "people", path = "people.know")]
async fn know(tx: &mut Tx, input: Known) -> Result<Id<Person>, KnowError> {
    tx.enqueue(greet, input.email.clone()).await?;
    let known = NewPerson { email: input.email }.insert(tx).await;
    known
        .map(|it| it.id)
        .map_err(|error| if error.is_unique_violation() { KnowError::Taken } else { error.into() })
}

#[query(queue = "people", path = "people.named.$name")]
async fn named(_: &Reader, name: String) -> Result<String> {
    Ok(name)
}

/// More than a message holds.
#[query(queue = "people", path = "people.long")]
async fn long(_: &Reader) -> Result<String> {
    Ok("x".repeat(8 << 20))
}

#[query(queue = "people", path = "people.count")]
async fn count(reader: &Reader) -> Result<i64> {
    Person::filter(Person::EMAIL.ne("")).count(reader).await
}

#[query(queue = "people", path = "people.who")]
async fn who(_: &Reader, caller: Caller) -> Result<String> {
    Ok(caller.label())
}

#[query(queue = "people", path = "people.signed")]
async fn signed(_: &Reader, user: Principal) -> Result<String> {
    Ok(user.subject)
}

#[mutation(queue = "people", path = "people.twice")]
async fn twice(tx: &mut Tx) -> Result<()> {
    NewPerson { email: "same@example.org".to_owned() }.insert(tx).await.map(drop)
}

/// How often a call that fails once was made: each test is a process.
static TRIES: AtomicUsize = AtomicUsize::new(0);

#[mutation(queue = "people", path = "people.fail.$how")]
async fn fail(_: &mut Tx, how: String) -> Result<()> {
    match how.as_str() {
        "panic" => panic!("as told"),
        "forbid" => Err(Error::new(mainstay::ErrorKind::Forbidden("not you".to_owned()))),
        "miss" => Err(Error::new(mainstay::ErrorKind::NotFound("person".to_owned(), "nobody".to_owned()))),
        "once" => match TRIES.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::new(mainstay::ErrorKind::Unavailable)),
            _ => Ok(()),
        },
        "away" => Err(Error::new(mainstay::ErrorKind::Unavailable)),
        _ => Err(Error::internal("a secret")),
    }
}

#[mutation(queue = "letters", path = "letters.send")]
async fn send(_: &mut Tx) -> Result<String> {
    Ok("sent".to_owned())
}

/// Keeps whom it greeted.
#[worker(queue = "greetings")]
pub(super) async fn greet(tx: &mut Tx, input: String) -> Result<(), WorkError> {
    NewGreeting { of: input }.insert(tx).await?;
    Ok(())
}

/// Keeps what it hears.
#[worker(queue = "ears", subscribe = "news.>")]
pub(super) async fn hear(cx: &TaskCx, input: String) -> Result<(), WorkError> {
    let heard = format!("{} {input}", cx.subject().unwrap_or_default());
    write_tx!(cx.db(), |tx| { NewGreeting { of: heard.clone() }.insert(tx).await.map(drop) }).await?;
    Ok(())
}

#[cron("* * * * *")]
pub(super) async fn tick(_: &TaskCx) -> Result<()> {
    Ok(())
}

/// Who was greeted.
#[derive(Model, Clone, Debug)]
pub(super) struct Greeting {
    pub(super) id: Id<Greeting>,
    pub(super) of: String,
}

#[scope]
impl Scope for Greeting {}

pub(super) fn app() -> App {
    App::new("people")
        .model::<Person>()
        .model::<Greeting>()
        .operation(know)
        .operation(named)
        .operation(long)
        .operation(count)
        .operation(who)
        .operation(signed)
        .operation(twice)
        .operation(fail)
        .operation(send)
        .worker(greet)
        .worker(hear)
}
