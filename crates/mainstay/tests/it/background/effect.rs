//! What workers leave in the database.

use mainstay::prelude::*;

/// What a worker did.
#[derive(Model, Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) id: Id<Effect>,
    #[model(write)]
    pub(crate) text: String,
    #[model(write)]
    pub(crate) attempt: i64,
    #[model(write)]
    pub(crate) who: String,
}

#[scope]
impl Scope for Effect {
    fn can_read(_: &Caller) -> Access<Effect> {
        all()
    }
}

pub(crate) async fn effect(tx: &mut Tx, text: &str, attempt: u32) -> Result<()> {
    let who = tx.caller().label();
    NewEffect { text: text.to_owned(), attempt: attempt.into(), who }.insert(tx).await.map(drop)
}

/// What was done, in the order of it.
pub(crate) async fn effects(db: &Db) -> Vec<String> {
    let all = Effect::filter(Effect::ATTEMPT.gte(0)).order(Effect::ID.asc()).all(&db.reader()).await;
    all.expect("effects").into_iter().map(|it| it.text).collect()
}
