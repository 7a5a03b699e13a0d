//! An attack on an application, generated from its models: two worlds that differ only in what is
//! hidden from a caller, and every request that might tell them apart.

mod dice;
mod request;
mod value;
mod world;

use mainstay::kernel::{Caller, Dialect, Principal};
use serde_json::json;

use crate::{Actor, TestApp};
use request::{Ask, Seen};
use world::{Pair, World};

/// Who attacks.
#[derive(Clone, Copy, Debug)]
pub enum Attacker {
    /// Somebody without a credential.
    Anonymous,
    /// A person with these roles.
    User(&'static [&'static str]),
    /// Another service.
    Service,
}

/// The name of the person who attacks.
const MALLORY: &str = "mallory";

/// Asks the application, on behalf of this caller, whatever its models' fields and parameters allow,
/// in two worlds that differ in what the scopes and the fields' rules hide from the caller: rows and
/// values. On PostgreSQL every fifth of these requests is sent. Each answer must be the same in both, byte by byte but for ids made on the way, and cost
/// as many statements; and what is hidden must still be as it was.
///
/// What cannot be kept from a caller is left out: that a unique value which it may write is taken by a
/// hidden row, and that a row which it may delete is referred to by one.
///
/// # Panics
/// When something hidden is told or changed, naming the request.
pub async fn attack(app: &TestApp, attacker: Attacker) {
    let models = app.models();
    let pair = Pair::generate(models, &attacker);
    pair.differs_in_what_is_hidden();
    let asks: Vec<Ask> = request::all(&pair).into_iter().step_by(every(app.db().dialect())).collect();
    let [one, other] =
        [run(app, &attacker, &pair.one, &asks).await, run(app, &attacker, &pair.other, &asks).await];
    assert_eq!(one.len(), other.len(), "one world was asked more than the other");
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other, "what is hidden from {attacker:?} shows");
    }
}

/// What a world answers.
async fn run(app: &TestApp, attacker: &Attacker, world: &World, asks: &[Ask]) -> Vec<Seen> {
    world.settle_in(app.db()).await;
    let hidden = world.hidden(app.db()).await;
    let actor = attacker.actor(app).await.header("x-request-id", "attack");
    // Whoever signs in first is made known; that is no answer.
    let _ = actor.get(&format!("/v1/{}", world.models[0].schema.plural)).await;
    let mut transcript = Vec::with_capacity(asks.len());
    for ask in asks {
        transcript.extend(ask.put_to(&actor, app.db()).await);
    }
    for (place, was) in hidden {
        match world.look(app.db(), &place).await {
            None if place.may_go() => {}
            is => assert_eq!(is, Some(was), "{attacker:?} changed {place}"),
        }
    }
    transcript
}

impl Attacker {
    /// As the application sees it.
    fn caller(self) -> Caller {
        match self {
            Self::Anonymous => Caller::Anonymous,
            Self::Service => Caller::Service("robot".to_owned()),
            Self::User(roles) => Caller::User(Box::new(Principal {
                id: world::CALLER,
                subject: MALLORY.to_owned(),
                roles: roles.iter().map(ToString::to_string).collect(),
                ..Principal::default()
            })),
        }
    }

    async fn actor(self, app: &TestApp) -> Actor {
        match self {
            Self::Anonymous => app.anonymous(),
            Self::Service => app.robot(),
            Self::User(roles) => app.user_with(MALLORY, json!({ "roles": roles })).await,
        }
    }
}

/// Which of the requests are sent: what judges them is one code for both stores, and a round trip takes a
/// multiple on PostgreSQL. Five has no part with how they repeat.
fn every(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 1,
        Dialect::Postgres => 5,
    }
}

/// On PostgreSQL a kept total holds until anybody in the cluster commits, so that how many statements
/// a list takes is not the test's alone to say.
fn counts_statements(dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => true,
        Dialect::Postgres => false,
    }
}
