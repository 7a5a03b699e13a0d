//! Mistakes that take more than a variable: what is done, and what is said of it.

use std::net::TcpListener;

use mainstay::Running;
use mainstay::model::Model as _;
use mainstay::model::migration::{Embedded, LedgerName, Migration, Migrations, Migrator, Order};
use mainstay::prelude::*;

use super::parts::{self, Item};
use super::place::Place;

/// Secrets that production is content with.
const SECRETS: [&str; 3] = [
    "MAINSTAY_ENV=production",
    "AUTH_JWT_SECRET=0123456789abcdef0123456789abcdef",
    "AUTH_SECRET=0123456789abcdef0123456789abcdef",
];

fn production(place: &Place) -> mainstay::config::Sources {
    let [one, two, three] = SECRETS;
    place.with(&["PORT=0", "HOST=127.0.0.1", one, two, three])
}

async fn started(place: &Place, app: App) -> Running {
    app.start_with(place.sources()).await.expect("it starts")
}

/// Lets the application make its tables, and applies these migrations.
async fn applied(place: &Place, migrations: Option<Embedded>) {
    let running = started(place, parts::shop()).await;
    if let Some(embedded) = migrations {
        let db = running.db().clone();
        let all = Migrations::new(db.dialect(), &embedded.folders(), &[]).expect("migrations");
        let migrator = Migrator::new(db, vec![Item::SCHEMA], all, LedgerName::default()).expect("a migrator");
        migrator.up(Order::ByName, &|_| ()).await.expect("it is applied");
    }
    assert!(running.stop().await);
}

pub(super) async fn port_in_use(place: &Place) -> String {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let said = place.refused_with(&[&format!("PORT={port}")]).await;
    said.replace(&port.to_string(), "[port]")
}

pub(super) async fn second_server(place: &Place) -> String {
    let first = started(place, parts::shop()).await;
    let said = place.refused(parts::shop()).await;
    assert!(first.stop().await);
    said
}

pub(super) async fn folder_is_a_file(place: &Place) -> String {
    place.write("data", "in the way");
    place.refused_with(&["DATABASE_URL=sqlite://data/shop.db", "PORT=0"]).await
}

pub(super) async fn no_database(place: &Place) -> String {
    place.write(
        "shop.db",
        "a text that is longer than a page's head, and no database at all; ".repeat(9).as_str(),
    );
    place.refused_with(&["DATABASE_URL=sqlite://shop.db", "PORT=0"]).await
}

pub(super) async fn nobody_answers(place: &Place) -> String {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let said =
        place.refused_with(&[&format!("DATABASE_URL=postgres://ann:hunter2@{nobody}/shop"), "PORT=0"]).await;
    said.replace(&nobody.port().to_string(), "[port]")
}

pub(super) async fn stale_tables(place: &Place) -> String {
    place.refused_from(parts::shop(), production(place)).await
}

pub(super) async fn pending_migration(place: &Place) -> String {
    applied(place, None).await;
    place.refused_from(parts::shop().migrations(parts::MIGRATIONS), production(place)).await
}

pub(super) async fn edited_migration(place: &Place) -> String {
    applied(place, Some(parts::MIGRATIONS)).await;
    place.refused_from(parts::shop().migrations(parts::EDITED), production(place)).await
}

pub(super) async fn migrations_left_out(place: &Place) -> String {
    place.write("migrations/20260101000000_fill_titles/up.sql", "update items set title = 'none';");
    place.refused(parts::shop()).await
}

pub(super) async fn loose_migration(place: &Place) -> String {
    place.write("migrations/20260101000000_fill_titles.sql", "update items set title = 'none';");
    place.refused(parts::shop().migrations(parts::MIGRATIONS)).await
}

pub(super) async fn unnumbered_migration(place: &Place) -> String {
    place.write("migrations/fill_titles/up.sql", "update items set title = 'none';");
    place.refused(parts::shop().migrations(parts::MIGRATIONS)).await
}

pub(super) async fn misspelt_file(place: &Place) -> String {
    place.write("migrations/20260101000000_fill_titles/upp.sql", "update items set title = 'none';");
    place.refused(parts::shop().migrations(parts::MIGRATIONS)).await
}

async fn nothing(tx: &mut Tx) -> mainstay::Result<()> {
    let _ = tx;
    Ok(())
}

pub(super) async fn migration_twice(place: &Place) -> String {
    let in_rust = Migration::new("20260101000000_fill_titles", nothing);
    let app = parts::shop().migrations(parts::MIGRATIONS).migration(in_rust);
    place.refused_from(app, production(place)).await
}
