//! Written migrations: once, in order, all or nothing, and back.

use std::fs;
use std::sync::Mutex;

use mainstay::kernel::{Dialect, Result};
use mainstay::model::migration::{
    Done, Folder, LedgerName, Marked, Migration, Migrations, Migrator, Order, Outcome, State, Steps,
};
use mainstay::model::{Divergence, Schema, additive};
use mainstay::prelude::*;
use mainstay_test::Db;

use crate::tables::{Card, NewCard};

/// Cards of which no two have one title.
#[derive(Model, Clone, Debug)]
#[model(table = "cards", name = "card", plural = "cards")]
struct Titled {
    id: Id<Titled>,
    #[model(unique)]
    title: String,
}

#[scope]
impl Scope for Titled {}

fn folder(name: &str, files: &[(&str, &str)]) -> Folder {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Folder { name: name.to_owned(), files }
}

fn known(db: &Db, folders: &[Folder]) -> Result<Migrations> {
    Migrations::new(db.dialect(), folders, &[])
}

fn migrator_of(db: &Db, schemas: &[&'static Schema], folders: &[Folder]) -> Migrator {
    let migrations = known(db, folders).expect("migrations");
    Migrator::new(db.clone(), schemas.to_vec(), migrations, LedgerName::default()).expect("a migrator")
}

fn migrator(db: &Db, folders: &[Folder]) -> Migrator {
    migrator_of(db, &[], folders)
}

/// What was done, in words.
async fn told(run: impl AsyncFnOnce(&(dyn Fn(Done) + Send + Sync)) -> Result<()>) -> Result<Vec<String>> {
    let done = Mutex::new(Vec::new());
    let report = |it: Done| {
        done.lock().expect("nobody panicked").push(match it {
            Done::Added(addition) => format!("made {}", addition.change),
            Done::Migration(name, Outcome::Applied) => format!("applied {name}"),
            Done::Migration(name, Outcome::NotNeeded) => format!("not needed {name}"),
            Done::Migration(name, Outcome::Reverted) => format!("reverted {name}"),
            Done::Migration(name, Outcome::Forgotten) => format!("forgot {name}"),
        });
    };
    run(&report).await?;
    Ok(done.into_inner().expect("nobody panicked"))
}

async fn up(migrator: &Migrator) -> Result<Vec<String>> {
    told(async |report| migrator.up(Order::ByName, report).await).await
}

async fn down(migrator: &Migrator, steps: Steps) -> Result<Vec<String>> {
    told(async |report| migrator.down(steps, report).await).await
}

async fn states(migrator: &Migrator) -> Vec<State> {
    migrator.history().await.expect("a history").entries.iter().map(|it| it.state).collect()
}

/// The words that migrations wrote, in the order in which they did.
async fn words(db: &Db) -> Vec<String> {
    db.reader().sql("select word from words order by number").all().await.expect("words")
}

const WORDS: &str = "20260101000000_words";
const WORDS_UP: &str = "create table words (number integer not null, word text not null);";

/// A table of words.
fn table_of_words() -> Folder {
    folder(WORDS, &[("up.sql", WORDS_UP), ("down.sql", "drop table words;")])
}

/// Writes its own name behind those that were there.
fn word(name: &str) -> Folder {
    let up = format!("insert into words select count(*), '{name}' from words;");
    let down = format!("delete from words where word = '{name}';");
    folder(name, &[("up.sql", &up), ("down.sql", &down)])
}

const ONE: &str = "20260102000000_one";
const TWO: &str = "20260103000000_two";

#[mainstay::test]
async fn a_migration_is_applied_once_and_reverted_with_its_record(db: Db) {
    let migrator = migrator(&db, &[word(TWO), table_of_words(), word(ONE)]);
    assert_eq!(states(&migrator).await, [State::Pending; 3]);
    let applied: Vec<_> = [WORDS, ONE, TWO].map(|it| format!("applied {it}")).into();
    assert_eq!(up(&migrator).await.expect("applied"), applied);
    assert_eq!(up(&migrator).await.expect("nothing"), [""; 0]);
    assert_eq!(
        (words(&db).await, states(&migrator).await),
        (vec![ONE.into(), TWO.into()], vec![State::Applied; 3])
    );

    assert_eq!(down(&migrator, Steps::ONE).await.expect("reverted"), [format!("reverted {TWO}")]);
    assert_eq!(words(&db).await, [ONE]);
    assert_eq!(states(&migrator).await, [State::Applied, State::Applied, State::Pending]);
    let all = down(&migrator, Steps::All).await.expect("reverted");
    assert_eq!(all, [format!("reverted {ONE}"), format!("reverted {WORDS}")]);
    assert!(db.reader().sql("select 1 from words").rows().await.is_err(), "the table is gone");
    assert_eq!(down(&migrator, Steps::ONE).await.expect("nothing is left"), [""; 0]);
}

#[test]
fn a_number_of_steps_is_whole_and_positive_or_all() {
    assert_eq!(Steps::parse("1").expect("a number"), Steps::ONE);
    assert_eq!(Steps::parse("all").expect("a word"), Steps::All);
    for wrong in ["", "0", "-1", "1.5", "0.5", "+1", " 1", "1e3", "ALL", "NaN", "99999999999999999999999"] {
        let refused = Steps::parse(wrong).expect_err(wrong).to_string();
        assert!(refused.contains(&format!("`{wrong}`")), "{refused}");
    }
}

#[mainstay::test]
async fn a_failed_migration_leaves_nothing_and_is_not_recorded(db: Db) {
    let wrong =
        folder(ONE, &[("up.sql", "insert into words values (1, 'half');\n\ninsert into swords values (1);")]);
    let failing = migrator(&db, &[table_of_words(), wrong, word(TWO)]);
    let failed = up(&failing).await.expect_err("there are no swords").to_string();
    for part in [ONE, "left nothing", "line 3 of up.sql", "swords"] {
        assert!(failed.contains(part), "{failed}");
    }
    assert_eq!(words(&db).await, [""; 0]);
    assert_eq!(states(&failing).await, [State::Applied, State::Pending, State::Pending]);
    let mended = migrator(&db, &[table_of_words(), word(ONE), word(TWO)]);
    assert_eq!(up(&mended).await.expect("mended").len(), 2);
}

#[mainstay::test]
async fn a_failed_reverting_keeps_its_record(db: Db) {
    let word =
        |down: &str| folder(ONE, &[("up.sql", "insert into words values (1, 'one');"), ("down.sql", down)]);
    let failing = migrator(&db, &[table_of_words(), word("delete from words; delete from swords;")]);
    up(&failing).await.expect("applied");
    let failed = down(&failing, Steps::All).await.expect_err("there are no swords").to_string();
    assert!(failed.contains(ONE) && failed.contains("swords"), "{failed}");
    assert_eq!((words(&db).await, states(&failing).await), (vec!["one".into()], vec![State::Applied; 2]));
    let mended = migrator(&db, &[table_of_words(), word("delete from words;")]);
    assert_eq!(down(&mended, Steps::All).await.expect("the down alone was edited").len(), 2);
}

#[mainstay::test]
async fn what_cannot_be_reverted_keeps_all_from_being(db: Db) {
    let final_one =
        folder(ONE, &[("up.sql", "insert into words values (1, 'one');"), ("down.sql", "-- never")]);
    let migrator = migrator(&db, &[table_of_words(), final_one, word(TWO)]);
    up(&migrator).await.expect("applied");
    let refused = down(&migrator, Steps::All).await.expect_err("it has no down").to_string();
    assert!(refused.contains(ONE) && refused.contains("down.sql"), "{refused}");
    assert_eq!(states(&migrator).await, [State::Applied; 3]);
    let older = self::migrator(&db, &[table_of_words()]);
    let refused = down(&older, Steps::ONE).await.expect_err("another program's").to_string();
    assert!(refused.contains(TWO), "{refused}");
    assert_eq!(up(&older).await.expect("what a newer program applied is left alone"), [""; 0]);
}

#[mainstay::test]
async fn an_edited_migration_of_the_application_is_refused_by_name(db: Db) {
    up(&migrator(&db, &[table_of_words(), word(ONE)])).await.expect("applied");
    let mut edited = word(ONE);
    edited.files[0].1.push_str("\nselect 1;");
    let edited = migrator(&db, &[table_of_words(), edited, word(TWO)]);
    assert_eq!(states(&edited).await, [State::Applied, State::Edited, State::Pending]);
    for refused in [up(&edited).await, down(&edited, Steps::ONE).await] {
        let refused = refused.expect_err("it was edited").to_string();
        assert!(refused.contains(ONE) && refused.contains("undo the edit"), "{refused}");
    }
    let mut carriage = word(ONE);
    carriage.files[0].1 = carriage.files[0].1.replace('\n', "\r\n");
    assert_eq!(states(&migrator(&db, &[table_of_words(), carriage])).await, [State::Applied; 2]);
}

#[mainstay::test]
async fn migrations_of_one_time_keep_the_order_of_their_names(db: Db) {
    let names = ["20260102000000_b", "20260102000000_a_b", "20260102000000_a", "20260102000000_ab"];
    let folders: Vec<_> = names.iter().map(|it| word(it)).chain([table_of_words()]).collect();
    up(&migrator(&db, &folders)).await.expect("applied");
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(words(&db).await, sorted);
    let twice = known(&db, &[word(ONE), word(ONE)]).expect_err("one name").to_string();
    assert!(twice.contains(ONE), "{twice}");
}

#[mainstay::test]
async fn a_migration_before_an_applied_one_is_not_applied_in_silence(db: Db) {
    up(&migrator(&db, &[table_of_words(), word(TWO)])).await.expect("applied");
    let late = migrator(&db, &[table_of_words(), word(ONE), word(TWO)]);
    assert_eq!(states(&late).await, [State::Applied, State::Late, State::Applied]);
    let refused = up(&late).await.expect_err("it is late").to_string();
    assert!(
        refused.contains(ONE) && refused.contains(TWO) && refused.contains("--out-of-order"),
        "{refused}"
    );
    assert_eq!(words(&db).await, [TWO]);
    late.up(Order::Any, &|_| ()).await.expect("as told");
    assert_eq!(words(&db).await, [TWO, ONE]);
}

#[mainstay::test]
async fn nodes_that_migrate_together_apply_once(db: Db) {
    let folders = [table_of_words(), word(ONE), word(TWO)];
    let nodes = [(); 4].map(|()| migrator_of(&db, &[Card::SCHEMA], &folders));
    let [a, b, c, d] = &nodes;
    let (a, b, c, d) = tokio::join!(up(a), up(b), up(c), up(d));
    let done: usize = [a, b, c, d].into_iter().map(|it| it.expect("no node fails").len()).sum();
    assert_eq!(done, 3 + 2, "three migrations, a table and its triggers");
    assert_eq!(words(&db).await, [ONE, TWO]);
}

#[mainstay::test]
async fn what_is_for_old_databases_alone_is_not_run_on_new_ones(db: Db) {
    let drop = "-- mainstay: where cards.colour\nalter table cards drop column colour;";
    let back = "alter table cards add column colour text;";
    let folders = [folder(ONE, &[("up.sql", drop), ("down.sql", back)])];
    let migrator = migrator_of(&db, &[Titled::SCHEMA], &folders);
    let done = up(&migrator).await.expect("applied");
    assert_eq!(done.last(), Some(&format!("not needed {ONE}")), "a new database has never had it");
    assert_eq!(states(&migrator).await, [State::NotNeeded]);
    assert_eq!(down(&migrator, Steps::ONE).await.expect("forgotten"), [format!("forgot {ONE}")]);
    assert_eq!(migrator.plan().await.expect("a plan").divergences, [], "and its down did not run");

    db.migrate(&["alter table cards add column colour text".to_owned()]).await.expect("an old database");
    assert_eq!(up(&migrator).await.expect("applied"), [format!("applied {ONE}")]);
    assert_eq!(migrator.plan().await.expect("a plan").divergences, []);
}

#[mainstay::test]
async fn a_migration_may_go_before_the_tables(db: Db) {
    additive::apply(&db, &[Card::SCHEMA]).await.expect("tables");
    let card = || NewCard { title: "same".to_owned(), colour: None };
    let write = db.write(async |tx: &mut Tx| {
        card().insert(tx).await?;
        card().insert(tx).await.map(drop)
    });
    write.await.expect("two cards");
    let dedupe = "delete from cards where id > (select min(id::text)::uuid from cards);";
    let dedupe = match db.dialect() {
        Dialect::Postgres => dedupe.to_owned(),
        Dialect::Sqlite => dedupe.replace("::text", "").replace("::uuid", ""),
    };
    let after = migrator_of(&db, &[Titled::SCHEMA], &[folder(ONE, &[("up.sql", &dedupe)])]);
    assert!(up(&after).await.is_err(), "the index comes first, and the rows are in its way");
    let marked = format!("-- mainstay: before-tables\n-- mainstay: where cards\n{dedupe}");
    let before = migrator_of(&db, &[Titled::SCHEMA], &[folder(ONE, &[("up.sql", &marked)])]);
    let done = up(&before).await.expect("applied");
    assert_eq!(done[..2], [format!("applied {ONE}"), "made index `cards_title_key` on `cards`".to_owned()]);
}

#[mainstay::test]
async fn what_was_left_half_done_is_named_with_its_fix(db: Db) {
    let half =
        "-- mainstay: no-transaction\ninsert into words values (1, 'half');\ninsert into swords values (1);";
    let half = migrator(&db, &[table_of_words(), folder(ONE, &[("up.sql", half)]), word(TWO)]);
    let failed = up(&half).await.expect_err("there are no swords").to_string();
    assert!(failed.contains(ONE) && failed.contains("without a transaction"), "{failed}");
    assert_eq!(words(&db).await, ["half"], "each statement stands by itself");
    assert_eq!(states(&half).await, [State::Applied, State::HalfApplied, State::Pending]);
    for refused in [up(&half).await, down(&half, Steps::ONE).await] {
        let refused = refused.expect_err("it is half done").to_string();
        assert!(refused.contains(&format!("migrate mark {ONE} applied")), "{refused}");
    }
    half.mark(ONE, Marked::Pending).await.expect("marked");
    assert_eq!(states(&half).await, [State::Applied, State::Pending, State::Pending]);
    half.mark(ONE, Marked::Applied).await.expect("marked");
    assert_eq!(up(&half).await.expect("the rest"), [format!("applied {TWO}")]);
    let unknown = half.mark("20990101000000_no", Marked::Applied).await.expect_err("no such migration");
    assert!(unknown.to_string().contains("20990101000000_no"), "{unknown}");
}

#[mainstay::test]
async fn an_index_is_built_concurrently_outside_of_a_transaction(db: Db) {
    let index = |rest: &str| format!("{rest}create index concurrently words_word on words (word);");
    let marked = index("-- mainstay: no-transaction\n");
    let files = [
        ("up.postgres.sql", marked.as_str()),
        ("up.sqlite.sql", "create index words_word on words (word);"),
        ("down.sql", "drop index words_word;"),
    ];
    let migrator = migrator(&db, &[table_of_words(), folder(ONE, &files)]);
    // A second node asks for its turn all the while, and the index does not wait for it.
    let (one, other) = tokio::join!(up(&migrator), up(&migrator));
    assert_eq!(one.expect("applied").len() + other.expect("applied").len(), 2);
    assert_eq!(down(&migrator, Steps::ONE).await.expect("reverted").len(), 1);
    if db.dialect() == Dialect::Postgres {
        let refused =
            known(&db, &[folder(ONE, &[("up.sql", &index(""))])]).expect_err("not in a transaction");
        assert!(refused.to_string().contains("-- mainstay: no-transaction"), "{refused}");
    }
}

async fn fill(tx: &mut Tx) -> Result<()> {
    tx.sql("insert into words values (?, ?)").bind(7_i64).bind("rust").execute().await.map(drop)
}

async fn empty(tx: &mut Tx) -> Result<()> {
    tx.sql("delete from words where word = 'rust'").execute().await.map(drop)
}

async fn fail(tx: &mut Tx) -> Result<()> {
    fill(tx).await?;
    Err(Error::internal("not today"))
}

#[mainstay::test]
async fn a_migration_in_rust_is_one_transaction_with_its_record(db: Db) {
    let of = |in_rust: Migration| {
        let migrations = Migrations::new(db.dialect(), &[table_of_words()], &[in_rust]).expect("migrations");
        Migrator::new(db.clone(), Vec::new(), migrations, LedgerName::default()).expect("a migrator")
    };
    let failing = of(Migration::new(ONE, fail));
    let failed = up(&failing).await.expect_err("it fails").to_string();
    assert!(failed.contains(ONE) && failed.contains("not today"), "{failed}");
    assert_eq!((words(&db).await, states(&failing).await), (vec![], vec![State::Applied, State::Pending]));
    let migrator = of(Migration::new(ONE, fill).down(empty).only_where("words.word"));
    up(&migrator).await.expect("applied");
    assert_eq!(words(&db).await, ["rust"]);
    down(&migrator, Steps::ONE).await.expect("reverted");
    assert_eq!((words(&db).await, states(&migrator).await), (vec![], vec![State::Applied, State::Pending]));
    assert!(
        Migrations::new(db.dialect(), &[], &[Migration::new("fill", fill)]).is_err(),
        "a name without a time"
    );
}

#[mainstay::test]
async fn the_table_of_records_has_the_name_that_it_is_given(db: Db) {
    let name = LedgerName::parse("schema_history").expect("a name");
    let migrations = known(&db, &[table_of_words()]).expect("migrations");
    let migrator = Migrator::new(db.clone(), Vec::new(), migrations.clone(), name).expect("a migrator");
    up(&migrator).await.expect("applied");
    let kept: Vec<String> = db.reader().sql("select name from schema_history").all().await.expect("a table");
    assert_eq!(kept, [WORDS]);
    let cards = LedgerName::parse("cards").expect("a name");
    let refused =
        Migrator::new(db.clone(), vec![Card::SCHEMA], migrations, cards).err().expect("it is a model's");
    assert!(refused.to_string().contains("DATABASE_MIGRATIONS_TABLE"), "{refused}");
}

#[mainstay::test]
async fn nothing_in_the_folder_of_migrations_is_overlooked(db: Db) {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("migrations");
    assert_eq!(Folder::read_all(&root).expect("no folder is no fault"), None);
    let file = |path: &str, text: &[u8]| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let read = || {
        let folders = Folder::read_all(&root).map(|it| it.expect("the folder is there"));
        folders
            .and_then(|it| known(&db, &it))
            .map(|it| it.iter().map(|it| it.name.clone()).collect::<Vec<_>>())
    };
    file(&format!("{WORDS}/up.sql"), WORDS_UP.as_bytes());
    file(&format!("{WORDS}/.notes"), b"hidden");
    file(".gitkeep", b"");
    assert_eq!(read().expect("one migration"), [WORDS]);
    for (path, text, told) in [
        ("20260102000000_one.sql", &b"select 1;"[..], "is not the folder of a migration"),
        ("2026_one/up.sql", b"select 1;", "`2026_one` is not the name"),
        ("20260102000000_One/up.sql", b"select 1;", "is not the name"),
        ("20260102000000_one/upp.sql", b"select 1;", "did you mean `up.sql`?"),
        ("20260102000000_one/up.mysql.sql", b"select 1;", "is none of its files"),
        ("20260102000000_one/down.sql", b"select 1;", "neither up.sql nor"),
        (
            "20260102000000_one/up.sql",
            b"-- mainstay: no-transactoin\nselect 1;",
            "did you mean `no-transaction`?",
        ),
        ("20260102000000_one/up.sql", b"select '\xff';", "cannot be read"),
    ] {
        file(path, text);
        let refused = read().expect_err(path).to_string();
        assert!(refused.contains(told), "{path}: {refused}");
        let top = root.join(path.split('/').next().expect("a part"));
        let removed = if top.is_dir() { fs::remove_dir_all(top) } else { fs::remove_file(top) };
        removed.expect("it is removed again");
    }
    assert_eq!(read().expect("one migration"), [WORDS]);
    fs::remove_dir_all(&root).expect("removed");
    fs::write(&root, "no folder").expect("a file");
    let refused = Folder::read_all(&root).expect_err("it is no folder").to_string();
    assert!(refused.contains("cannot be read"), "{refused}");
}

#[mainstay::test]
async fn what_models_and_tables_disagree_on_is_reported_and_left(db: Db) {
    let create = match db.dialect() {
        Dialect::Postgres => {
            "create table cards (id uuid primary key, title bigint, colour text not null, created_at timestamptz, \
             updated_at timestamptz not null, version bigint not null)"
        }
        Dialect::Sqlite => {
            "create table cards (id text primary key not null, title integer, colour text not null, \
             created_at integer, updated_at integer not null, version integer not null)"
        }
    };
    db.migrate(&[create.to_owned()]).await.expect("a table");
    let migrator = migrator_of(&db, &[Titled::SCHEMA], &[]);
    let told = |plan: &[Divergence]| plan.iter().map(ToString::to_string).collect::<Vec<_>>();
    let before = migrator.plan().await.expect("a plan");
    let said = told(&before.divergences).join("\n");
    for part in [
        "`cards.title` is",
        "`cards.title` may be NULL, its model says it may not",
        "`cards.created_at` may be NULL",
        "`cards.colour` is in no model, and no row can be made without it",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(before.divergences.len(), 4, "{said}");
    up(&migrator).await.expect("the index alone");
    assert_eq!(
        migrator.plan().await.expect("a plan").divergences,
        before.divergences,
        "nothing of it is touched"
    );
}

/// A card without its colour, and one whose changes nobody asks for.
#[derive(Model, Clone, Debug)]
#[model(live, table = "cards", name = "card", plural = "cards")]
struct Plain {
    id: Id<Plain>,
    title: String,
}

#[scope]
impl Scope for Plain {}

#[mainstay::test]
async fn a_column_of_a_live_model_can_be_dropped(db: Db) {
    additive::apply(&db, &[Card::SCHEMA]).await.expect("tables");
    let drop = "-- mainstay: where cards.colour\nalter table cards drop column colour;";
    let migrator = migrator_of(&db, &[Plain::SCHEMA], &[folder(ONE, &[("up.sql", drop)])]);
    let done = up(&migrator).await.expect("the triggers let it go first");
    assert_eq!(
        done,
        ["made triggers that record other columns of `cards`".to_owned(), format!("applied {ONE}")]
    );
    let write = async |tx: &mut Tx| NewPlain { title: "t".to_owned() }.insert(tx).await;
    db.write(write).await.expect("and rows are written as before");
    let after = db.reader().sql("select after from mainstay_change").all::<Value>().await.expect("changes");
    assert_eq!((after.len(), after[0].get("colour"), &after[0]["title"]), (1, None, &json!("t")));

    let released = up(&migrator_of(&db, &[Titled::SCHEMA], &[])).await.expect("not live any more");
    assert!(released.iter().any(|it| it.contains("an end to the triggers")), "{released:?}");
    db.migrate(&["delete from cards".to_owned()]).await.expect("deleted");
    let changes = db.reader().sql("select count(*) from mainstay_change").one::<i64>().await;
    assert_eq!(changes.expect("a count"), Some(1));
}
