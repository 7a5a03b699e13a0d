use super::Made::{File, Parts, Variables};
use super::{Mistake, mistake, parts};
use mainstay::prelude::*;

/// What an application is told by variables and files.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "a port that is no number",
        Variables(&["PORT=eighty"]),
        "the configuration has 1 fault

PORT
  value:    `eighty`, from the process environment
  expected: a whole number from 0 to 65535 (0: any free port)
  fix:      write `PORT=8080`, or remove it for the default: `3000`",
        "write `PORT=8080`",
    ),
    mistake(
        "a switch that is neither on nor off",
        Variables(&["SERVER=maybe"]),
        "the configuration has 1 fault

SERVER
  value:    `maybe`, from the process environment
  expected: `true`, `false`, `1`, `0`, `yes`, `no`, `on` or `off`
  fix:      write `SERVER=false`, or remove it for the default: `true`",
        "write `SERVER=false`",
    ),
    mistake(
        "an address of a database that is not kept here",
        Variables(&["DATABASE_URL=mysql://root@localhost/shop"]),
        "the configuration has 1 fault

DATABASE_URL
  value:    not shown (27 bytes), from the process environment
  expected: `postgres://user@host/database`, `sqlite://path`, `file:./path` or `:memory:`
  fix:      write `DATABASE_URL=postgres://user:password@host/database`, or remove it for the default: `sqlite://.mainstay/<app>.db`",
        "write `DATABASE_URL=postgres://user:password@host/database`",
    ),
    mistake(
        "an address without what it is of",
        Variables(&["DATABASE_URL=localhost/shop"]),
        "the configuration has 1 fault

DATABASE_URL
  value:    not shown (14 bytes), from the process environment
  expected: `postgres://user@host/database`, `sqlite://path`, `file:./path` or `:memory:`
  fix:      write `DATABASE_URL=postgres://user:password@host/database`, or remove it for the default: `sqlite://.mainstay/<app>.db`",
        "write `DATABASE_URL=postgres://user:password@host/database`",
    ),
    mistake(
        "a mode that is none",
        Variables(&["MAINSTAY_ENV=prod"]),
        "the configuration has 1 fault

MAINSTAY_ENV
  value:    `prod`, from the process environment
  expected: `development`, `production` or `test`
  fix:      did you mean `production`?",
        "did you mean `production`?",
    ),
    mistake(
        "production without its secrets",
        Variables(&["MAINSTAY_ENV=production", "AUTH_SECRET=0123456789abcdef0123456789abcdef"]),
        "the configuration has 1 fault

AUTH_JWT_SECRET
  value:    not set
  expected: a secret of at least 32 bytes
  fix:      make one with `openssl rand -hex 32` and set AUTH_JWT_SECRET in the process environment or in `.env.local`",
        "make one with `openssl rand -hex 32`",
    ),
    mistake(
        "a secret that is too short",
        Variables(&["AUTH_JWT_SECRET=secret"]),
        "the configuration has 1 fault

AUTH_JWT_SECRET
  value:    not shown (6 bytes), from the process environment
  expected: a secret of at least 32 bytes
  fix:      make one with `openssl rand -hex 32` and set AUTH_JWT_SECRET in the process environment or in `.env.local`",
        "make one with `openssl rand -hex 32`",
    ),
    mistake(
        "a misspelt variable",
        Variables(&["AUTH_JWT_SECRETS=0123456789abcdef0123456789abcdef"]),
        "the configuration has 1 fault

AUTH_JWT_SECRETS
  value:    not shown, from the process environment
  expected: a variable that the framework reads
  fix:      did you mean `AUTH_JWT_SECRET`?",
        "did you mean `AUTH_JWT_SECRET`?",
    ),
    mistake(
        "a misspelt key of the file",
        File("mainstay.toml", "prot = 3000\n"),
        "the configuration has 1 fault

prot
  value:    not shown, from `mainstay.toml`
  expected: a key that the framework reads
  fix:      did you mean `port`?",
        "did you mean `port`?",
    ),
    mistake(
        "a table that the file does not have",
        File("mainstay.toml", "[database]\nurl = \"sqlite://shop.db\"\n"),
        "the configuration has 1 fault

database
  value:    not shown, from `mainstay.toml`
  expected: a key that the framework reads
  fix:      did you mean `database_url`?",
        "did you mean `database_url`?",
    ),
    mistake(
        "a file that is no TOML",
        File("mainstay.toml", "port = \n"),
        "the configuration has 1 fault

mainstay.toml, line 1
  value:    not shown, from `mainstay.toml`
  expected: TOML
  fix:      mend this line: string values must be quoted, expected literal string",
        "mend this line: string values must be quoted",
    ),
    mistake(
        "a misspelt key of one's own",
        File("mainstay.toml", "[app]\nshop_ower = \"me\"\n"),
        "the configuration has 1 fault

shop_ower
  value:    not shown, from the table `[app]` of `mainstay.toml`
  expected: a variable that the application's configuration has a field for
  fix:      did you mean `shop_owner`?",
        "did you mean `shop_owner`?",
    ),
    mistake(
        "a line that sets nothing",
        File(".env", "PORT 3000\n"),
        "the configuration has 1 fault

.env, line 1
  value:    not shown, from `.env`
  expected: lines `NAME=value`, values with spaces or `#` in quotes, values with `$` in single quotes
  fix:      mend or remove this line",
        "lines `NAME=value`",
    ),
    mistake(
        "a secret of one's own that is not set",
        Parts(|| App::new("shop").config::<parts::Mail>()),
        "the configuration has 1 fault

MAIL_SERVER
  value:    not set
  expected: text
  fix:      set MAIL_SERVER in the process environment or in `.env.local`, or give the field a default",
        "set MAIL_SERVER in the process environment or in `.env.local`",
    ),
    mistake(
        "a duration without its unit",
        Variables(&["SHUTDOWN_TIMEOUT=10"]),
        "the configuration has 1 fault

SHUTDOWN_TIMEOUT
  value:    `10`, from the process environment
  expected: a time from `0s` to `10m`, such as `500ms`, `10s` or `2m`
  fix:      add the unit: `10s` or `10ms`",
        "add the unit: `10s` or `10ms`",
    ),
    mistake(
        "a size in words",
        Variables(&["REQUEST_BODY_MAX_BYTES=1MB"]),
        "the configuration has 1 fault

REQUEST_BODY_MAX_BYTES
  value:    `1MB`, from the process environment
  expected: a number of bytes from 1 to 4294967296, such as `1048576`, `512KiB` or `1MiB`
  fix:      write the binary unit: `1MiB`",
        "write the binary unit: `1MiB`",
    ),
    mistake(
        "a prefix without its slash",
        Variables(&["API_PREFIX=v1"]),
        "the configuration has 1 fault

API_PREFIX
  value:    `v1`, from the process environment
  expected: a path such as `/v1`, of letters, digits, `-`, `_` and `.`, or `/` for none
  fix:      begin it with `/`",
        "begin it with `/`",
    ),
    mistake(
        "every origin trusted",
        Variables(&["TRUSTED_ORIGINS=*"]),
        "the configuration has 1 fault

TRUSTED_ORIGINS
  value:    `*`, from the process environment
  expected: a list, separated by commas, of origins `scheme://host` or `scheme://host:port`, such as `https://app.example.org`
  fix:      `*` would trust every origin with the user's credentials, name each origin",
        "name each origin",
    ),
    mistake(
        "a misspelt level of the log",
        Variables(&["LOG=inof"]),
        "the configuration has 1 fault

LOG
  value:    `inof`, from the process environment
  expected: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`) or levels by target, such as `info,mainstay_web=debug`
  fix:      did you mean `info`?",
        "did you mean `info`?",
    ),
    mistake(
        "a misspelt role",
        Variables(&["ROLES=wbe"]),
        "the configuration has 1 fault

ROLES
  value:    `wbe`, from the process environment
  expected: a list, separated by commas, of `web`, `worker`, `relay` or `cron`
  fix:      did you mean `web`?",
        "did you mean `web`?",
    ),
    mistake(
        "a process with nothing to do",
        Variables(&["SERVER=false"]),
        "this process is not to answer requests (SERVER is false, or ROLES lacks `web`) and has no background work to do instead: allow `web`, or run one of the other commands",
        "allow `web`",
    ),
    mistake(
        "a replica of a file",
        Variables(&["DATABASE_READ_URL=postgres://replica/shop"]),
        "the configuration has 1 fault

DATABASE_READ_URL
  value:    not shown (23 bytes), from the process environment
  expected: `postgres://user@host/database`, `sqlite://path`, `file:./path` or `:memory:`
  fix:      only PostgreSQL has replicas: remove it, or name PostgreSQL here and in DATABASE_URL",
        "remove it, or name PostgreSQL here and in DATABASE_URL",
    ),
];
