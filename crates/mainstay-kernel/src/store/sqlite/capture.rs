//! Row triggers that write what changed into `mainstay_change`.

use crate::store::capture::null_mark;
use crate::{Capture, Kind};

/// Drops the triggers of the table and makes them anew. `mainstay_change.at` is the machine's time.
pub(crate) fn ddl(capture: &Capture) -> Vec<String> {
    let changes = [
        ("insert", "NEW", "NULL".to_owned(), image(capture, "NEW")),
        ("update", "OLD", image(capture, "OLD"), image(capture, "NEW")),
        ("delete", "OLD", image(capture, "OLD"), "NULL".to_owned()),
    ];
    let table = identifier(&capture.table);
    let name = |event: &str| name(capture, event);
    let model = literal(&capture.model);
    changes
        .into_iter()
        .flat_map(|(event, row, before, after)| {
            let trigger = name(event);
            [
                format!("DROP TRIGGER IF EXISTS {trigger}"),
                format!(
                    "CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN \
                     INSERT INTO mainstay_change (model, id, before, after, at) VALUES ({model}, \
                     CAST({row}.\"id\" AS TEXT), {before}, {after}, \
                     CAST(unixepoch('subsec') * 1000000 AS INTEGER)); END"
                ),
            ]
        })
        .collect()
}

/// Drops the triggers of the table.
pub(crate) fn undo(capture: &Capture) -> Vec<String> {
    ["insert", "update", "delete"].map(|it| format!("DROP TRIGGER IF EXISTS {}", name(capture, it))).into()
}

fn name(capture: &Capture, event: &str) -> String {
    identifier(&format!("mainstay_capture_{}_{event}", capture.table))
}

/// The captured columns of a row as one JSON object.
fn image(capture: &Capture, row: &str) -> String {
    let fields = capture.columns.iter().map(|(column, kind)| {
        let value = format!("{row}.{}", identifier(column));
        let own = format!("{}, {}", literal(column), json_of(&value, *kind));
        if *kind != Kind::Json {
            return own;
        }
        let null = format!("json(CASE json_type({value}) WHEN 'null' THEN 'true' END)");
        format!("{own}, {}, {null}", literal(&null_mark(column)))
    });
    format!("json_object({})", fields.collect::<Vec<_>>().join(", "))
}

/// The value as JSON: bytes in hexadecimal, times in microseconds, decimals in their units.
fn json_of(value: &str, kind: Kind) -> String {
    match kind {
        Kind::Bool => format!("json(CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"),
        Kind::Json => format!("json({value})"),
        Kind::Bytes => format!("CASE WHEN {value} IS NOT NULL THEN lower(hex({value})) END"),
        Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::Decimal(_)
        | Kind::Date
        | Kind::Enum(_) => value.to_owned(),
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
