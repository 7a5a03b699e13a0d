use super::Made::Refused;
use super::{Mistake, mistake};

/// What `mainstay` refuses.
const MAINSTAY: &str = "crates/mainstay-cli/tests/it/refusals.txt";

/// What an application's own commands refuse.
const BLOG: &str = "examples/blog/tests/it/refusals.txt";

/// What is typed.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "a new application where there is one",
        Refused(MAINSTAY, "mainstay new shop"),
        "there is a `shop` here already, and it is not overwritten: take another name, or another folder",
        "take another name, or another folder",
    ),
    mistake(
        "a name that no crate can have",
        Refused(MAINSTAY, "mainstay new 2fast"),
        "the name `2fast` must begin with a letter, such as `fast`",
        "such as `fast`",
    ),
    mistake(
        "a name that another crate has",
        Refused(MAINSTAY, "mainstay new test"),
        "`test` is a crate that others know: take another name, such as `my-test`",
        "such as `my-test`",
    ),
    mistake(
        "a part added outside of an application",
        Refused(MAINSTAY, "cd ..\nmainstay add model review body:text"),
        "there is no application at [here] or above it: go to the folder of one, or begin one with `mainstay new NAME` (an application's Cargo.toml has `mainstay-build` among its build-dependencies)",
        "go to the folder of one, or begin one with `mainstay new NAME`",
    ),
    mistake(
        "a misspelt command of `mainstay`",
        Refused(MAINSTAY, "mainstay nwe shop"),
        "unrecognized subcommand 'nwe'
  tip: did you mean `new`?
Usage: mainstay <COMMAND>
For more information, try '--help'.",
        "did you mean `new`?",
    ),
    mistake(
        "a misspelt part",
        Refused(MAINSTAY, "mainstay add modle review"),
        "unrecognized subcommand 'modle'
  tip: some similar subcommands exist: 'middleware', 'model'
Usage: mainstay add <COMMAND>
For more information, try '--help'.",
        "some similar subcommands exist: 'middleware', 'model'",
    ),
    mistake(
        "a field without its type",
        Refused(MAINSTAY, "mainstay add model review body"),
        "the field `body` has no type: write it like `body:text`",
        "write it like `body:text`",
    ),
    mistake(
        "a misspelt type of a field",
        Refused(MAINSTAY, "mainstay add model review body:txt"),
        "unknown type `txt` of the field `body`, did you mean `text`?, or the name of a model, such as `Post`",
        "did you mean `text`?",
    ),
    mistake(
        "a misspelt model",
        Refused(MAINSTAY, "mainstay add model review task:Tsk"),
        "there is no model `Tsk` in src/models, did you mean `Task`?",
        "did you mean `Task`?",
    ),
    mistake(
        "a field that every model has",
        Refused(MAINSTAY, "mainstay add model review id:int"),
        "every model has `id` already: leave it away",
        "leave it away",
    ),
    mistake(
        "a word of Rust's own for a name",
        Refused(MAINSTAY, "mainstay add model type"),
        "`type` is a word of Rust's own: take another name, such as `type_entry`",
        "take another name, such as `type_entry`",
    ),
    mistake(
        "a part that is there",
        Refused(MAINSTAY, "mainstay add model Task title:text"),
        "`src/models/task.rs` is there already, and is not overwritten: take another name, or edit it",
        "take another name, or edit it",
    ),
    mistake(
        "a misspelt method in `add`",
        Refused(MAINSTAY, "mainstay add endpoint pots /x"),
        "unknown method `pots`, did you mean `post`?",
        "did you mean `post`?",
    ),
    mistake(
        "a path with the prefix that it has anyway",
        Refused(MAINSTAY, "mainstay add endpoint get /v1/tasks"),
        "endpoints are below `/v1` anyway: write `/tasks`",
        "write `/tasks`",
    ),
    mistake(
        "an event of no hook",
        Refused(MAINSTAY, "mainstay add hook told Task after delete"),
        "unknown word `delete`, expected one of `save`, `create`, `update`, `patch`, `remove`",
        "expected one of `save`",
    ),
    mistake(
        "a misspelt command of the application",
        Refused(BLOG, "blog sevre"),
        "unrecognized subcommand 'sevre'
  tip: a similar subcommand exists: 'serve'
Usage: blog [COMMAND]
For more information, try '--help'.",
        "a similar subcommand exists: 'serve'",
    ),
    mistake(
        "a misspelt option",
        Refused(BLOG, "blog serve --takeovr"),
        "unexpected argument '--takeovr' found
  tip: a similar argument exists: '--takeover'
Usage: blog serve --takeover
For more information, try '--help'.",
        "a similar argument exists: '--takeover'",
    ),
    mistake(
        "a token for nobody",
        Refused(BLOG, "blog token"),
        "the following required arguments were not provided:
  --sub <SUB>
Usage: blog token --sub <SUB>
For more information, try '--help'.",
        "Usage: blog token --sub <SUB>",
    ),
    mistake(
        "a token that no server would accept",
        Refused(BLOG, "unset AUTH_JWT_SECRET\nblog token --sub ann"),
        "no server of this application runs, and AUTH_JWT_SECRET is not set: a token of this command's own random secret would be refused; start the server first, or set AUTH_JWT_SECRET in .env",
        "start the server first, or set AUTH_JWT_SECRET in .env",
    ),
    mistake(
        "a misspelt action of `migrate`",
        Refused(BLOG, "blog migrate pu"),
        "unrecognized subcommand 'pu'
  tip: did you mean 'up'?
Usage: blog migrate [COMMAND]
For more information, try '--help'.",
        "did you mean 'up'?",
    ),
    mistake(
        "steps that are no number",
        Refused(BLOG, "blog migrate down --steps some"),
        "`some` is not a number of steps: a whole number from 1 on is expected, or `all`",
        "a whole number from 1 on is expected, or `all`",
    ),
    mistake(
        "a migration that is not there",
        Refused(BLOG, "blog migrate mark 20260101000000_nothing applied"),
        "there is no migration `20260101000000_nothing`: `migrate list` names them",
        "`migrate list` names them",
    ),
    mistake(
        "a prefix below which nothing is",
        Refused(BLOG, "blog openapi --mount /admin"),
        "nothing is mounted below `/admin`, expected one of `/v1`",
        "expected one of `/v1`",
    ),
    mistake(
        "promises to compare with that are not there",
        Refused(BLOG, "blog ops check --against nothing.json"),
        "`nothing.json` cannot be read: No such file or directory (os error 2); `ops schema` writes one",
        "`ops schema` writes one",
    ),
    mistake(
        "a role that is none, on the command line",
        Refused(BLOG, "blog serve --roles wbe"),
        "the configuration has 1 fault
ROLES
  value:    `wbe`, from the command line
  expected: a list, separated by commas, of `web`, `worker`, `relay` or `cron`
  fix:      did you mean `web`?",
        "did you mean `web`?",
    ),
];
