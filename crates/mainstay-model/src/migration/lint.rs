//! What a migration does that the previous version of the code may not bear: both run while a new version
//! is rolled out, and the previous one runs again when that is taken back.

use std::collections::HashSet;
use std::fmt;

use mainstay_kernel::Dialect;

use super::script::{Statement, Token};
use super::source::{Migration, Script, Step};

/// A kind of danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hazard {
    /// A table goes.
    DropTable,
    /// A column goes.
    DropColumn,
    /// A table has another name from then on.
    RenameTable,
    /// A column has another name from then on.
    RenameColumn,
    /// A column holds something else from then on.
    Retype,
    /// A column may not be missing, which the previous version may leave out.
    NotNull,
    /// Rows that were allowed are refused.
    UniqueIndex,
    /// An index is built while nobody can write to the table.
    LockingIndex,
    /// A constraint is proven while nobody can write to the table.
    LockingConstraint,
    /// Each row is written anew while nobody can use the table.
    RewritingDefault,
    /// All rows go.
    EmptyTable,
}

/// A danger found in a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The migration.
    pub migration: String,
    /// Its file.
    pub file: String,
    /// The line on which the statement begins.
    pub line: usize,
    /// What it is.
    pub hazard: Hazard,
    /// What it is done to, such as `posts.title`.
    pub object: String,
}

impl Hazard {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::DropTable,
        Self::DropColumn,
        Self::RenameTable,
        Self::RenameColumn,
        Self::Retype,
        Self::NotNull,
        Self::UniqueIndex,
        Self::LockingIndex,
        Self::LockingConstraint,
        Self::RewritingDefault,
        Self::EmptyTable,
    ];

    /// What `-- mainstay: allow …: why` calls it.
    pub fn code(self) -> &'static str {
        match self {
            Self::DropTable => "drop-table",
            Self::DropColumn => "drop-column",
            Self::RenameTable => "rename-table",
            Self::RenameColumn => "rename-column",
            Self::Retype => "retype",
            Self::NotNull => "not-null",
            Self::UniqueIndex => "unique-index",
            Self::LockingIndex => "locking-index",
            Self::LockingConstraint => "locking-constraint",
            Self::RewritingDefault => "rewriting-default",
            Self::EmptyTable => "empty-table",
        }
    }

    /// What breaks, and how to do it instead.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DropTable => {
                "the previous version still uses it: take its model out, roll that out, and drop it with the version after"
            }
            Self::DropColumn => {
                "the previous version still reads and writes it: take the field out, roll that out, and drop it with \
                 the version after"
            }
            Self::RenameTable => {
                "the previous version asks for the old name: keep it by `#[model(table = \"…\")]`, or make a new table \
                 and copy"
            }
            Self::RenameColumn => {
                "the previous version asks for the old name: keep it by `#[model(column = \"…\")]`, or add a column, \
                 copy, and drop the old one with the version after"
            }
            Self::Retype => {
                "the previous version reads and writes the old type, and every row is written anew: add a column of \
                 the new type, copy, and drop the old one with the version after"
            }
            Self::NotNull => {
                "the previous version may leave it out: give it a DEFAULT; and on PostgreSQL add a CHECK … NOT VALID \
                 and VALIDATE it first, so that the table is not locked while its rows are read"
            }
            Self::UniqueIndex => {
                "the previous version may write rows that it refuses, and it fails on those that are there: look for \
                 them first, and say here why there are none"
            }
            Self::LockingIndex => {
                "nobody can write to the table until it is built: CREATE INDEX CONCURRENTLY, in a migration of its own \
                 that begins with `-- mainstay: no-transaction`"
            }
            Self::LockingConstraint => {
                "nobody can write to the table until each row is read: add it NOT VALID, and VALIDATE CONSTRAINT in a \
                 migration of its own"
            }
            Self::RewritingDefault => {
                "each row is written anew while the table is locked: add the column without it, set the default, and \
                 fill the rows in batches"
            }
            Self::EmptyTable => {
                "every row goes, also those that the previous version goes on writing: say WHERE"
            }
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { migration, file, line, hazard, object } = self;
        write!(f, "{migration}/{file}:{line}: {} `{object}`: {}", hazard.code(), hazard.advice())
    }
}

/// What a migration does that its file does not allow with a reason. Reverting one is for an emergency, and is
/// not judged.
pub(super) fn judge(migration: &Migration, dialect: Dialect) -> Vec<Warning> {
    match &migration.up {
        Step::Sql(script) => judge_script(&migration.name, script, dialect),
        // What a function does cannot be told.
        Step::Rust(_) => Vec::new(),
    }
}

fn judge_script(name: &str, script: &Script, dialect: Dialect) -> Vec<Warning> {
    let mut made = HashSet::new();
    let mut warnings = Vec::new();
    for statement in &script.statements {
        made.extend(created_table(&statement.tokens));
        let found = hazards(statement, dialect);
        let counts = found.into_iter().filter(|it| !made.contains(&it.table));
        warnings.extend(counts.filter(|it| !script.marks.allowed.contains(&it.hazard)).map(|it| Warning {
            migration: name.to_owned(),
            file: script.file.clone(),
            line: statement.line,
            hazard: it.hazard,
            object: it.object(),
        }));
    }
    warnings
}

/// A danger to a table, or to a column of it.
struct Found {
    hazard: Hazard,
    table: String,
    column: Option<String>,
}

impl Found {
    fn object(&self) -> String {
        match &self.column {
            Some(column) => format!("{}.{column}", self.table),
            None => self.table.clone(),
        }
    }
}

/// Words that may stand between a statement's verb and a name.
const FILLERS: [&str; 8] = ["if", "not", "exists", "only", "concurrently", "temp", "temporary", "unlogged"];

/// The rest of the tokens after these keywords, when they begin with them.
fn after<'a>(tokens: &'a [Token], keywords: &[&str]) -> Option<&'a [Token]> {
    let starts =
        tokens.len() >= keywords.len() && tokens.iter().zip(keywords).all(|(token, word)| token.is(word));
    starts.then(|| &tokens[keywords.len()..])
}

/// The name at the start, past what may stand before it and the schema's; and what follows.
fn named(mut tokens: &[Token]) -> Option<(String, &[Token])> {
    while tokens.first().is_some_and(|it| FILLERS.iter().any(|filler| it.is(filler))) {
        tokens = &tokens[1..];
    }
    while let [_, Token::Mark('.'), rest @ ..] = tokens {
        tokens = rest;
    }
    let (first, rest) = tokens.split_first()?;
    Some((first.name()?.to_owned(), rest))
}

fn has(tokens: &[Token], keywords: &[&str]) -> bool {
    (0..tokens.len()).any(|at| after(&tokens[at..], keywords).is_some())
}

fn created_table(tokens: &[Token]) -> Option<String> {
    let rest = after(tokens, &["create"])?;
    let at = rest.iter().take(3).position(|it| it.is("table"))?;
    named(&rest[at + 1..]).map(|(name, _)| name)
}

fn hazards(statement: &Statement, dialect: Dialect) -> Vec<Found> {
    let tokens = &statement.tokens;
    let on_table = |hazard, rest| named(rest).map(|(table, _)| Found { hazard, table, column: None });
    if let Some(rest) = after(tokens, &["alter", "table"]) {
        return named(rest).map(|(table, rest)| altered(&table, rest, dialect)).unwrap_or_default();
    }
    if let Some(rest) = after(tokens, &["create"]) {
        return indexed(rest, dialect);
    }
    let found = if let Some(rest) = after(tokens, &["drop", "table"]) {
        on_table(Hazard::DropTable, rest)
    } else if let Some(rest) = after(tokens, &["truncate", "table"]).or_else(|| after(tokens, &["truncate"]))
    {
        on_table(Hazard::EmptyTable, rest)
    } else if let Some(rest) = after(tokens, &["delete", "from"]).filter(|it| !has(it, &["where"])) {
        on_table(Hazard::EmptyTable, rest)
    } else {
        None
    };
    found.into_iter().collect()
}

/// `[UNIQUE] INDEX … ON table`.
fn indexed(rest: &[Token], dialect: Dialect) -> Vec<Found> {
    let (unique, rest) = match after(rest, &["unique"]) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let Some(rest) = after(rest, &["index"]) else { return Vec::new() };
    let Some(on) = rest.iter().position(|it| it.is("on")) else { return Vec::new() };
    let Some((table, _)) = named(&rest[on + 1..]) else { return Vec::new() };
    let locks = dialect == Dialect::Postgres && !has(rest, &["concurrently"]);
    let hazards = [(Hazard::UniqueIndex, unique), (Hazard::LockingIndex, locks)];
    let found = hazards.into_iter().filter(|(_, holds)| *holds);
    found.map(|(hazard, _)| Found { hazard, table: table.clone(), column: None }).collect()
}

/// Each of the actions of `ALTER TABLE`, which commas part.
fn altered(table: &str, rest: &[Token], dialect: Dialect) -> Vec<Found> {
    let mut depth = 0_usize;
    let actions = rest.split(|token| {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            Token::Word(_) | Token::Name(_) | Token::Text | Token::Mark(_) => {}
        }
        depth == 0 && *token == Token::Mark(',')
    });
    let found = actions.flat_map(|action| of_action(action, dialect));
    found.map(|(hazard, column)| Found { hazard, table: table.to_owned(), column }).collect()
}

fn of_action(action: &[Token], dialect: Dialect) -> Vec<(Hazard, Option<String>)> {
    let column = |rest| named(rest).map(|(name, _)| name);
    let past = |rest: &'_ [Token], word| after(rest, &[word]).map_or(rest.to_vec(), <[Token]>::to_vec);
    if after(action, &["rename", "to"]).is_some() {
        return vec![(Hazard::RenameTable, None)];
    }
    if let Some(rest) = after(action, &["rename"]).filter(|it| after(it, &["constraint"]).is_none()) {
        return vec![(Hazard::RenameColumn, column(&past(rest, "column")))];
    }
    if let Some(rest) = after(action, &["drop"]).filter(|it| after(it, &["constraint"]).is_none()) {
        return vec![(Hazard::DropColumn, column(&past(rest, "column")))];
    }
    if let Some(rest) = after(action, &["alter"]) {
        let Some((name, rest)) = named(&past(rest, "column")).map(|(name, rest)| (name, rest.to_vec()))
        else {
            return Vec::new();
        };
        let retypes = after(&rest, &["type"]).or_else(|| after(&rest, &["set", "data", "type"])).is_some();
        let requires = after(&rest, &["set", "not", "null"]).is_some();
        let hazards = [(Hazard::Retype, retypes), (Hazard::NotNull, requires)];
        let found = hazards.into_iter().filter(|(_, holds)| *holds);
        return found.map(|(hazard, _)| (hazard, Some(name.clone()))).collect();
    }
    match after(action, &["add"]) {
        Some(rest) => added(rest, dialect),
        None => Vec::new(),
    }
}

/// What `ADD` adds: a constraint, or a column with its own.
fn added(rest: &[Token], dialect: Dialect) -> Vec<(Hazard, Option<String>)> {
    let mut found = Vec::new();
    let constraint = match after(rest, &["constraint"]) {
        Some(named_one) => named(named_one).map(|(_, rest)| rest),
        None => Some(rest),
    };
    let constraint = constraint.unwrap_or_default();
    let proves = ["foreign", "check", "exclude"].iter().any(|word| after(constraint, &[word]).is_some());
    let is_unique = |tokens: &[Token]| has(tokens, &["unique"]) || has(tokens, &["primary", "key"]);
    if proves {
        if dialect == Dialect::Postgres && !has(rest, &["not", "valid"]) {
            found.push((Hazard::LockingConstraint, None));
        }
        return found;
    }
    if ["unique", "primary"].iter().any(|word| after(constraint, &[word]).is_some()) {
        if !has(rest, &["using", "index"]) {
            found.push((Hazard::UniqueIndex, None));
        }
        return found;
    }
    let Some((name, definition)) = named(after(rest, &["column"]).unwrap_or(rest)) else { return found };
    let default = definition.iter().position(|it| it.is("default"));
    let mut push = |hazard| found.push((hazard, Some(name.clone())));
    if has(definition, &["not", "null"]) && default.is_none() && !has(definition, &["generated"]) {
        push(Hazard::NotNull);
    }
    if is_unique(definition) {
        push(Hazard::UniqueIndex);
    }
    let rewrites = default.is_some_and(|at| calls(&definition[at + 1..])) || has(definition, &["stored"]);
    if dialect == Dialect::Postgres && rewrites {
        push(Hazard::RewritingDefault);
    }
    found
}

/// Whether a default calls a function that gives another value for each row.
fn calls(default: &[Token]) -> bool {
    const STABLE: [&str; 4] = ["now", "current_setting", "statement_timestamp", "transaction_timestamp"];
    matches!(default, [Token::Word(name), Token::Mark('('), ..] if !STABLE.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::script::statements;
    use super::*;

    fn codes(text: &str, dialect: Dialect) -> Vec<String> {
        let found = statements(text, dialect).into_iter().flat_map(|it| hazards(&it, dialect));
        found.map(|it| format!("{} {}", it.hazard.code(), it.object())).collect()
    }

    #[test]
    fn what_breaks_the_previous_version_is_flagged_on_both_stores() {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            for (text, told) in [
                ("drop table if exists posts", "drop-table posts"),
                ("ALTER TABLE public.posts DROP COLUMN IF EXISTS \"Title\"", "drop-column posts.Title"),
                ("alter table posts drop title", "drop-column posts.title"),
                ("alter table posts rename to articles", "rename-table posts"),
                ("alter table posts rename column a to b", "rename-column posts.a"),
                ("alter table posts rename a to b", "rename-column posts.a"),
                ("alter table only posts alter column a type bigint", "retype posts.a"),
                ("alter table posts alter a set data type text", "retype posts.a"),
                ("alter table posts alter a set not null", "not-null posts.a"),
                ("alter table posts add column a int not null", "not-null posts.a"),
                ("alter table posts add a int unique", "unique-index posts.a"),
                ("alter table posts add constraint c unique (a)", "unique-index posts"),
                ("delete from posts", "empty-table posts"),
                ("truncate posts", "empty-table posts"),
            ] {
                assert_eq!(codes(text, dialect), [told], "{text}");
            }
        }
    }

    #[test]
    fn what_locks_a_table_is_flagged_on_postgres() {
        for (text, told) in [
            ("create index a on posts (b)", vec!["locking-index posts"]),
            ("create unique index a on posts (b)", vec!["unique-index posts", "locking-index posts"]),
            ("create unique index concurrently a on posts (b)", vec!["unique-index posts"]),
            ("alter table posts add constraint c check (a > 0)", vec!["locking-constraint posts"]),
            ("alter table posts add foreign key (a) references b (id)", vec!["locking-constraint posts"]),
            ("alter table posts add a uuid default gen_random_uuid()", vec!["rewriting-default posts.a"]),
            (
                "alter table posts add a int, drop b, add c numeric(1, 2) not null",
                vec!["drop-column posts.b", "not-null posts.c"],
            ),
        ] {
            assert_eq!(codes(text, Dialect::Postgres), told, "{text}");
        }
        assert_eq!(codes("create index a on posts (b)", Dialect::Sqlite), [""; 0]);
    }

    #[test]
    fn what_harms_nobody_is_not_flagged() {
        for text in [
            "create table a (b int not null unique)",
            "alter table posts add column a int",
            "alter table posts add a int not null default 0",
            "alter table posts add a timestamptz not null default now()",
            "alter table posts add constraint c check (a > 0) not valid",
            "alter table posts drop constraint c",
            "alter table posts rename constraint c to d",
            "alter table posts alter a set default 1",
            "alter table posts alter a drop not null",
            "delete from posts where a = 1",
            "update posts set a = 'drop table posts'",
            "insert into posts select * from \"drop\" -- drop table a",
            "create index concurrently a on posts (b)",
        ] {
            assert_eq!(codes(text, Dialect::Postgres), [""; 0], "{text}");
        }
    }
}
