//! A start that cannot succeed ends at once, and says why and what to do.

use std::fs;
use std::net::TcpListener;

use crate::on_both_stores;
use crate::place::{Kept, Place, on};
use crate::server::Launch;

on_both_stores! { in_production_missing_tables_are_named_and_not_made }

/// The words that a refusal must hold.
fn assert_says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
}

fn in_production_missing_tables_are_named_and_not_made(place: &Place) {
    let production = || Launch::at(place).with("MAINSTAY_ENV", "production").with("HOST", "127.0.0.1");
    for _ in 0..2 {
        assert_says(&production().refused(), &["lacks", "users", "run `blog migrate`"]);
    }
    let migrated = production().words(&["migrate"]).finish();
    assert!(migrated.code == Some(0) && migrated.said.contains("posts"), "{}", migrated.said);
    let blog = production().start();
    let closed = blog.anybody().get("/readyz").expect(200).json();
    assert!(closed.get("manifest").is_none(), "production shows no manifest: {closed}");
    blog.stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    on(Kept::Sqlite, |place| {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port().to_string();
        assert_says(&Launch::at(place).with("PORT", &port).refused(), &[&port, "in use", "another port"]);
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    on(Kept::Sqlite, |place| {
        fs::write(place.root().join("file"), "in the way").expect("a file");
        let said = Launch::at(place).with("DATABASE_URL", "sqlite://file/blog.db").refused();
        assert_says(&said, &["cannot open the database", "file/blog.db"]);
        let said = Launch::at(place).with("DATABASE_URL", "sqlite://.").refused();
        assert_says(&said, &["cannot open the database"]);
        let said = Launch::at(place).with("DATABASE_URL", "sqlite://file").refused();
        assert_says(&said, &["cannot open the database", "not a database"]);
        assert_eq!(fs::read(place.root().join("file")).expect("it is there"), b"in the way");
    });
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    on(Kept::Sqlite, |place| {
        let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let said =
            Launch::at(place).with("DATABASE_URL", format!("postgres://ann:hunter2@{nobody}/blog")).refused();
        assert_says(&said, &["cannot be reached", &nobody.to_string(), "DATABASE_URL"]);
        assert!(!said.contains("hunter2"), "{said}");
        let said = Launch::at(place).with("DATABASE_URL", "mysql://ann:hunter2@localhost/blog").refused();
        assert_says(&said, &["DATABASE_URL", "postgres://", "sqlite://"]);
        assert!(!said.contains("hunter2"), "{said}");
    });
}

#[test]
fn production_needs_secrets_that_are_long_enough() {
    on(Kept::Sqlite, |place| {
        let production = || Launch::at(place).with("MAINSTAY_ENV", "production");
        let said = production().with("AUTH_JWT_SECRET", "hunter2").refused();
        assert_says(&said, &["AUTH_JWT_SECRET", "at least 32 bytes", "openssl rand"]);
        assert!(!said.contains("hunter2"), "{said}");
        let said = production().without("AUTH_JWT_SECRET").without("AUTH_SECRET").refused();
        assert_says(&said, &["AUTH_JWT_SECRET", "AUTH_SECRET", "2 faults", "not set"]);
    });
}

#[test]
fn a_process_that_is_not_to_serve_does_not() {
    on(Kept::Sqlite, |place| {
        for value in ["false", "FALSE", "0", "no", "off"] {
            let said = Launch::at(place).with("SERVER", value).refused();
            assert!(said.contains("SERVER"), "{value}: {said}");
        }
        assert_says(&Launch::at(place).with("SERVER", "maybe").refused(), &["SERVER", "`maybe`", "expected"]);
        assert_says(&Launch::at(place).with("ROLES", "worker").refused(), &["ROLES", "web"]);
    });
}

#[test]
fn every_fault_of_a_configuration_is_told_at_once() {
    on(Kept::Sqlite, |place| {
        let launch = Launch::at(place).with("PORT", "99999").with("REQUEST_BODY_MAX_BYTES", "many");
        let said = launch.with("TRUSTED_ORIGINS", "example.org/path").with("AUTH_SECRET", "short").refused();
        assert_says(
            &said,
            &["4 faults", "PORT", "`99999`", "REQUEST_BODY_MAX_BYTES", "TRUSTED_ORIGINS", "AUTH_SECRET"],
        );
    });
}
