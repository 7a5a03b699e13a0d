use mainstay_kernel::{Caller, Dialect, ErrorKind, Kind, Place, Timestamp, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::input::Intake;
use crate::patch::Patch;
use crate::store::select::{self, Slice, Stamped};
use crate::{
    Action, ColumnDef, Input, ModelEntry, Part, Predicate, Read, Record, Schema, Write, Writer, parse_list,
};

/// A column of each kind, and two that not everybody sees.
static COLUMNS: &[ColumnDef] = &[
    column("id", Kind::Uuid, Part::Id),
    column("flag", Kind::Bool, Part::Plain),
    column("count", Kind::Int, Part::Plain),
    ColumnDef { optional: true, ..column("ratio", Kind::Float, Part::Plain) },
    ColumnDef { optional: true, ..column("title", Kind::Text, Part::Plain) },
    column("data", Kind::Json, Part::Plain),
    column("seal", Kind::Bytes, Part::Plain),
    column("more", Kind::Json, Part::Overflow),
    ColumnDef { read: Read::Role("editor"), ..column("notes", Kind::Text, Part::Plain) },
    ColumnDef { read: Read::Private, write: NEVER, ..column("secret", Kind::Text, Part::Plain) },
    column("createdAt", Kind::Timestamp, Part::CreatedAt),
    column("updatedAt", Kind::Timestamp, Part::UpdatedAt),
    column("version", Kind::Int, Part::Version),
];

const NEVER: Write = Write { create: Writer::Nobody, update: Writer::Nobody };

static SCHEMA: Schema =
    Schema { search: &[4], ..Schema::new("thing", "things", COLUMNS, Place::at(file!(), line!())) };

const fn column(name: &'static str, kind: Kind, part: Part) -> ColumnDef {
    let write = match part {
        Part::Plain | Part::Overflow => Write { create: Writer::Everyone, update: Writer::Everyone },
        Part::Id | Part::CreatedAt | Part::UpdatedAt | Part::Version => NEVER,
    };
    ColumnDef { write, ..ColumnDef::new(name, kind, part) }
}

/// Reads the parameters of a list as a stranger's, and compiles what they ask for to both dialects.
///
/// # Panics
/// When a refusal is not the client's fault, or a statement holds a hidden column, or binds other
/// values than it has places for.
pub fn fuzz_list_parameters(pairs: &[(String, String)]) {
    let model = ModelEntry::of_schema(&SCHEMA);
    let query = match parse_list(&model, &[], &Caller::Anonymous, pairs) {
        Ok(query) => query,
        Err(error) => return assert!(matches!(error.kind(), ErrorKind::BadRequest(..)), "{error:?}"),
    };
    let predicate = match &query.after {
        Some(after) => query.filter.clone().and(after.clone()),
        None => query.filter.clone(),
    };
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        let slice =
            Slice { predicate: &predicate, sorts: &query.sorts, limit: query.limit, offset: query.offset };
        judge(dialect, &predicate, &select::slice(dialect, &SCHEMA, &slice, Stamped::No));
        judge(dialect, &predicate, &select::count(dialect, &SCHEMA, &predicate, Some(10), Stamped::No));
    }
    let hidden = |it: &ColumnDef| matches!(it.name, "notes" | "secret");
    let shown = SCHEMA.columns.iter().enumerate().any(|(at, it)| hidden(it) && query.visible.has(at));
    assert!(!shown, "a hidden column is shown: {query:?}");
}

fn judge(dialect: Dialect, predicate: &Predicate, statement: &mainstay_kernel::Statement) {
    let text = statement.text();
    let conditions = text.split_once(" WHERE ").map_or("", |(_, conditions)| conditions);
    assert!(!conditions.contains("notes") && !conditions.contains("secret"), "{text}");
    let mark = match dialect {
        Dialect::Postgres => '$',
        Dialect::Sqlite => '?',
    };
    let places = text.matches(mark).count();
    assert!(places >= statement.params().len(), "{predicate:?} became {text} with {:?}", statement.params());
    assert!(!text.contains('\''), "a value stands in the text: {text}");
}

/// Reads a client's fields as those of a create and of an update.
///
/// # Panics
/// When a refusal is not the client's fault, or a field is set that clients may not set.
pub fn fuzz_input(input: Input) {
    let model = ModelEntry::of_schema(&SCHEMA);
    for action in [Action::Create, Action::Update] {
        match Intake::new(&model, action, &Caller::Anonymous).assignments(input.clone(), &[]) {
            Ok(set) => {
                assert!(
                    set.iter().all(|(column, _)| SCHEMA.column(*column).write.update == Writer::Everyone),
                    "{set:?}"
                );
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Invalid(_) | ErrorKind::ReadOnly(_)), "{error:?}");
            }
        }
    }
}

/// Applies a client's patch to a row of which it does not see all.
///
/// # Panics
/// When a refusal is not the client's fault, a field is set that clients may not set, or what would be
/// written cannot be read again.
pub fn fuzz_patch(patch: Patch) {
    let model = ModelEntry::of_schema(&SCHEMA);
    let intake = Intake::new(&model, Action::Patch, &Caller::Anonymous);
    let values = [
        (2, Value::Int(7)),
        (4, Value::Text("t".to_owned())),
        (5, Value::Json(json!({"a": [1, {"b": null}]}))),
    ];
    let row = Record::new(&SCHEMA, Uuid::nil(), Timestamp::EPOCH, values);
    match patch.admitted(&intake).and_then(|patch| patch.changes(&intake, &row)) {
        Ok(set) => set.iter().for_each(|(column, value)| {
            assert!(SCHEMA.column(*column).write.update == Writer::Everyone, "{set:?}");
            if let Value::Json(json) = value {
                assert!(serde_json::from_str::<Json>(&json!({"data": json}).to_string()).is_ok(), "{json}");
            }
        }),
        Err(error) => {
            let kind = error.kind();
            let is_clients = matches!(
                kind,
                ErrorKind::Invalid(_) | ErrorKind::ReadOnly(_) | ErrorKind::PatchTestFailed(_)
            );
            assert!(is_clients, "{error:?}");
        }
    }
}
