//! Which index a list takes where the database has no statistics.

use mainstay::kernel::Dialect;
use mainstay::model::Sort;
use mainstay::prelude::*;
use mainstay_test::{Db, TestApp};

/// Indexed in ways that tempt.
#[derive(Model, Clone, Debug)]
#[model(index(published, views))]
#[model(index(published, owner))]
#[expect(clippy::duplicated_attributes, reason = "two indexes begin alike")]
struct Bulletin {
    id: Id<Bulletin>,
    published: bool,
    #[model(index)]
    pinned: bool,
    views: i64,
    owner: i64,
    title: String,
    body: String,
}

#[scope]
impl Scope for Bulletin {}

fn app() -> App {
    App::new("bulletins").model::<Bulletin>()
}

async fn plan(db: &Db, filter: Filter<Bulletin>, sort: Sort) -> String {
    Bulletin::filter(filter).order(sort).limit(26).plan(&db.reader()).await.expect("a plan").join("; ")
}

fn published() -> Filter<Bulletin> {
    Bulletin::PUBLISHED.eq(true)
}

#[mainstay::test(app = app)]
async fn a_list_under_a_truth_value_walks_its_order_and_sorts_nothing(app: TestApp) {
    let lists = [
        (published(), Bulletin::ID.asc()),
        (published(), Bulletin::ID.desc()),
        (published().and(published()), Bulletin::ID.asc()),
        (Bulletin::PINNED.eq(true), Bulletin::ID.asc()),
        (published().and(Bulletin::PINNED.eq(false)), Bulletin::ID.asc()),
        (published().or(Bulletin::OWNER.eq(7)), Bulletin::ID.asc()),
    ];
    for (filter, sort) in lists {
        let plan = plan(app.db(), filter, sort).await;
        if app.db().dialect() == Dialect::Sqlite {
            assert!(plan.contains("sqlite_autoindex_bulletins_1"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
        assert!(!plan.is_empty());
    }
}

#[mainstay::test(app = app)]
async fn an_index_that_also_narrows_or_orders_is_taken(app: TestApp) {
    let narrowed = plan(app.db(), published().and(Bulletin::OWNER.eq(7)), Bulletin::ID.asc()).await;
    let ordered = plan(app.db(), published(), Bulletin::VIEWS.desc()).await;
    if app.db().dialect() == Dialect::Sqlite {
        assert!(narrowed.contains("published=? AND owner=?"), "{narrowed}");
        assert!(ordered.contains("published=?") && !ordered.contains("TEMP B-TREE"), "{ordered}");
    }
    assert!(!narrowed.is_empty() && !ordered.is_empty());
}
