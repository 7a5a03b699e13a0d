use super::Made::Steps;
use super::{Mistake, mistake, steps};

/// What is not as it should be outside of the program.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "another program listens on the port",
        Steps(|place| Box::pin(steps::port_in_use(place))),
        "port [port] on 127.0.0.1 is in use: stop the program that holds it, or choose another port (0 takes any that is free)",
        "choose another port",
    ),
    mistake(
        "a second server on one SQLite file",
        Steps(|place| Box::pin(steps::second_server(place))),
        "`[root]/.mainstay/shop.db` is in use by process [pid]: stop process [pid], or serve with --takeover; other commands run while it serves, sent over .mainstay/control.sock",
        "serve with --takeover",
    ),
    mistake(
        "the database's folder is a file",
        Steps(|place| Box::pin(steps::folder_is_a_file(place))),
        "cannot open the database `[root]/data/shop.db`: its folder cannot be made: File exists (os error 17); mend that, or name another file in DATABASE_URL",
        "name another file in DATABASE_URL",
    ),
    mistake(
        "the database is a file of something else",
        Steps(|place| Box::pin(steps::no_database(place))),
        "cannot open the database `[root]/shop.db`: file is not a database; mend that, or name another file in DATABASE_URL",
        "name another file in DATABASE_URL",
    ),
    mistake(
        "no PostgreSQL answers at the address",
        Steps(|place| Box::pin(steps::nobody_answers(place))),
        "the database cannot be reached
  because: cannot connect to postgres at 127.0.0.1:[port]: start it, or point DATABASE_URL at a running one
  because: error connecting to server
  because: Connection refused (os error 111)",
        "start it, or point DATABASE_URL at a running one",
    ),
    mistake(
        "in production, tables that were never made",
        Steps(|place| Box::pin(steps::stale_tables(place))),
        "the database lacks table `items`, which the models have; run `shop migrate`",
        "run `shop migrate`",
    ),
    mistake(
        "in production, a migration that was not applied",
        Steps(|place| Box::pin(steps::pending_migration(place))),
        "the database lacks the migration `20260101000000_fill_titles`; run `shop migrate`",
        "run `shop migrate`",
    ),
    mistake(
        "a migration edited after it was applied",
        Steps(|place| Box::pin(steps::edited_migration(place))),
        "migration `20260101000000_fill_titles` was edited after it was applied: undo the edit, and put the change into a new migration",
        "undo the edit, and put the change into a new migration",
    ),
    mistake(
        "a folder of migrations that the application does not carry",
        Steps(|place| Box::pin(steps::migrations_left_out(place))),
        "the migrations in `migrations` are not part of the application: add `.migrations(mainstay::migrations!())` to it",
        "add `.migrations(mainstay::migrations!())`",
    ),
    mistake(
        "SQL beside the folders of migrations",
        Steps(|place| Box::pin(steps::loose_migration(place))),
        "`[root]/migrations/20260101000000_fill_titles.sql` is not the folder of a migration: put its SQL into `[root]/migrations/<time>_<name>/up.sql`",
        "put its SQL into `[root]/migrations/<time>_<name>/up.sql`",
    ),
    mistake(
        "a migration without a time",
        Steps(|place| Box::pin(steps::unnumbered_migration(place))),
        "`fill_titles` is not the name of a migration: 14 digits of its time (year to second), `_`, and small letters, digits and `_`, such as `20261121090000_add_slugs` is expected",
        "such as `20261121090000_add_slugs`",
    ),
    mistake(
        "a misspelt file of a migration",
        Steps(|place| Box::pin(steps::misspelt_file(place))),
        "migration `20260101000000_fill_titles`: `upp.sql` is none of its files, did you mean `up.sql`?",
        "did you mean `up.sql`?",
    ),
    mistake(
        "two migrations of one name",
        Steps(|place| Box::pin(steps::migration_twice(place))),
        "two migrations are named `20260101000000_fill_titles`: rename one of them",
        "rename one of them",
    ),
];
