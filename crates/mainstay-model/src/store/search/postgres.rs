use mainstay_kernel::{Alternative, Dialect, Last, Search, Term, Value, WordFunctions};

use super::super::introspect::Table;
use super::super::sql::{Builder, quoted};
use crate::schema::{bounded, hash};
use crate::search::Searched;
use crate::{Schema, Subject};

/// The index finds the words of each alternative. It knows nothing of their order, so phrases are looked
/// for in what it found.
pub(super) fn condition(sql: &mut Builder, schema: &Schema, searched: &Searched) {
    sql.text("(");
    for (position, alternative) in searched.search.alternatives().iter().enumerate() {
        if position > 0 {
            sql.text(" OR ");
        }
        write(sql, schema, searched, alternative);
    }
    sql.text(")");
}

fn write(sql: &mut Builder, schema: &Schema, searched: &Searched, alternative: &Alternative) {
    sql.text("(");
    lexemes(sql, schema, &searched.fields);
    sql.text(" @@ CAST(").bind(Value::Text(query(alternative))).text("::text AS tsquery)");
    for (terms, joined) in [(&alternative.wanted, " AND "), (&alternative.unwanted, " AND NOT ")] {
        for phrase in terms.iter().filter(|it| it.words.len() > 1) {
            sql.text(joined).text("(");
            beside_each_other(sql, schema, &searched.fields, phrase);
            sql.text(")");
        }
    }
    sql.text(")");
}

/// An alternative without the order of its words. Words hold letters and digits alone, so nothing in them
/// is special.
fn query(alternative: &Alternative) -> String {
    let wanted = alternative.wanted.iter().map(all_of);
    let single = alternative.unwanted.iter().filter(|it| it.words.len() == 1);
    wanted.chain(single.map(|it| format!("!{}", all_of(it)))).collect::<Vec<_>>().join(" & ")
}

fn all_of(term: &Term) -> String {
    let words = term.words.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" & ");
    match term.last {
        Last::Whole => words,
        Last::Prefix => format!("{words}:*"),
    }
}

fn beside_each_other(sql: &mut Builder, schema: &Schema, fields: &[Subject], phrase: &Term) {
    let mut text = format!(" {}", phrase.words.join(" "));
    match phrase.last {
        Last::Whole => text.push(' '),
        Last::Prefix => {}
    }
    for (position, field) in fields.iter().enumerate() {
        sql.text(if position > 0 { " OR strpos(" } else { "strpos(" });
        plain(sql, schema, field, fields.len());
        sql.text(", ").bind(Value::Text(text.clone())).text(") > 0");
    }
}

/// All words of the fields.
fn lexemes(sql: &mut Builder, schema: &Schema, fields: &[Subject]) {
    sql.text(&WordFunctions::get().lexemes).text("(");
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            sql.text(" || ");
        }
        plain(sql, schema, field, fields.len());
    }
    sql.text(")");
}

fn plain(sql: &mut Builder, schema: &Schema, field: &Subject, fields: usize) {
    sql.text(&WordFunctions::get().plain).text("(left(");
    match field {
        Subject::Column(column) => sql.name(schema.column(*column).name),
        Subject::Value(value) => sql.bind(value.clone()).text("::text"),
    };
    sql.text(", ").number(Search::share(fields) as u64).text("))");
}

pub(super) fn missing(schema: &Schema, table: &Table) -> Vec<String> {
    let mut expression = Builder::new(Dialect::Postgres);
    let fields: Vec<_> = schema.search.iter().map(|&it| Subject::Column(it)).collect();
    lexemes(&mut expression, schema, &fields);
    let expression = expression.build();
    let stem = format!("{}_search", schema.table);
    let name = bounded(&stem, &format!("_{:016x}", hash(expression.text())));
    if table.indexes.contains_key(&name) {
        return Vec::new();
    }
    let older =
        table.indexes.keys().filter(|it| it.len() == name.len() && it.starts_with(&name[..name.len() - 16]));
    let drops = older.map(|it| format!("DROP INDEX {}", quoted(it)));
    let create = format!(
        "CREATE INDEX {} ON {} USING gin ({})",
        quoted(&name),
        quoted(schema.table),
        expression.text()
    );
    drops.chain(WordFunctions::get().create.clone()).chain([create]).collect()
}
