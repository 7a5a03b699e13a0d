use mainstay_kernel::{Error, ErrorKind, FieldFault, Kind, Result, Timestamp, Value};
use serde_json::{Map, Value as Json};

use crate::json::{holds_nul, settle};
use crate::rules::Broken;
use crate::undeclared::{self, Named};
use crate::{Action, ColumnDef, ModelEntry, Part, Schema, Visible, decimal, model_enum, suggest};

/// What a client sent: fields by the names it knows.
pub type Input = Map<String, Json>;

/// Columns and the values they are to have.
pub type Assignments = Vec<(usize, Value)>;

/// The most faults of one answer: a body may hold a hundred thousand unknown fields.
const MOST_FAULTS: usize = 100;

/// Reads a client's fields for this action. Everything wrong is reported at once, up to a bound.
/// What the scope sets is not required of the client. Properties that are not declared come as the
/// overflow column's value.
pub(crate) fn assignments(
    model: &ModelEntry,
    action: Action,
    input: Input,
    visible: &Visible,
    set: &[(usize, Value)],
) -> Result<Assignments> {
    let mut assigned = Vec::with_capacity(input.len());
    let mut faults = Vec::new();
    let mut read_only = false;
    let mut properties = Input::new();
    for (field, json) in input {
        if faults.len() >= MOST_FAULTS {
            return Err(refusal(read_only, faults));
        }
        match place(model, action, &field, visible) {
            Ok(Place::Column(column)) => match value(model, column, json) {
                Ok(value) => assigned.push((column, value)),
                Err(mut broken) => faults.append(&mut broken),
            },
            Ok(Place::Overflow) => match undeclared::read(&field, json) {
                Ok(json) => drop(properties.insert(field, json)),
                Err(fault) => faults.push(fault),
            },
            Err(fault) => {
                read_only |= fault.code == "read_only_field";
                faults.push(fault);
            }
        }
    }
    if action == Action::Create {
        let missing =
            missing(model, &faults, |column| assigned.iter().chain(set).any(|(it, _)| *it == column));
        faults.extend(missing);
        faults.extend(undeclared::faults(model, &Input::new(), &properties));
    }
    let overflow = model.schema.overflow().filter(|_| !properties.is_empty());
    assigned.extend(overflow.map(|it| (it, Value::Json(Json::Object(properties)))));
    if faults.is_empty() {
        return Ok(assigned);
    }
    Err(refusal(read_only, faults))
}

/// Refuses names that are no fields which clients may set in this action.
///
/// # Errors
/// Invalid or read-only fields, up to a bound.
pub(crate) fn admit<'a>(
    model: &ModelEntry,
    action: Action,
    fields: impl IntoIterator<Item = &'a str>,
    visible: &Visible,
) -> Result<()> {
    let faults = fields.into_iter().filter_map(|field| place(model, action, field, visible).err());
    let faults: Vec<_> = faults.take(MOST_FAULTS).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(refusal(faults.iter().any(|it| it.code == "read_only_field"), faults))
}

fn refusal(read_only: bool, faults: Vec<FieldFault>) -> Error {
    Error::new(if read_only { ErrorKind::ReadOnly(faults) } else { ErrorKind::Invalid(faults) })
}

/// Whether clients may set a column in this action.
pub(crate) fn writable(column: &ColumnDef, action: Action) -> bool {
    match action {
        Action::Create => column.write.create,
        Action::Update | Action::Patch => column.write.update,
        Action::Read | Action::Delete => false,
    }
}

/// Where a client's field goes.
enum Place {
    Column(usize),
    Overflow,
}

fn place(model: &ModelEntry, action: Action, field: &str, visible: &Visible) -> Result<Place, FieldFault> {
    let schema = model.schema;
    let is_writable = |column: usize| writable(schema.column(column), action);
    let is_known = |column: usize| visible.has(column) || is_writable(column);
    match schema.named(field) {
        Named::Field(column) if is_writable(column) => Ok(Place::Column(column)),
        Named::Property(column) if is_writable(column) => Ok(Place::Overflow),
        Named::Field(column) | Named::Property(column) if is_known(column) => Err(read_only(field, action)),
        Named::Reserved => Err(read_only(field, action)),
        // Where any other name would be a property, this one is not.
        Named::Field(_) if schema.overflow().is_some_and(is_known) => Err(read_only(field, action)),
        Named::Field(_) | Named::Property(_) | Named::Nothing => {
            let fields = schema.columns.iter().filter(|it| it.part != Part::Overflow);
            let names = fields.filter(|it| writable(it, action)).map(|it| it.field);
            Err(fault(field, "unknown_field", suggest::unknown("field", field, names)))
        }
    }
}

fn read_only(field: &str, action: Action) -> FieldFault {
    fault(field, "read_only_field", format!("cannot be set by a client's {}", action.verb()))
}

pub(crate) fn fault(field: &str, code: &'static str, message: impl Into<String>) -> FieldFault {
    FieldFault { field: field.to_owned(), code: code.into(), message: message.into() }
}

/// Reads one value and checks it against the field's type and rules.
fn value(model: &ModelEntry, column: usize, json: Json) -> Result<Value, Vec<FieldFault>> {
    let def = model.schema.column(column);
    let one = |code, message| vec![fault(def.field, code, message)];
    let value = if json.is_null() && def.optional {
        Value::Null
    } else if json.is_null() && def.kind != Kind::Json {
        return Err(one("required", "must not be null".to_owned()));
    } else {
        from_json(def.kind, json).map_err(|(code, message)| one(code, message))?
    };
    checked(model.schema, model.check, column, value)
}

/// Holds a value to the column's and the field's rules; `check` is the model's.
pub(crate) fn checked(
    schema: &Schema,
    check: fn(usize, &Value) -> Vec<Broken>,
    column: usize,
    value: Value,
) -> Result<Value, Vec<FieldFault>> {
    let def = schema.column(column);
    let longest = schema.longest(column);
    if value.is_null() && !def.optional {
        return Err(vec![fault(def.field, "required", "must not be null")]);
    }
    if length(&value) > longest {
        let message = format!("must not be longer than {longest} bytes, because it is indexed");
        return Err(vec![fault(def.field, "too_long", message)]);
    }
    let broken = check(column, &value);
    if broken.is_empty() {
        return Ok(value);
    }
    Err(broken.into_iter().map(|it| fault(def.field, it.code, it.message)).collect())
}

/// The bytes of a text, or of bytes; of anything else 0.
fn length(value: &Value) -> usize {
    match value {
        Value::Text(it) => it.len(),
        Value::Bytes(it) => it.len(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Uuid(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Decimal(_)
        | Value::Enum(_)
        | Value::Json(_) => 0,
    }
}

fn missing(model: &ModelEntry, faults: &[FieldFault], given: impl Fn(usize) -> bool) -> Vec<FieldFault> {
    let schema = model.schema;
    let required = (0..schema.columns.len()).filter(|&it| {
        let column = schema.column(it);
        column.part == Part::Plain && !column.optional && column.default.is_none()
    });
    required
        .filter(|&it| !given(it))
        .filter(|&it| !faults.iter().any(|fault| fault.field == schema.column(it).field))
        .map(|it| fault(schema.column(it).field, "required", "is required"))
        .collect()
}

/// A value of this kind from JSON.
fn from_json(kind: Kind, json: Json) -> Result<Value, (&'static str, String)> {
    let expected = |what: &str| ("wrong_type", format!("expected {what}"));
    match (kind, json) {
        (Kind::Bool, Json::Bool(it)) => Ok(Value::Bool(it)),
        (Kind::Bool, _) => Err(expected("true or false")),
        (Kind::Int, json) => json.as_i64().map(Value::Int).ok_or_else(|| expected("a 64-bit integer")),
        (Kind::Float, json) => json
            .as_f64()
            .filter(|it| it.is_finite())
            .map(|it| Value::Float(if it == 0.0 { 0.0 } else { it }))
            .ok_or_else(|| expected("a number")),
        (Kind::Text, Json::String(it)) => text(it),
        (Kind::Text, _) => Err(expected("a text")),
        (Kind::Bytes, Json::String(it)) => {
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, it)
                .map(Value::Bytes)
                .map_err(|_| expected("base64"))
        }
        (Kind::Uuid, Json::String(it)) => {
            uuid::Uuid::try_parse(&it).map(Value::Uuid).map_err(|_| expected("a UUID"))
        }
        (Kind::Timestamp, Json::String(it)) => {
            it.parse::<Timestamp>().map(Value::Timestamp).map_err(|_| expected("an RFC 3339 time"))
        }
        (Kind::Bytes, _) => Err(expected("base64")),
        (Kind::Uuid, _) => Err(expected("a UUID")),
        (Kind::Timestamp, _) => Err(expected("an RFC 3339 time such as 2026-01-31T12:00:00Z")),
        (Kind::Date, Json::String(it)) => it.parse().map(Value::Date).map_err(|_| expected(A_DATE)),
        (Kind::Date, _) => Err(expected(A_DATE)),
        (Kind::Decimal(scale), json) => decimal::read(&json, scale).map(Value::Decimal),
        (Kind::Enum(of), Json::String(it)) => {
            of.find(&it).map(Value::Enum).ok_or_else(|| ("unknown_value", model_enum::unknown(of, &it)))
        }
        (Kind::Enum(of), _) => Err(expected(&format!("one of `{}`", of.variants.join("`, `")))),
        (Kind::Json, json) if holds_nul(&json) => Err(nul()),
        (Kind::Json, mut json) => {
            settle(&mut json);
            Ok(Value::Json(json))
        }
    }
}

const A_DATE: &str = "a date such as 2026-01-31";

fn text(it: String) -> Result<Value, (&'static str, String)> {
    if it.contains('\0') {
        return Err(nul());
    }
    Ok(Value::Text(it))
}

fn nul() -> (&'static str, String) {
    ("nul", "must not contain NUL".to_owned())
}
