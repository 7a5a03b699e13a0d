use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::tree::Source;
use crate::{listing, render, write};

const POST: &str = "#[derive(Model, Clone)] pub struct Post { pub id: Id<Post> }";
const USER: &str = "#[derive(Clone, mainstay::Model)]\n#[model(live, identity)]\npub struct User {}";
const HOOK: &str =
    "#[hook(after, save)]\npub async fn told(cx: &mut HookCx<'_, Post>) -> Result<()> { Ok(()) }";
const ENDPOINT: &str = "#[endpoint]\npub async fn handler() -> Result<()> { Ok(()) }";

/// A package with these files.
fn package(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    for (path, text) in files {
        put(folder.path(), path, text);
    }
    folder
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// What is generated for these files below `src`, or what is wrong with them.
fn generated(files: &[(&str, &str)]) -> Result<String, Vec<String>> {
    let files: Vec<_> = files.iter().map(|(path, text)| (format!("src/{path}"), *text)).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let folder = package(&files);
    let source = Source::read(&folder.path().join("src"));
    let text = source.and_then(|source| render::discovered(&source, false));
    text.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// The calls of `app`, without their indentation.
fn calls(files: &[(&str, &str)]) -> Vec<String> {
    let text = generated(files).expect("nothing wrong");
    let calls = text.lines().map(str::trim).filter(|it| it.starts_with('.') && !it.starts_with(".declared"));
    calls.map(ToOwned::to_owned).collect()
}

fn faults(files: &[(&str, &str)]) -> String {
    generated(files).expect_err("something wrong").join("\n")
}

#[test]
fn what_the_folders_declare_is_registered_in_the_order_of_kinds_and_files() {
    let told = HOOK.replace("told", "heard");
    let found = calls(&[
        ("main.rs", "mod discovered;"),
        ("hooks/post.rs", HOOK),
        ("hooks/comment.rs", &told),
        ("models/user.rs", USER),
        ("models/post.rs", POST),
        ("models/size.rs", "pub enum Size {}"),
        ("services/mail.rs", "pub fn send() {}"),
        (
            "commands/clean_up.rs",
            "/// Removes what is old.\n///\n/// More.\npub async fn clean_up(cx: CommandCx) {}",
        ),
    ]);
    let expected = [
        ".users::<models::user::User>()",
        ".model::<models::post::Post>()",
        ".hook(hooks::comment::heard)",
        ".hook(hooks::post::told)",
        ".command(\"clean-up\", \"Removes what is old\", commands::clean_up::clean_up)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_endpoint_is_where_its_file_or_its_attribute_says() {
    let named = "#[endpoint(get, \"/hello\", summary = \"Greets\")]\npub async fn hello() {}";
    let summary = ENDPOINT.replace("#[endpoint]", "#[mainstay::endpoint(summary = \"/not a path\")]");
    let found = calls(&[
        ("endpoints/posts/[id]/publish/post.rs", ENDPOINT),
        ("endpoints/hello.rs", named),
        ("endpoints/type/get.rs", &summary),
    ]);
    let expected = [
        ".endpoint(endpoints::hello::hello)",
        ".endpoint_at(::mainstay::prelude::Method::Post, \"/posts/{id}/publish\", endpoints::posts::id::publish::post::handler)",
        ".endpoint_at(::mainstay::prelude::Method::Get, \"/type\", endpoints::r#type::get::handler)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_middleware_is_around_the_folder_of_endpoints_that_it_is_in() {
    let middleware =
        "#[middleware]\npub async fn around(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {}";
    let found = calls(&[
        ("middleware/log.rs", middleware),
        ("endpoints/middleware.rs", middleware),
        ("endpoints/rooms/[id]/middleware.rs", middleware),
        ("hooks/robots.rs", "#[request_hook(after_handler)]\npub async fn robots() {}"),
    ]);
    let expected = [
        ".request_hook(hooks::robots::robots)",
        ".middleware(middleware::log::around)",
        ".middleware_below(\"/\", endpoints::middleware::around)",
        ".middleware_below(\"/rooms/{id}\", endpoints::rooms::id::middleware::around)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_runs_beside_requests_is_registered_by_its_kind() {
    let worker = "#[worker(queue = \"mail\")]\npub async fn send(cx: &TaskCx, to: String) {}";
    let query = "#[query(path = \"users.get\")]\npub async fn get_user(reader: &Reader) -> Result<()> {}";
    let found = calls(&[
        ("crons/night.rs", "#[cron(\"@daily\")]\npub async fn clean_up() {}"),
        ("workers/mail.rs", worker),
        ("queries/user.rs", query),
        (
            "mutations/users/create.rs",
            "#[mainstay::mutation(path = \"users.create\")]\npub async fn create() {}",
        ),
        // Another folder of these does as well.
        ("workers/again.rs", "#[cron(\"@hourly\")]\npub async fn again() {}"),
    ]);
    let expected = [
        ".operation(mutations::users::create::create)",
        ".operation(queries::user::get_user)",
        ".worker(workers::mail::send)",
        ".cron(workers::again::again)",
        ".cron(crons::night::clean_up)",
    ];
    assert_eq!(found, expected);
    let private = faults(&[("workers/mail.rs", &worker.replace("pub ", ""))]);
    let said =
        "workers/mail.rs:2:10: the worker `send` is private, so that it cannot be registered: make it `pub`";
    assert_eq!(private, said);
}

#[test]
fn a_path_attribute_stands_only_where_the_name_is_no_module() {
    let text = generated(&[
        ("endpoints/posts/[id]/get.rs", ENDPOINT),
        ("endpoints/sign-up/post.rs", ENDPOINT),
        ("services/two-factor.rs", ""),
    ])
    .expect("nothing wrong");
    let paths: Vec<_> = text.lines().filter(|it| it.contains("#[path")).collect();
    let expected = ["endpoints", "[id]", "sign-up", "services", "two-factor.rs"];
    assert_eq!(paths, expected.map(|it| format!("#[path = \"{it}\"]")));
}

#[test]
fn a_module_that_declares_its_own_is_left_to_it() {
    let text = generated(&[
        ("models/post.rs", "mod tags;"),
        ("models/post/tags.rs", "struct Tags;"),
        ("services/mail/mod.rs", "mod queue;"),
        ("services/mail/queue.rs", ""),
        ("models/post_tests.rs", ""),
    ])
    .expect("nothing wrong");
    assert!(text.contains("pub mod post;") && text.contains("pub mod mail;"), "{text}");
    assert!(!text.contains("tags") && !text.contains("queue"), "{text}");
    assert!(text.contains("#[cfg(test)]\nmod post_tests;"), "{text}");
}

#[test]
fn a_condition_goes_with_what_it_is_over() {
    let model = format!("#[cfg(feature = \"extra\")]\n{POST}");
    let text = generated(&[("models/post.rs", &model), ("models/user.rs", USER)]).expect("nothing wrong");
    let conditional = "#[cfg(feature = \"extra\")]\nlet app = app.model::<models::post::Post>();\napp\n}";
    assert!(text.contains(conditional), "{text}");
    assert!(syn::parse_file(&text).is_ok(), "{text}");
}

#[test]
fn what_cannot_be_registered_is_told_with_file_line_and_column() {
    let broken = faults(&[
        ("models/post.rs", "pub struct Post {\n    pub id Id<Post>,\n}"),
        ("hooks/x.rs", "fn a()]"),
    ]);
    assert!(broken.contains("models/post.rs:2:12: expected `:`"), "{broken}");
    assert!(broken.contains("hooks/x.rs:1:7: a bracket"), "all that is wrong is told at once: {broken}");
    let private = faults(&[("models/post.rs", &POST.replace("pub struct", "struct"))]);
    let said =
        "models/post.rs:1:32: the model `Post` is private, so that it cannot be registered: make it `pub`";
    assert_eq!(private, said);
    let method = faults(&[("endpoints/hello.rs", ENDPOINT)]);
    assert!(method.starts_with("endpoints/hello.rs:2:14: `hello` is not a method"), "{method}");
    let command = faults(&[("commands/seed.rs", "pub async fn sead(cx: CommandCx) {}")]);
    assert!(command.starts_with("commands/seed.rs: expected `pub async fn seed("), "{command}");
    let own = faults(&[("models/mod.rs", "mod post;"), ("models/post.rs", POST)]);
    assert!(own.contains("models/mod.rs: the modules of `models` are declared in `discovered.rs`"), "{own}");
    let twins = faults(&[("services/a-b.rs", ""), ("services/a_b.rs", "")]);
    assert!(twins.contains("services: `a-b` and `a_b` would both be the module `a_b`"), "{twins}");
    let named = faults(&[("services/2fa.rs", "")]);
    assert!(named.contains("services/2fa.rs: `2fa` cannot be the name of a module"), "{named}");
}

/// `refusals.txt`: sources as `PATH: TEXT`, and what ends the build. `MAINSTAY_BLESS=1` writes the answers anew.
#[test]
fn what_ends_a_build_is_told_word_by_word() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/refusals.txt");
    let kept = fs::read_to_string(&path).expect("the refusals");
    let told = kept.split_terminator("\n\n").map(|block| {
        let sources = block.lines().filter_map(|it| it.strip_prefix("$ "));
        let files: Vec<_> =
            sources.clone().map(|it| it.split_once(": ").expect("a path and a text")).collect();
        let made: String = sources.map(|it| format!("$ {it}\n")).collect();
        format!("{made}{}\n", faults(&files))
    });
    let told = told.collect::<Vec<_>>().join("\n");
    if std::env::var_os("MAINSTAY_BLESS").is_some() {
        fs::write(&path, &told).expect("it can be written");
    }
    assert_eq!(told, fs::read_to_string(&path).expect("the refusals"), "MAINSTAY_BLESS=1 writes them anew");
}

#[test]
fn everything_declared_is_listed_but_what_tests_declare() {
    let folder = package(&[
        (
            "src/main.rs",
            "mod other;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod more { #[hook(after, save)] fn h() {} }",
        ),
        ("src/tests.rs", HOOK),
        (
            "src/other.rs",
            "#[cfg(test)]\nmod checks;\nmod within {\n    #[hook(after, save)]\n    fn hidden() {}\n}",
        ),
        ("src/other/checks.rs", HOOK),
        ("src/bin/tool.rs", HOOK),
        ("src/lost.rs", HOOK),
    ]);
    let source =
        Source::read(&folder.path().join("src")).map_err(|it| format!("{it:?}")).expect("nothing wrong");
    let listed = listing::declared(&source);
    let lines: Vec<_> = listed.lines().filter(|it| it.contains("Declared")).map(str::trim).collect();
    let expected = [
        "::mainstay::Declared { kind: \"hook\", name: \"told\", file: \"lost.rs\", line: 2 },",
        "::mainstay::Declared { kind: \"hook\", name: \"within::hidden\", file: \"other.rs\", line: 5 },",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_file_is_written_when_its_meaning_changes_and_only_then() {
    let folder = package(&[("src/models/post.rs", POST), ("src/models/user.rs", USER)]);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let discovered = folder.path().join("src/discovered.rs");
    let build = || {
        write(folder.path(), "src", &out).map_err(|it| format!("{it:?}")).expect("nothing wrong");
        fs::read_to_string(&discovered).expect("it is written")
    };
    let first = build();
    let own = first.replace("    ", "\t").replace("pub mod post;", "pub   mod post;");
    assert_ne!(first, own);
    fs::write(&discovered, &own).expect("a file");
    assert_eq!(build(), own, "how it is formatted is its owner's to say");
    put(folder.path(), "src/models/note.rs", &POST.replace("Post", "Note"));
    let second = build();
    assert!(second.contains("models::note::Note") && second.contains("pub mod post;"), "{second}");
    fs::remove_file(folder.path().join("src/models/note.rs")).expect("it is there");
    assert_eq!(build(), first, "the same folders are the same text");
    fs::write(&discovered, first.replace("models::user::User", "models::user::Usr")).expect("a file");
    assert_eq!(build(), first, "an edit of its meaning is put right");
    fs::create_dir(folder.path().join("migrations")).expect("a folder");
    assert!(build().contains(".migrations(::mainstay::migrations!())"));
}

#[test]
fn writing_the_file_makes_it_no_newer_than_its_folder() {
    let folder = package(&[("src/models/post.rs", POST)]);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    write(folder.path(), "src", &out).map_err(|it| format!("{it:?}")).expect("nothing wrong");
    put(folder.path(), "src/models/note.rs", &POST.replace("Post", "Note"));
    let modified =
        |path: &str| fs::metadata(folder.path().join(path)).and_then(|it| it.modified()).expect("a time");
    let source = modified("src/models/note.rs").max(modified("src/models"));
    write(folder.path(), "src", &out).map_err(|it| format!("{it:?}")).expect("nothing wrong");
    assert!(modified("src/discovered.rs") <= source.max(modified("src")), "Cargo would build again for it");
}
