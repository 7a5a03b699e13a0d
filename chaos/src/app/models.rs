use mainstay::prelude::*;

/// Money, which must neither come nor go.
#[derive(Model, Clone, Debug)]
pub(super) struct Account {
    /// Its key.
    pub(super) id: Id<Account>,
    /// What it is called.
    #[model(unique)]
    pub(super) name: String,
    /// What is in it.
    pub(super) balance: i64,
}

#[scope]
impl Scope for Account {}

/// A list to which operations append themselves.
#[derive(Model, Clone, Debug)]
pub(super) struct Journal {
    /// Its key.
    pub(super) id: Id<Journal>,
    /// What it is called.
    #[model(unique)]
    pub(super) name: String,
    /// The operations, in the order of their commits.
    pub(super) entries: Json<Vec<String>>,
}

#[scope]
impl Scope for Journal {}

/// The same list again, as the tasks that operations leave behind write it.
#[derive(Model, Clone, Debug)]
pub(super) struct Echo {
    /// Its key.
    pub(super) id: Id<Echo>,
    /// The journal's name.
    #[model(unique)]
    pub(super) name: String,
    /// The operations, in the order in which their tasks ran.
    pub(super) entries: Json<Vec<String>>,
}

#[scope]
impl Scope for Echo {}

/// Something that was done: a row for each time.
#[derive(Model, Clone, Debug)]
pub(super) struct Deed {
    /// Its key.
    pub(super) id: Id<Deed>,
    /// `done` by an operation itself, `note`, `ring` or `tick` by a task.
    pub(super) kind: String,
    /// The operation, empty for a cron.
    pub(super) op: String,
    /// The task.
    pub(super) task: Option<TaskId>,
}

#[scope]
impl Scope for Deed {}

/// A task that is due later and can be taken back.
#[derive(Model, Clone, Debug)]
pub(super) struct Reminder {
    /// Its key.
    pub(super) id: Id<Reminder>,
    /// The operation that set it.
    #[model(unique)]
    pub(super) op: String,
    /// The task.
    pub(super) task: TaskId,
}

#[scope]
impl Scope for Reminder {}

/// Says that an operation has run.
pub(super) async fn done(tx: &mut Tx, op: &str) -> Result<()> {
    deed(tx, "done", op, None).await
}

/// Says that something was done.
pub(super) async fn deed(tx: &mut Tx, kind: &str, op: &str, task: Option<TaskId>) -> Result<()> {
    NewDeed { kind: kind.to_owned(), op: op.to_owned(), task }.insert(tx).await.map(drop)
}
