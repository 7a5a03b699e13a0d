use std::fs;
use std::os::unix::fs::symlink;

use crate::desk::Desk;

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let desk = Desk::new();
    desk.must(".", "new shop");
    let task = desk.read("shop/src/models/task.rs");
    let refused = desk.refused("shop", "add model Task title:text");
    assert!(refused.contains("`src/models/task.rs` is there already, and is not overwritten"), "{refused}");
    let refused = desk.refused("shop", "add endpoint post /tasks/{id}/finish");
    assert!(refused.contains("[id]/finish/post.rs` is there already"), "{refused}");
    assert_eq!(desk.read("shop/src/models/task.rs"), task);
}

#[test]
fn a_part_names_what_is_wrong_with_it_and_writes_nothing() {
    let desk = Desk::new();
    desk.must(".", "new shop");
    let before = desk.files("shop");
    for (part, said) in [
        ("model review body", "the field `body` has no type: write it like `body:text`"),
        ("model review body:txt", "unknown type `txt` of the field `body`, did you mean `text`?"),
        ("model review task:Tsk", "there is no model `Tsk` in src/models, did you mean `Task`?"),
        ("model review id:int", "every model has `id` already: leave it away"),
        ("model review a:int a:text", "the field `a` is there twice"),
        ("model 1st", "the name `1st` must begin with a letter, such as `st`"),
        ("endpoint pots /x", "unknown method `pots`, did you mean `post`?"),
        ("endpoint get /../../etc", "`..` cannot be a part of the path"),
        ("endpoint get /v1/tasks", "endpoints are below `/v1` anyway: write `/tasks`"),
        ("hook told Tasks", "there is no model `Tasks` in src/models, did you mean `Task`?"),
        ("hook told Task afer", "unknown word `afer`, did you mean `after`?"),
        ("hook told Task after delete", "unknown word `delete`, expected one of `save`, `create`"),
        ("cron tidy daily", "`daily` does not say when: write it like `0 3 * * *`"),
        ("mutation rename --path users/rename", "`users/rename` in the path `users/rename` is no word"),
        ("query 1st", "the name `1st` must begin with a letter, such as `st`"),
        ("middleware a/b", "`/` cannot stand in the name `a/b`"),
    ] {
        let refused = desk.refused("shop", &format!("add {part}"));
        assert!(refused.starts_with(&format!("error: {said}")), "{part}: {refused}");
    }
    assert_eq!(desk.files("shop"), before);
}

#[test]
fn nothing_is_written_outside_of_the_application() {
    let desk = Desk::new();
    desk.must(".", "new shop");
    fs::create_dir(desk.path("elsewhere")).expect("a folder");
    symlink(desk.path("elsewhere"), desk.path("shop/src/commands")).expect("a link");
    let refused = desk.refused("shop", "add command seed");
    assert!(refused.contains("outside of the application: nothing is written there"), "{refused}");
    symlink(desk.path("elsewhere/audit.rs"), desk.path("shop/src/services.rs")).expect("a link");
    fs::create_dir(desk.path("shop/src/middleware")).expect("a folder");
    symlink(desk.path("elsewhere/audit.rs"), desk.path("shop/src/middleware/audit.rs")).expect("a link");
    let refused = desk.refused("shop", "add middleware audit");
    assert!(refused.contains("is there already, and is not overwritten"), "{refused}");
    assert!(desk.files("elsewhere").is_empty());
}

#[test]
fn outside_of_an_application_nothing_can_be_added() {
    let desk = Desk::new();
    let refused = desk.refused(".", "add model review");
    assert!(refused.contains("there is no application at"), "{refused}");
    assert!(refused.contains("begin one with `mainstay new NAME`"), "{refused}");
}
