//! Scopes and references that rest on rows of other models.

use mainstay::kernel::{Answer, ErrorKind};
use mainstay::model::ModelEntry;
use mainstay::model::create::create;
use mainstay::model::door::{Door, Written};
use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

use crate::models::{Post, User};

/// Read, written and deleted where its post may be read.
#[derive(Model, Clone, Debug)]
struct Comment {
    id: Id<Comment>,
    #[model(write, on_delete = cascade)]
    post: Ref<Post>,
    #[model(write)]
    text: String,
}

#[scope]
impl Scope for Comment {
    fn can_read(who: &Caller) -> Access<Comment> {
        rows(Comment::POST.readable_by(who))
    }
    fn can_create(who: &Caller) -> Access<Comment> {
        Self::can_read(who)
    }
    fn can_update(who: &Caller) -> Access<Comment> {
        Self::can_read(who)
    }
    fn can_delete(who: &Caller) -> Access<Comment> {
        Self::can_read(who)
    }
}

/// Read by those whom its post does not belong to.
#[derive(Model, Clone, Debug)]
struct Gossip {
    id: Id<Gossip>,
    post: Option<Ref<Post>>,
    text: String,
}

#[scope]
impl Scope for Gossip {
    fn can_read(who: &Caller) -> Access<Gossip> {
        rows(!Gossip::POST.within(Post::USER.eq(who.user_id())))
    }
}

/// Read by its members.
#[derive(Model, Clone, Debug)]
struct Org {
    id: Id<Org>,
    name: String,
}

#[scope]
impl Scope for Org {
    fn can_read(who: &Caller) -> Access<Org> {
        rows(Org::ID.among(Member::ORG, Member::USER.eq(who.user_id())))
    }
}

/// Changed by the administrators of its org, who are members too.
#[derive(Model, Clone, Debug)]
struct Member {
    id: Id<Member>,
    #[model(write)]
    org: Ref<Org>,
    #[model(write)]
    user: Ref<User>,
    #[model(write)]
    admin: bool,
}

fn administrates(who: &Caller) -> Access<Member> {
    rows(Member::ORG.among(Member::ORG, Member::USER.eq(who.user_id()).and(Member::ADMIN.eq(true))))
}

#[scope]
impl Scope for Member {
    fn can_read(who: &Caller) -> Access<Member> {
        rows(Member::ORG.readable_by(who))
    }
    fn can_create(who: &Caller) -> Access<Member> {
        administrates(who)
    }
    fn can_update(who: &Caller) -> Access<Member> {
        administrates(who)
    }
    fn can_delete(who: &Caller) -> Access<Member> {
        administrates(who)
    }
}

/// Read by its owner and by who may read the folder that it is in.
#[derive(Model, Clone, Debug)]
struct Folder {
    id: Id<Folder>,
    owner: Option<Ref<User>>,
    #[model(write)]
    parent: Option<Ref<Folder>>,
}

#[scope]
impl Scope for Folder {
    fn can_read(who: &Caller) -> Access<Folder> {
        rows(Folder::OWNER.eq(who.user_id()).or(Folder::PARENT.readable_by(who)))
    }
}

fn app() -> App {
    App::new("elsewhere")
        .users::<User>()
        .model::<Post>()
        .model::<Comment>()
        .model::<Gossip>()
        .model::<Org>()
        .model::<Member>()
        .model::<Folder>()
}

async fn post(actor: &Actor, published: bool) -> String {
    let made = actor.post("/v1/posts", json!({ "title": "t", "published": published })).await;
    made.expect_status(201).id().to_owned()
}

async fn id_of(actor: &Actor) -> Id<User> {
    let users = actor.get("/v1/users").await.expect_status(200);
    serde_json::from_value(users.rows()[0]["id"].clone()).expect("an id")
}

fn id<M>(text: &str) -> Id<M> {
    serde_json::from_value(json!(text)).expect("an id")
}

#[mainstay::test(app = app)]
async fn a_row_is_within_reach_while_the_row_it_refers_to_is(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let post = post(&ann, true).await;
    let comment = bob.post("/v1/comments", json!({ "post": post, "text": "c" })).await.expect_status(201);
    let path = format!("/v1/comments/{}", comment.id());
    assert_eq!(bob.get("/v1/comments").await.result()["total"], 1);

    let hidden = ann.put(&format!("/v1/posts/{post}"), json!({ "published": false })).await;
    let _ = hidden.expect_status(200);
    for stranger in [bob.clone(), app.anonymous(), bob.key("k")] {
        assert_eq!(stranger.get("/v1/comments").await.result()["total"], 0);
        assert_eq!(stranger.get("/v1/comments?where[text]=c&count=exact").await.result()["total"], 0);
        let _ = stranger.get(&path).await.expect_error(404, "comment_not_found");
        let _ = stranger.put(&path, json!({ "text": "d" })).await.expect_error(404, "comment_not_found");
        let _ = stranger.delete(&path).await.expect_error(404, "comment_not_found");
    }
    assert_eq!(ann.get("/v1/comments").await.rows(), [comment.result().clone()]);
    for author in [ann.clone(), ann.clone().key("k")] {
        let _ = author.put(&path, json!({ "text": "e" })).await.expect_status(200);
    }
    let _ = ann.header("if-match", "\"1\"").delete(&path).await.expect_error(412, "stale_version");
    let ann = app.user("ann").await;
    let _ = ann.clone().key("k2").delete(&path).await.expect_status(200);
    let again = ann.clone().key("k2").delete(&path).await.expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let _ = ann.delete(&path).await.expect_error(404, "comment_not_found");
}

#[mainstay::test(app = app)]
async fn a_row_is_neither_made_in_nor_moved_into_what_is_out_of_reach(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (shown, hidden) = (post(&ann, true).await, post(&ann, false).await);
    let nobody = "0190b6a0-0000-7000-8000-000000000000";
    let mut told = Vec::new();
    for post in [hidden.as_str(), nobody] {
        for actor in [bob.clone(), app.anonymous(), bob.clone().key(&format!("to {post}"))] {
            let refused = actor.post("/v1/comments", json!({ "post": post, "text": "c" })).await;
            let refused = refused.expect_error(409, "foreign_key_violation");
            assert_eq!(refused.faults(), ["post: foreign_key_violation"]);
            told.push(refused.description().to_owned());
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "existence is not revealed");

    let comment = bob.post("/v1/comments", json!({ "post": shown, "text": "c" })).await.expect_status(201);
    let path = format!("/v1/comments/{}", comment.id());
    for actor in [bob.clone(), bob.clone().key("m")] {
        let moved = actor.put(&path, json!({ "post": hidden, "text": "d" })).await;
        let _ = moved.expect_error(409, "foreign_key_violation");
        let patched =
            actor.patch(&path, json!([{ "op": "replace", "path": "/post", "value": hidden }])).await;
        let refused = patched.expect_error(409, "foreign_key_violation");
        assert_eq!(refused.faults(), ["post: foreign_key_violation"]);
    }
    assert_eq!(bob.get(&path).await.body, comment.body, "nothing of a refused update is kept");
    let moved = ann.put(&path, json!({ "post": hidden })).await.expect_status(200);
    assert_eq!(moved.result()["post"], hidden);
    assert_eq!(bob.get("/v1/comments").await.result()["total"], 0);
}

/// Between the look at a reference and the write nothing fits: they are one statement.
#[mainstay::test(app = app)]
async fn a_reference_is_judged_in_the_instant_of_the_write(app: TestApp) {
    let ann = app.user("ann").await;
    let post = post(&ann, true).await;
    let entry = |entry: ModelEntry| -> &'static ModelEntry { Box::leak(Box::new(entry)) };
    let models = [entry(ModelEntry::of::<Post>()), entry(ModelEntry::of::<Comment>())];
    let db = app.db();
    // Called when everything has been looked at and nothing been written.
    let render = |row: Written| {
        let id = id::<Post>(&post);
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let hide = "update posts set published = ? where id = ?";
                db.write(async move |tx| tx.sql(hide).bind(false).bind(id).execute().await.map(drop)).await
            })
        })
        .expect("the post is hidden meanwhile");
        Answer { status: 201, head: Vec::new(), body: row.body }
    };
    let door = Door {
        db,
        model: models[1],
        models: &models,
        who: &Caller::Anonymous,
        request: None,
        sent: b"",
        render: &render,
        keep: &|_| None,
    };
    let Value::Object(input) = json!({ "post": post, "text": "late" }) else { unreachable!() };
    let refused = create(&door, input).await.expect_err("its post was hidden before it was written");
    assert!(matches!(refused.kind(), ErrorKind::ForeignKeyViolation { .. }), "{refused:?}");
    let count = Comment::filter(Filter::always()).count(&db.reader()).await.expect("a count");
    assert_eq!(count, 0);
}

#[mainstay::test(app = app)]
async fn nobody_makes_himself_an_administrator(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (ann_id, bob_id) = (id_of(&ann).await, id_of(&bob).await);
    let org = app
        .db()
        .write(async move |tx| {
            let org = NewOrg { name: "o".to_owned() }.insert(tx).await?;
            NewMember { org: org.id.into(), user: ann_id.into(), admin: true }.insert(tx).await?;
            NewMember { org: org.id.into(), user: bob_id.into(), admin: false }.insert(tx).await?;
            Ok(org.id)
        })
        .await
        .expect("an org");
    assert_eq!(ann.get("/v1/orgs").await.result()["total"], 1);
    assert_eq!(app.user("eve").await.get("/v1/orgs").await.result()["total"], 0);
    assert_eq!(app.anonymous().get("/v1/orgs").await.result()["total"], 0);

    let admin = json!({ "org": org, "user": bob_id, "admin": true });
    let _ = bob.post("/v1/members", admin.clone()).await.expect_error(403, "forbidden");
    let _ = bob.clone().key("b").post("/v1/members", admin).await.expect_error(403, "forbidden");
    let members = bob.get("/v1/members?sort=-admin").await.expect_status(200);
    assert_eq!(members.column("admin"), [true, false]);
    for member in members.rows() {
        let path = format!("/v1/members/{}", member["id"].as_str().expect("an id"));
        for actor in [bob.clone(), bob.clone().key(&path)] {
            let _ = actor.put(&path, json!({ "admin": true })).await.expect_error(404, "member_not_found");
        }
        let _ = bob.delete(&path).await.expect_error(404, "member_not_found");
    }
    let (own, others) = (&members.rows()[0]["id"], &members.rows()[1]["id"]);
    let path = |id: &Value| format!("/v1/members/{}", id.as_str().expect("an id"));
    let _ = ann.put(&path(own), json!({ "admin": false })).await.expect_error(403, "forbidden");
    let _ = ann.put(&path(own), json!({ "org": org })).await.expect_status(200);
    let _ = ann.put(&path(others), json!({ "admin": true })).await.expect_status(200);
    let _ = bob.put(&path(own), json!({ "admin": false })).await.expect_status(200);
    let _ = ann.put(&path(own), json!({ "admin": true })).await.expect_error(404, "member_not_found");
}

#[mainstay::test(app = app)]
async fn a_look_elsewhere_knows_true_false_and_unknown(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (anns, bobs) = (post(&ann, true).await, post(&bob, true).await);
    let posts = [None, Some(id::<Post>(&anns)), Some(id::<Post>(&bobs))];
    app.db()
        .write(async move |tx| {
            for (at, post) in posts.into_iter().enumerate() {
                let text = ["none", "ann", "bob"][at].to_owned();
                NewGossip { post: post.map(Ref::from), text }.insert(tx).await?;
            }
            Ok(())
        })
        .await
        .expect("gossip");
    assert_eq!(ann.get("/v1/gossips").await.column("text"), ["bob"]);
    assert_eq!(app.user("eve").await.get("/v1/gossips?sort=text").await.column("text"), ["ann", "bob"]);
    assert_eq!(app.anonymous().get("/v1/gossips").await.result()["total"], 0, "unknown is not true");

    let reader = app.db().reader();
    let ann_id = id_of(&ann).await;
    let texts = async |filter: Filter<Gossip>| {
        let found = Gossip::filter(filter).order(Gossip::TEXT.asc()).all(&reader).await.expect("gossip");
        found.into_iter().map(|it| it.text).collect::<Vec<_>>().join(" ")
    };
    let of_ann = || Gossip::POST.within(Post::USER.eq(ann_id));
    let noted = || Gossip::POST.within(Post::NOTES.eq("x"));
    let sharing = || Gossip::POST.among(Gossip::POST, Gossip::TEXT.eq("ann"));
    assert_eq!(texts(of_ann()).await, "ann");
    assert_eq!(texts(!of_ann()).await, "bob", "a missing reference is neither");
    assert_eq!(texts(!!of_ann()).await, "ann");
    assert_eq!(texts(noted()).await, "");
    assert_eq!(texts(!noted()).await, "", "a missing note is neither");
    assert_eq!(texts(sharing()).await, "ann");
    assert_eq!(texts(!sharing()).await, "bob");
    assert_eq!(texts(!(of_ann().or(Gossip::TEXT.eq("none")))).await, "bob");
    assert_eq!(texts(!(of_ann().and(Gossip::TEXT.eq("ann")))).await, "bob none");
    let nested = Gossip::POST.among(Gossip::POST, Gossip::POST.within(Post::USER.eq(ann_id)));
    assert_eq!(texts(nested.clone()).await, "ann");
    assert_eq!(texts(!nested).await, "bob");
}

#[mainstay::test(app = app)]
async fn a_scope_that_asks_itself_is_followed_four_deep(app: TestApp) {
    let ann = app.user("ann").await;
    let owner = id_of(&ann).await;
    app.db()
        .write(async move |tx| {
            let top = NewFolder { owner: Some(owner.into()), parent: None }.insert(tx).await?;
            let mut parent = top.id;
            for _ in 0..6 {
                parent = NewFolder { owner: None, parent: Some(parent.into()) }.insert(tx).await?.id;
            }
            Ok(())
        })
        .await
        .expect("folders");
    assert_eq!(ann.get("/v1/folders").await.result()["total"], 5, "the top and four below");
    assert_eq!(app.anonymous().get("/v1/folders").await.result()["total"], 0);
}
