//! Row triggers that write into `mainstay_change`, so that raw SQL is captured as well.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

use crate::store::capture::null_mark;
use crate::{Capture, Kind};

/// PostgreSQL's limit for a name, in bytes; longer ones are cut without a word.
const NAME_LIMIT: usize = 63;

/// A function takes at most 100 arguments: 50 names and values.
const PAIRS_AT_ONCE: usize = 50;

/// The statements that (re)create a table's triggers, to be run in one transaction.
pub(crate) fn ddl(capture: &Capture) -> Vec<String> {
    let function = function_name(&capture.table);
    let (table, name) = (quoted(&capture.table), quoted(&function));
    vec![
        function_ddl(capture, &name),
        pin_search_path(&function),
        format!("REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC"),
        format!(
            "CREATE OR REPLACE TRIGGER mainstay_capture AFTER INSERT OR UPDATE OR DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {name}()"
        ),
        format!(
            "CREATE OR REPLACE TRIGGER mainstay_capture_truncate AFTER TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        ),
        // Also when the rows come by replication.
        format!(
            "ALTER TABLE {table} ENABLE ALWAYS TRIGGER mainstay_capture, \
             ENABLE ALWAYS TRIGGER mainstay_capture_truncate"
        ),
    ]
}

/// The statements that drop a table's triggers, and what they call.
pub(crate) fn undo(capture: &Capture) -> Vec<String> {
    let (table, name) = (quoted(&capture.table), quoted(&function_name(&capture.table)));
    vec![
        format!("DROP TRIGGER IF EXISTS mainstay_capture ON {table}"),
        format!("DROP TRIGGER IF EXISTS mainstay_capture_truncate ON {table}"),
        format!("DROP FUNCTION IF EXISTS {name}()"),
    ]
}

/// Runs with its owner's rights: whoever may change the row need not be able to forge a change.
fn function_ddl(capture: &Capture, name: &str) -> String {
    let model = literal(&capture.model);
    let (old, new) = (image("OLD", &capture.columns), image("NEW", &capture.columns));
    let record = "INSERT INTO mainstay_change (model, id, before, after) VALUES";
    // Of a session that wants floats short, the image would be another row than the one that is stored.
    let has_floats = capture.columns.iter().any(|(_, kind)| *kind == Kind::Float);
    let settings = if has_floats { "SET extra_float_digits = 1 " } else { "" };
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {settings}AS $mainstay$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {record} ({model}, NEW.id::text, NULL, {new});
    ELSIF TG_OP = 'UPDATE' THEN
        {record} ({model}, NEW.id::text, {old}, {new});
    ELSIF TG_OP = 'DELETE' THEN
        {record} ({model}, OLD.id::text, {old}, NULL);
    ELSE
        {record} ({model}, '*', NULL, NULL);
    END IF;
    RETURN NULL;
END
$mainstay$"
    )
}

/// To the schema at hand, with the temporary one last: a caller's own `mainstay_change` in either
/// must not be what the function finds.
fn pin_search_path(function: &str) -> String {
    let function = literal(function);
    format!(
        "DO $mainstay$ BEGIN EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', \
         {function}, current_schema()); END $mainstay$"
    )
}

fn image(row: &str, columns: &[(String, Kind)]) -> String {
    let pairs: Vec<_> = columns.iter().flat_map(|(name, kind)| pairs(row, name, *kind)).collect();
    let parts: Vec<_> = pairs
        .chunks(PAIRS_AT_ONCE)
        .map(|pairs| format!("jsonb_build_object({})", pairs.join(", ")))
        .collect();
    if parts.is_empty() { "'{}'::jsonb".to_owned() } else { parts.join(" || ") }
}

fn pairs(row: &str, name: &str, kind: Kind) -> Vec<String> {
    let own = format!("{}, {}", literal(name), value(row, name, kind));
    if kind != Kind::Json {
        return vec![own];
    }
    let null = format!("CASE jsonb_typeof({row}.{}) WHEN 'null' THEN true END", quoted(name));
    vec![own, format!("{}, {null}", literal(&null_mark(name)))]
}

fn value(row: &str, column: &str, kind: Kind) -> String {
    let column = quoted(column);
    match kind {
        Kind::Bytes => format!("encode({row}.{column}, 'hex')"),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::Json
        | Kind::Decimal(_)
        | Kind::Date
        | Kind::Enum(_) => format!("{row}.{column}"),
    }
}

fn function_name(table: &str) -> String {
    const PREFIX: &str = "mainstay_capture_";
    if PREFIX.len() + table.len() <= NAME_LIMIT {
        return format!("{PREFIX}{table}");
    }
    let mut name = PREFIX.to_owned();
    for byte in digest(&SHA256, table.as_bytes()).as_ref().iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
