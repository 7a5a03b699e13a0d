use mainstay_kernel::{Alternative, Last, Search, Term, Value};

use super::super::introspect::Table;
use super::super::sql::{Builder, quoted};
use crate::search::Searched;
use crate::{Schema, Subject};

/// Looks the words up in the index.
pub(super) fn condition(sql: &mut Builder, schema: &Schema, alias: &str, searched: &Searched) {
    let Names { index, keys } = Names::of(schema);
    sql.name(alias).text(".").name(schema.column(schema.id()).name);
    sql.text(&format!(
        " IN (SELECT k.\"id\" FROM {index} AS i JOIN {keys} AS k ON k.\"key\" = i.rowid WHERE {index} MATCH "
    ));
    sql.bind(Value::Text(wanted(&searched.search))).text(")");
}

/// Judges the texts themselves.
pub(super) fn judged(sql: &mut Builder, schema: &Schema, searched: &Searched) {
    sql.text("mainstay_search(").bind(Value::Text(searched.search.text().to_owned()));
    for field in &searched.fields {
        sql.text(", ");
        match field {
            Subject::Column(column) => sql.name(schema.column(*column).name),
            Subject::Value(value) => sql.bind(value.clone()),
        };
    }
    sql.text(")");
}

/// A search in the language of FTS5. Words hold letters and digits alone, so nothing in them is special.
fn wanted(search: &Search) -> String {
    search.alternatives().iter().map(alternative).collect::<Vec<_>>().join(" OR ")
}

fn alternative(it: &Alternative) -> String {
    let terms = |terms: &[Term], between: &str| terms.iter().map(term).collect::<Vec<_>>().join(between);
    let wanted = terms(&it.wanted, " AND ");
    if it.unwanted.is_empty() {
        return format!("({wanted})");
    }
    format!("(({wanted}) NOT ({}))", terms(&it.unwanted, " OR "))
}

fn term(it: &Term) -> String {
    let words = it.words.join(" ");
    match it.last {
        Last::Whole => format!("\"{words}\""),
        Last::Prefix => format!("\"{words}\" *"),
    }
}

/// The tables of a model's index, quoted. FTS5 knows rows by numbers: the keys say whose they are. The
/// model's own row numbers would not do, since VACUUM may change them.
struct Names {
    index: String,
    keys: String,
}

impl Names {
    fn of(schema: &Schema) -> Self {
        Self {
            index: quoted(&format!("mainstay_search_{}", schema.table)),
            keys: quoted(&format!("mainstay_search_key_{}", schema.table)),
        }
    }
}

pub(super) fn missing(schema: &Schema, table: &Table) -> Vec<String> {
    let triggers = triggers(schema);
    if triggers.iter().all(|(_, create)| table.has_trigger(create)) {
        return Vec::new();
    }
    let Names { index, keys } = Names::of(schema);
    let (of, fields) = (quoted(schema.table), fields(schema, "t"));
    let columns = (0..schema.search.len()).map(column).collect::<Vec<_>>().join(", ");
    let drops = triggers.iter().map(|(name, _)| format!("DROP TRIGGER IF EXISTS {name}"));
    let tables = [
        format!("DROP TABLE IF EXISTS {index}"),
        format!("DROP TABLE IF EXISTS {keys}"),
        format!("CREATE TABLE {keys} (\"key\" INTEGER PRIMARY KEY, \"id\" TEXT NOT NULL UNIQUE) STRICT"),
        // With an index of first letters: without it `a*` puts together what is known of every word with an
        // `a`, which no time limit ends.
        format!(
            "CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='', contentless_delete=1, \
             prefix='1 2', tokenize='unicode61 remove_diacritics 2')"
        ),
        format!("INSERT INTO {keys} (\"id\") SELECT \"id\" FROM {of}"),
        format!(
            "INSERT INTO {index} (rowid, {columns}) \
             SELECT k.\"key\", {fields} FROM {keys} AS k JOIN {of} AS t ON t.\"id\" = k.\"id\""
        ),
    ];
    drops.chain(tables).chain(triggers.iter().map(|(_, create)| create.clone())).collect()
}

/// The name and the definition of each trigger.
fn triggers(schema: &Schema) -> [(String, String); 3] {
    let searched = schema.search.iter().copied().chain([schema.id()]);
    let searched: Vec<_> = searched.map(|it| quoted(schema.column(it).name)).collect();
    let changed = searched.iter().map(|it| format!("OLD.{it} IS NOT NEW.{it}"));
    let update = format!("UPDATE OF {}", searched.join(", "));
    let when = format!(" WHEN {}", changed.collect::<Vec<_>>().join(" OR "));
    let (out, into) = (out_of(schema, "OLD"), into(schema));
    [
        // A row of the same key that REPLACE took away unseen would be in the way.
        trigger(schema, "insert", "INSERT", "", &format!("{} {into}", out_of(schema, "NEW"))),
        trigger(schema, "update", &update, &when, &format!("{out} {into}")),
        trigger(schema, "delete", "DELETE", "", &out),
    ]
}

fn trigger(schema: &Schema, suffix: &str, event: &str, when: &str, body: &str) -> (String, String) {
    let name = quoted(&format!("mainstay_search_{}_{suffix}", schema.table));
    let table = quoted(schema.table);
    let create = format!("CREATE TRIGGER {name} AFTER {event} ON {table}{when} BEGIN {body} END");
    (name, create)
}

/// Takes a row out of the index.
fn out_of(schema: &Schema, row: &str) -> String {
    let Names { index, keys } = Names::of(schema);
    format!(
        "DELETE FROM {index} WHERE rowid = (SELECT \"key\" FROM {keys} WHERE \"id\" = {row}.\"id\"); \
         DELETE FROM {keys} WHERE \"id\" = {row}.\"id\";"
    )
}

/// Puts the new row into the index.
fn into(schema: &Schema) -> String {
    let Names { index, keys } = Names::of(schema);
    let columns = (0..schema.search.len()).map(column).collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO {keys} (\"id\") VALUES (NEW.\"id\"); \
         INSERT INTO {index} (rowid, {columns}) \
         SELECT \"key\", {} FROM {keys} WHERE \"id\" = NEW.\"id\";",
        fields(schema, "NEW")
    )
}

/// A column of the index. Some names of fields, such as `rank`, mean something else to FTS5.
fn column(position: usize) -> String {
    format!("f{position}")
}

/// The searched part of each field.
fn fields(schema: &Schema, row: &str) -> String {
    let share = Search::share(schema.search.len());
    let field = |&it: &usize| format!("substr({row}.{}, 1, {share})", quoted(schema.column(it).name));
    schema.search.iter().map(field).collect::<Vec<_>>().join(", ")
}
