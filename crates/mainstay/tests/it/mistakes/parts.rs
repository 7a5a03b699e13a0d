//! What the applications of these lists are made of.

use mainstay::Declared;
use mainstay::model::migration::{Embedded, EmbeddedFolder};
use mainstay::prelude::*;

/// An application's own configuration.
#[derive(Config, Clone, Debug)]
#[config(prefix = "SHOP_")]
pub(crate) struct Settings {
    /// Who sells.
    #[config(default = "us")]
    #[expect(dead_code, reason = "only read from variables")]
    pub(crate) owner: String,
}

/// One of which nothing has a default.
#[derive(Config, Clone, Debug)]
#[config(prefix = "MAIL_")]
pub(crate) struct Mail {
    #[expect(dead_code, reason = "only read from variables")]
    pub(crate) server: String,
}

#[derive(Model, Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: Id<Item>,
    #[model(write)]
    pub(crate) title: String,
}

#[scope]
impl Scope for Item {
    fn can_read(_: &Caller) -> Access<Item> {
        all()
    }
}

/// Kept where items are.
#[derive(Model, Clone, Debug)]
#[model(table = "items")]
pub(crate) struct Thing {
    pub(crate) id: Id<Thing>,
}

#[scope]
impl Scope for Thing {}

/// With routes where items have theirs.
#[derive(Model, Clone, Debug)]
#[model(plural = "items", table = "old_items")]
pub(crate) struct OldItem {
    pub(crate) id: Id<OldItem>,
}

#[scope]
impl Scope for OldItem {
    fn can_read(_: &Caller) -> Access<OldItem> {
        all()
    }
}

#[derive(Model, Clone, Debug)]
pub(crate) struct Review {
    pub(crate) id: Id<Review>,
    #[model(references, on_delete = cascade)]
    pub(crate) item: Ref<Item>,
}

#[scope]
impl Scope for Review {}

#[derive(Model, Clone, Debug)]
#[model(identity)]
pub(crate) struct Member {
    pub(crate) id: Id<Member>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

#[scope]
impl Scope for Member {}

/// Whom nothing invites: no claim has it.
#[derive(Model, Clone, Debug)]
#[model(identity)]
pub(crate) struct Guest {
    pub(crate) id: Id<Guest>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) invited_by: Ref<Guest>,
}

#[scope]
impl Scope for Guest {}

/// People without what a credential says of them.
#[derive(Model, Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Id<Person>,
    pub(crate) name: Option<String>,
}

#[scope]
impl Scope for Person {}

#[hook(after, save)]
pub(crate) async fn told(cx: &mut HookCx<'_, Item>) -> mainstay::Result<()> {
    let _ = cx;
    Ok(())
}

/// A hook of the same name elsewhere.
pub(crate) mod elsewhere {
    use super::*;

    #[hook(before, save)]
    pub(crate) async fn told(cx: &mut HookCx<'_, Item>) -> mainstay::Result<()> {
        let _ = cx;
        Ok(())
    }
}

/// A hook that is nowhere mounted, as discovery notes it.
pub(crate) const FORGOTTEN: Declared =
    Declared { kind: "hook", name: "told", file: "services/audit.rs", line: 12 };

#[endpoint]
pub(crate) async fn somewhere() -> &'static str {
    "hello"
}

#[endpoint(get, "/sales", overrides)]
pub(crate) async fn sales() -> &'static str {
    "none"
}

/// Of which no application here has one.
#[derive(Clone)]
pub(crate) struct Mailer;

#[endpoint(post, "/mails")]
pub(crate) async fn send(State(_): State<Mailer>) {}

pub(crate) async fn hello() -> &'static str {
    "hello"
}

pub(crate) const MIGRATIONS: Embedded = Embedded {
    folder: "migrations",
    migrations: &[EmbeddedFolder {
        name: "20260101000000_fill_titles",
        files: &[("up.sql", "update items set title = 'none' where title = '';")],
    }],
};

pub(crate) const EDITED: Embedded = Embedded {
    folder: "migrations",
    migrations: &[EmbeddedFolder {
        name: "20260101000000_fill_titles",
        files: &[("up.sql", "update items set title = 'nothing' where title = '';")],
    }],
};

pub(crate) fn shop() -> App {
    App::new("shop").model::<Item>()
}

/// For whom something is.
#[derive(Clone, Debug)]
pub(crate) struct Org;

#[query(path = "orgs.mine")]
pub(crate) async fn mine(_reader: &Reader, Extension(Org): Extension<Org>) -> Result<()> {
    Ok(())
}
