//! Articles whose titles tell their hooks what to do, and the trail that hooks leave.

use std::sync::{Mutex, PoisonError};

use mainstay::kernel::{Error, ErrorKind};
use mainstay::model::Action;
use mainstay::prelude::*;

use crate::models::User;

#[derive(Model, Clone, Debug)]
#[model(live)]
pub(super) struct Article {
    pub(super) id: Id<Article>,
    #[model(references)]
    pub(super) owner: Ref<User>,
    #[garde(length(min = 1, max = 40))]
    #[model(write)]
    pub(super) title: String,
    #[model(write)]
    pub(super) body: Option<String>,
    #[model(unique)]
    pub(super) slug: Option<String>,
    pub(super) saves: i64,
    #[model(version)]
    pub(super) version: i64,
}

#[scope]
impl Scope for Article {
    fn can_read(_: &Caller) -> Access<Article> {
        all()
    }
    fn can_create(who: &Caller) -> Access<Article> {
        who.user().map(|user| set(Article::OWNER, user.id).and(rows(Article::OWNER.eq(user.id)))).or_deny()
    }
    fn can_update(who: &Caller) -> Access<Article> {
        who.user().map(|user| rows(Article::OWNER.eq(user.id))).or_deny()
    }
    fn can_delete(who: &Caller) -> Access<Article> {
        Self::can_update(who)
    }
}

/// What a hook did.
#[derive(Model, Clone, Debug)]
pub(super) struct Trail {
    pub(super) id: Id<Trail>,
    #[model(unique)]
    pub(super) only: Option<String>,
    pub(super) what: String,
}

#[scope]
impl Scope for Trail {}

/// Every run of a hook, also of those that were undone.
static RUNS: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(super) fn runs(title: &str) -> usize {
    let runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    runs.iter().filter(|it| *it == title).count()
}

fn run(title: &str) -> usize {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner).push(title.to_owned());
    runs(title)
}

async fn leave(cx: &mut HookCx<'_, Article>, name: &str) -> Result<()> {
    let what = format!("{name} ({:?}, {:?}) {}", cx.event(), cx.action(), cx.model().title);
    NewTrail { only: None, what }.insert(cx).await.map(drop)
}

#[hook(before, save, priority = 10)]
async fn slugify(cx: &mut HookCx<'_, Article>) -> Result<()> {
    if cx.changed(Article::TITLE) {
        let slug = cx.model().title.to_lowercase().replace(' ', "-");
        cx.set(Article::SLUG, slug)?;
    }
    let saves = cx.before().map_or(0, |it| it.saves);
    cx.set(Article::SAVES, saves + 1)
}

#[hook(before, save)]
pub(super) async fn obey(cx: &mut HookCx<'_, Article>) -> Result<()> {
    let title = cx.model().title.clone();
    let nth = run(&title);
    match title.as_str() {
        "Refused" => return Err(Error::http(423, "article_locked", "it is locked")),
        "Conflicting" if nth == 1 => return Err(Error::new(ErrorKind::Conflict)),
        "Far too long" => cx.set(Article::TITLE, "x".repeat(41))?,
        "Shortened" => cx.set(Article::TITLE, "Short".to_owned())?,
        "Given away" => {
            let someone = User::filter(User::SUBJECT.eq("bob")).first(cx).await?.map(|it| it.id);
            cx.set(Article::OWNER, someone.map(Ref::from))?;
        }
        "Said" => {
            let incoming = cx.incoming().map_or(json!("code"), |it| it);
            let changed: Vec<_> = cx.changes().collect();
            let what = json!([incoming, cx.caller().label().split(':').next(), changed]).to_string();
            NewTrail { only: None, what }.insert(cx).await?;
        }
        _ => {}
    }
    Ok(())
}

#[hook(after, create)]
async fn after_create(cx: &mut HookCx<'_, Article>) -> Result<()> {
    leave(cx, "create").await?;
    let (owner, body) = (cx.model().owner, None);
    match cx.model().title.as_str() {
        title if title.starts_with("Endless") => {
            let again = NewArticle { owner, title: format!("{title}!"), body, slug: None, saves: 0 };
            again.insert(cx).await.map(drop)
        }
        "Taken elsewhere" => {
            for _ in 0..2 {
                let only = Some("one".to_owned());
                NewTrail { only, what: "twice".to_owned() }.insert(cx).await?;
            }
            Ok(())
        }
        "Touched" | "Refreshed" => {
            let article = cx.model().clone();
            article.update(cx, |it| it.body = Some("touched".to_owned())).await?;
            if cx.model().title == "Refreshed" {
                cx.refresh().await?;
                assert_eq!(cx.model().body.as_deref(), Some("touched"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[hook(after, update)]
async fn after_update(cx: &mut HookCx<'_, Article>) -> Result<()> {
    leave(cx, "update").await
}

#[hook(after, patch, priority = 90)]
async fn after_patch(cx: &mut HookCx<'_, Article>) -> Result<()> {
    leave(cx, "patch").await
}

#[hook(after, save, priority = 200)]
async fn after_save(cx: &mut HookCx<'_, Article>) -> Result<()> {
    leave(cx, "save").await?;
    match cx.model().title.as_str() {
        "Late failure" => Err(Error::http(409, "too_late", "it is too late")),
        "Set too late" => cx.set(Article::SAVES, 7),
        _ => Ok(()),
    }
}

#[hook(before, remove)]
async fn before_remove(cx: &mut HookCx<'_, Article>) -> Result<()> {
    assert!(cx.before().is_some_and(|it| it.title == cx.model().title) && cx.action() == Action::Delete);
    match cx.model().title.as_str() {
        "Kept" => Err(Error::http(423, "article_locked", "it is kept")),
        _ => Ok(()),
    }
}

#[hook(after, remove)]
async fn after_remove(cx: &mut HookCx<'_, Article>) -> Result<()> {
    assert!(Article::find(cx, cx.model().id).await?.is_none());
    leave(cx, "remove").await
}

pub(super) fn app() -> App {
    App::new("hooked")
        .users::<User>()
        .model::<Article>()
        .model::<Trail>()
        .hook(after_save)
        .hook(after_update)
        .hook(after_patch)
        .hook(after_create)
        .hook(obey)
        .hook(slugify)
        .hook(before_remove)
        .hook(after_remove)
}
