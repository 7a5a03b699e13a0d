//! What the blog says of its API. `MAINSTAY_BLESS=1` writes `openapi.json` anew.

use std::fs;
use std::path::Path;

use crate::place::{Kept, on};
use crate::server::Launch;

#[test]
fn the_description_is_the_one_that_was_looked_at() {
    on(Kept::Sqlite, |place| {
        let told = Launch::at(place).words(&["openapi"]).printed();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        if std::env::var_os("MAINSTAY_BLESS").is_some() {
            return fs::write(&file, &told).expect("the file is written");
        }
        let kept = fs::read_to_string(&file).expect("openapi.json");
        for (number, (told, kept)) in told.lines().zip(kept.lines()).enumerate() {
            assert_eq!(told, kept, "line {} of openapi.json; MAINSTAY_BLESS=1 writes it anew", number + 1);
        }
        assert_eq!(told.lines().count(), kept.lines().count(), "lines of openapi.json");
    });
}

#[test]
fn it_needs_no_database_and_knows_its_mounts() {
    on(Kept::Sqlite, |place| {
        let nowhere = || Launch::at(place).with("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        assert!(nowhere().words(&["openapi"]).printed().contains("/v1/posts/{id}"));
        let told = nowhere().words(&["openapi", "--mount", "/admin"]).finish();
        assert!(told.code == Some(1) && told.said.contains("`/v1`"), "{}", told.said);
    });
}

#[test]
fn in_production_strangers_see_neither_description_nor_page() {
    on(Kept::Sqlite, |place| {
        let production = || Launch::at(place).with("MAINSTAY_ENV", "production").with("HOST", "127.0.0.1");
        assert_eq!(production().words(&["migrate"]).finish().code, Some(0));
        let blog = production().start();
        for path in ["/", "/openapi.json", "/docs"] {
            let _ = blog.anybody().get(path).expect(404);
        }
        blog.stop();
    });
}
