use std::sync::Arc;

use clap::{Args as _, FromArgMatches as _};
use mainstay_auth::Credentials;
use mainstay_kernel::{DbOptions, Frame, StoreUrl};
use mainstay_model::migration::EmbeddedFolder;
use tempfile::TempDir;

use super::*;
use crate::App;
use crate::config::Sources;

const NAME: &str = "20260101000000_words";
const UP: &str = "create table words (word text);";
const CARRIED: Embedded =
    Embedded { folder: "migrations", migrations: &[EmbeddedFolder { name: NAME, files: &[("up.sql", UP)] }] };

/// An application below a folder of its own.
struct Place {
    root: TempDir,
    db: Db,
}

impl Place {
    async fn new() -> Self {
        let root = TempDir::new().unwrap();
        let db = Db::open(DbOptions::new(StoreUrl::SqliteFile(root.path().join("test.db")))).await.unwrap();
        Self { root, db }
    }

    fn written(&self, app: App, mode: &str) -> Written {
        let secret = "0123456789abcdef0123456789abcdef";
        let variables = [
            ("MAINSTAY_ENV", mode),
            ("AUTH_SECRET", secret),
            ("AUTH_JWT_SECRET", "fedcba9876543210fedcba9876543210"),
        ];
        let config =
            Config::from_sources(Sources::new("words", self.root.path()).environment(variables)).unwrap();
        let credentials = Credentials::new(config.auth.options(), Clock::system()).unwrap();
        let assembly = Assembly::new(app, self.db.clone(), Arc::new(credentials), "/v1").unwrap();
        Written::of(&assembly, &config)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join("migrations").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn carrying() -> App {
    App::new("words").migrations(CARRIED)
}

/// What a command says, and what it fails with.
async fn run(written: &Written, words: &[&str]) -> (String, Option<String>) {
    let command = MigrateArgs::augment_args(clap::Command::new("migrate").no_binary_name(true));
    let args = MigrateArgs::from_arg_matches(&command.try_get_matches_from(words).unwrap()).unwrap();
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    let failed = written.run(args, &Output::to(sender)).await.err().map(|it| it.to_string());
    let mut said = String::new();
    while let Ok(frame) = frames.try_recv() {
        if let Frame::Out(text) = frame {
            said.push_str(&text);
        }
    }
    (said, failed)
}

#[tokio::test]
async fn in_production_what_the_program_carries_counts_and_has_to_be_applied() {
    let place = Place::new().await;
    place.write("20990101000000_later/up.sql", "create table later (word text);");
    let written = place.written(carrying(), "production");
    let refused = written.must_be_applied("words").await.unwrap_err().to_string();
    assert!(refused.contains(NAME) && refused.contains("run `words migrate`"), "{refused}");
    let (said, failed) = run(&written, &["check"]).await;
    assert!(said.contains("pending") && failed.is_some(), "{said}");
    assert_eq!(run(&written, &[]).await, (format!("applied {NAME}\n"), None));
    written.must_be_applied("words").await.unwrap();
    assert_eq!(run(&written, &["check"]).await, (String::new(), None));
    let (_, failed) = run(&written, &["make", "more"]).await;
    assert!(failed.unwrap().contains("not in production"));
}

#[tokio::test]
async fn in_development_the_folder_decides_and_a_stale_program_is_told() {
    let place = Place::new().await;
    let written = place.written(carrying(), "development");
    assert_eq!(
        run(&written, &["up"]).await.0,
        format!("applied {NAME}\n"),
        "there is no folder: it is carried"
    );
    place.write(&format!("{NAME}/up.sql"), UP);
    assert_eq!(run(&written, &["check"]).await, (String::new(), None));
    place.write("20260102000000_later/up.sql", "create table later (word text);");
    let (said, _) = run(&written, &["list"]).await;
    assert!(
        said.contains(&format!("{NAME}  applied at ")) && said.contains("20260102000000_later  pending"),
        "{said}"
    );
    assert_eq!(run(&written, &["up"]).await.0, "applied 20260102000000_later\n");
    let (said, failed) = run(&written, &["check"]).await;
    assert!(said.contains("20260102000000_later` is not in this program") && failed.is_some(), "{said}");
    let (said, _) = run(&written, &["status"]).await;
    assert!(said.contains("migrations: 2 applied, 0 pending, 0 half done"), "{said}");
}

#[tokio::test]
async fn a_folder_that_no_application_carries_is_an_error() {
    let place = Place::new().await;
    place.write(&format!("{NAME}/up.sql"), UP);
    let written = place.written(App::new("words"), "development");
    for words in [&["up"][..], &["check"], &["list"], &["status"], &["plan"], &["down"]] {
        let failed = run(&written, words).await.1.unwrap();
        assert!(failed.contains(".migrations(mainstay::migrations!())"), "{words:?}: {failed}");
    }
    assert!(written.follow().await.is_err(), "nor is it served");
}

#[tokio::test]
async fn a_migration_is_begun_and_not_applied_until_it_is_written() {
    let place = Place::new().await;
    let written = place.written(carrying(), "development");
    assert!(run(&written, &["make"]).await.1.unwrap().contains("nothing differs"));
    let (said, failed) = run(&written, &["make", "Fill", "the slugs!"]).await;
    assert!(said.contains("_fill_the_slugs") && failed.is_none(), "{said} {failed:?}");
    let refused = run(&written, &["up"]).await.1.unwrap();
    assert!(refused.contains("no statement yet") && refused.contains("_fill_the_slugs"), "{refused}");
    for wrong in ["0", "-1", "1.5", ""] {
        let refused = run(&written, &["down", "--steps", wrong]).await.1.unwrap();
        assert!(refused.contains(&format!("`{wrong}`")), "{refused}");
    }
    assert!(run(&written, &["make", "!"]).await.1.unwrap().contains("`!`"));
}

#[tokio::test]
async fn what_the_models_say_is_written_when_it_changes() {
    let place = Place::new().await;
    let written = place.written(App::new("words"), "development");
    let folder = place.root.path().join(".mainstay");
    written.describe(&folder).unwrap();
    let path = folder.join("schema.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"dialect\": \"sqlite\"") && text.ends_with("}\n"), "{text}");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    written.describe(&folder).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before, "unchanged, it is left alone");
}
