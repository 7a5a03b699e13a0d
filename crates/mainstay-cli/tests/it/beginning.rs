use std::path::Path;

use crate::desk::Desk;

#[test]
fn a_new_application_the_books_and_every_part_that_can_be_added_pass_their_tests() {
    let desk = Desk::new();
    assert!(desk.must(".", "new shop").contains("cd shop"));
    let discovered = desk.read("shop/src/discovered.rs");
    let checked = desk.cargo("shop", "test --quiet");
    assert!(checked.went_well && !checked.text.contains("warning"), "{}", checked.text);
    assert_eq!(desk.read("shop/src/discovered.rs"), discovered, "the build finds what the template says");
    built_once(&desk);
    written_out(&desk);
    migrated(&desk);
    follow(include_str!("../../../../docs/first-app.md"), &desk);
    for part in [
        "model review body:text stars:int? read_on:date at:time? is_read:bool more:json task:Task user:User",
        "model BlogPost title:text share:float next:BlogPost?",
        "endpoint get /shelves/[shelf]/books/:book",
        "endpoint delete /sign-in/type",
        "endpoint get /",
        "hook notify Review after create",
        "hook shorten blog_post before save",
        "hook mirror blog_post spawn save",
        "middleware audit",
        "middleware admins --below /shelves/{shelf}",
        "command clean-up",
        "worker send-welcome",
        "cron tidy",
        "mutation rename_user --path users.rename",
        "query count_users",
    ] {
        desk.must("shop/src", &format!("add {part}"));
    }
    let checked = desk.cargo("shop", "test --quiet");
    assert!(checked.went_well && !checked.text.contains("warning"), "{}", checked.text);
    let parts = desk.read("shop/src/discovered.rs");
    for call in [
        ".model::<models::blog_post::BlogPost>()",
        ".hook(hooks::shorten::shorten)",
        ".middleware(middleware::audit::audit)",
        "commands::clean_up::clean_up",
        ".worker(workers::send_welcome::send_welcome)",
        ".cron(crons::tidy::tidy)",
        ".operation(mutations::rename_user::rename_user)",
        ".operation(queries::count_users::count_users)",
    ] {
        assert!(parts.contains(call) && !discovered.contains(call), "{call} in {parts}");
    }
    assert!(desk.cargo("shop", "fmt --check").went_well, "what is written is formatted");
}

/// `cargo run` after `cargo test` compiles the application alone: the test harness asks for no feature of anything that
/// the framework does not ask for too.
fn built_once(desk: &Desk) {
    let built = desk.cargo("shop", "build");
    let compiled: Vec<_> = built.text.lines().filter_map(|it| it.trim().strip_prefix("Compiling ")).collect();
    assert!(built.went_well && compiled.iter().all(|it| it.starts_with("shop ")), "{}", built.text);
}

/// The application without discovery, in another order.
const WRITTEN_OUT: &str = r#"
#[allow(dead_code)]
mod discovered;
#[cfg(test)]
mod tests;

use discovered::*;
use mainstay::prelude::*;

pub fn app() -> App {
    App::new("shop")
        .version(env!("CARGO_PKG_VERSION"))
        .migrations(mainstay::migrations!())
        .endpoint_at(Method::Post, "/tasks/{id}/finish", endpoints::tasks::id::finish::post::handler)
        .model::<models::Task>()
        .users::<models::User>()
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    app().run().await
}
"#;

/// Two programs, one of which names its parts where the other discovers them, list the same routes to the byte.
fn written_out(desk: &Desk) {
    let routes = || {
        let said = desk.cargo("shop", "run --quiet -- routes --json");
        assert!(said.went_well && said.printed.contains("task.list"), "{}", said.text);
        said.printed
    };
    let (discovered, main) = (routes(), desk.read("shop/src/main.rs"));
    desk.write("shop/src/main.rs", WRITTEN_OUT);
    assert_eq!(routes(), discovered);
    desk.write("shop/src/main.rs", &main);
}

/// A migration that was added is applied by the program that was built with it.
fn migrated(desk: &Desk) {
    desk.must("shop/src", "add migration name the nameless");
    let files = desk.files("shop/migrations");
    let made: Vec<_> = files.iter().filter(|it| it.contains("_name_the_nameless/")).collect();
    assert!(made.len() == 2 && made[0].ends_with("/down.sql") && made[1].ends_with("/up.sql"), "{files:?}");
    let pending = desk.cargo("shop", "run --quiet -- migrate up");
    assert!(
        !pending.went_well && pending.text.contains("has no statement yet: write it"),
        "{}",
        pending.text
    );
    desk.write(&format!("shop/migrations/{}", made[1]), "update tasks set title = 'none' where title = '';");
    let applied = desk.cargo("shop", "run --quiet -- migrate up");
    assert!(applied.went_well && applied.printed.contains("_name_the_nameless"), "{}", applied.text);
    assert!(desk.cargo("shop", "run --quiet -- migrate status").printed.contains("1 applied, 0 pending"));
}

/// Does what the page tells its reader to do: the commands that begin with `mainstay`, and the files.
fn follow(page: &str, desk: &Desk) {
    for block in page.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').expect("a block");
        match language {
            "sh" => text.lines().filter_map(|it| it.strip_prefix("mainstay add ")).for_each(|words| {
                desk.must("shop", &format!("add {}", words.replace('\'', "")));
            }),
            "rust" => {
                let (head, text) = text.split_once('\n').expect("the name of the file");
                let (path, from) =
                    head.trim_start_matches("// ").split_once(", from ").unwrap_or((&head[3..], ""));
                let path = format!("shop/{path}");
                let kept = match from.strip_suffix(" on") {
                    Some(mark) => desk.read(&path).split(mark).next().unwrap_or_default().to_owned(),
                    None => String::new(),
                };
                desk.write(&path, &(kept + text));
            }
            _ => {}
        }
    }
}

#[test]
fn a_new_application_has_all_that_it_needs() {
    let desk = Desk::new();
    desk.must(".", "new MyShop");
    let files = desk.files("my-shop");
    for file in
        [".env.example", ".github/workflows/ci.yml", ".gitignore", "Dockerfile", "README.md", "src/tests.rs"]
    {
        assert!(files.iter().any(|it| it == file), "{file} of {files:?}");
    }
    for file in files.iter().filter(|it| *it != "Cargo.lock" && !it.ends_with("ci.yml")) {
        assert!(!desk.read(&format!("my-shop/{file}")).contains("{{"), "{file} is filled in");
    }
    assert!(desk.read("my-shop/Cargo.toml").contains("name = \"my-shop\""));
    assert!(desk.read("my-shop/src/main.rs").contains("App::new(\"my-shop\")"));
}

#[test]
fn a_name_that_would_not_do_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    for (name, said) in [
        ("2fast", "error: the name `2fast` must begin with a letter, such as `fast`"),
        ("../shop", "error: `.` cannot stand in the name `../shop`"),
        ("test", "error: `test` is a crate that others know: take another name, such as `my-test`"),
        ("match", "error: `match` is a word of Rust's own"),
    ] {
        let refused = desk.refused(".", &format!("new {name}"));
        assert!(refused.starts_with(said), "{refused}");
    }
    assert!(desk.files(".").is_empty());
    let nowhere = desk.refused(".", "new shop --framework nowhere");
    assert!(nowhere.contains("are not at nowhere: say where they are with `--framework PATH`"), "{nowhere}");
    assert!(!Path::new(&desk.path("shop")).exists());
}

#[test]
fn an_application_is_never_written_over_another() {
    let desk = Desk::new();
    desk.must(".", "new shop");
    desk.write("shop/README.md", "mine");
    let refused = desk.refused(".", "new shop");
    assert!(refused.contains("there is a `shop` here already, and it is not overwritten"), "{refused}");
    assert_eq!(desk.read("shop/README.md"), "mine");
}
