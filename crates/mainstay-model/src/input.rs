use mainstay_kernel::{Caller, Error, ErrorKind, FieldFault, Kind, Result, Timestamp, Value};
use serde_json::{Map, Value as Json};

use crate::json::{holds_nul, settle};
use crate::rules::Broken;
use crate::undeclared::{self, Named};
use crate::{Action, ModelEntry, Part, Schema, Visible, Writer, decimal, model_enum, suggest};

/// What a client sent: fields by the names it knows.
pub type Input = Map<String, Json>;

/// Columns and the values they are to have.
pub type Assignments = Vec<(usize, Value)>;

/// The most faults of one answer: a body may hold a hundred thousand unknown fields.
const MOST_FAULTS: usize = 100;

/// What a caller may send of a model's rows in one action.
pub(crate) struct Intake<'a> {
    pub(crate) model: &'a ModelEntry,
    pub(crate) visible: Visible,
    action: Action,
    who: &'a Caller,
}

/// Where a field that was sent goes.
enum Place {
    Column(usize),
    Overflow,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(model: &'a ModelEntry, action: Action, who: &'a Caller) -> Self {
        Self { model, visible: Visible::to(model.schema, who), action, who }
    }

    /// Reads the fields that were sent. Everything wrong is reported at once, up to a bound. What the
    /// scope sets is not required of the client. Properties that are not declared come as the overflow
    /// column's value.
    ///
    /// # Errors
    /// Invalid or read-only fields.
    pub(crate) fn assignments(&self, input: Input, set: &[(usize, Value)]) -> Result<Assignments> {
        let mut assigned = Vec::with_capacity(input.len());
        let mut faults = Vec::new();
        let mut properties = Input::new();
        for (field, json) in input {
            if faults.len() >= MOST_FAULTS {
                return Err(refusal(faults));
            }
            match self.place(&field) {
                Ok(Place::Column(column)) => match value(self.model, column, json) {
                    Ok(value) => assigned.push((column, value)),
                    Err(mut broken) => faults.append(&mut broken),
                },
                Ok(Place::Overflow) => match undeclared::read(&field, json) {
                    Ok(json) => drop(properties.insert(field, json)),
                    Err(fault) => faults.push(fault),
                },
                Err(fault) => faults.push(fault),
            }
        }
        if self.action == Action::Create {
            let given = |column| assigned.iter().chain(set).any(|(it, _)| *it == column);
            let missing = missing(self.model, &faults, given);
            faults.extend(missing);
            faults.extend(undeclared::faults(self.model, &Input::new(), &properties));
        }
        let overflow = self.model.schema.overflow().filter(|_| !properties.is_empty());
        assigned.extend(overflow.map(|it| (it, Value::Json(Json::Object(properties)))));
        if faults.is_empty() { Ok(assigned) } else { Err(refusal(faults)) }
    }

    /// Refuses names that are no fields which this caller may set in this action.
    ///
    /// # Errors
    /// Invalid or read-only fields, up to a bound.
    pub(crate) fn admit<'f>(&self, fields: impl IntoIterator<Item = &'f str>) -> Result<()> {
        let faults = fields.into_iter().filter_map(|field| self.place(field).err());
        let faults: Vec<_> = faults.take(MOST_FAULTS).collect();
        if faults.is_empty() { Ok(()) } else { Err(refusal(faults)) }
    }

    fn is_writable(&self, column: usize) -> bool {
        self.model.schema.column(column).write.in_action(self.action).admits(self.who)
    }

    fn place(&self, field: &str) -> Result<Place, FieldFault> {
        let schema = self.model.schema;
        let is_known = |column: usize| self.visible.has(column) || self.is_writable(column);
        match schema.named(field) {
            Named::Field(column) if self.is_writable(column) => Ok(Place::Column(column)),
            Named::Property(column) if self.is_writable(column) => Ok(Place::Overflow),
            Named::Field(column) | Named::Property(column) if is_known(column) => {
                Err(self.read_only(field, Some(column)))
            }
            Named::Reserved => Err(self.read_only(field, None)),
            // Where any other name would be a property, this one is not.
            Named::Field(_) if schema.overflow().is_some_and(is_known) => Err(self.read_only(field, None)),
            Named::Field(_) | Named::Property(_) | Named::Nothing => {
                let writable = (0..schema.columns.len()).filter(|&it| self.is_writable(it));
                let fields = writable.map(|it| schema.column(it)).filter(|it| it.part != Part::Overflow);
                let names = fields.map(|it| it.field);
                Err(fault(field, "unknown_field", suggest::unknown("field", field, names)))
            }
        }
    }

    fn read_only(&self, field: &str, column: Option<usize>) -> FieldFault {
        let verb = self.action.verb();
        let writer = column.map(|it| self.model.schema.column(it).write.in_action(self.action));
        let message = match writer {
            Some(Writer::Role(role)) => format!("needs the role `{role}` to be set in this {verb}"),
            Some(Writer::Nobody | Writer::Everyone) | None => format!("cannot be set by a client's {verb}"),
        };
        fault(field, "read_only_field", message)
    }
}

fn refusal(faults: Vec<FieldFault>) -> Error {
    let is_read_only = faults.iter().any(|it| it.code == "read_only_field");
    Error::new(if is_read_only { ErrorKind::ReadOnly(faults) } else { ErrorKind::Invalid(faults) })
}

pub(crate) fn fault(field: &str, code: &'static str, message: impl Into<String>) -> FieldFault {
    FieldFault { field: field.to_owned(), code: code.into(), message: message.into() }
}

/// Reads one value and checks it against the field's type and rules.
pub(crate) fn value(model: &ModelEntry, column: usize, json: Json) -> Result<Value, Vec<FieldFault>> {
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
    let required = (0..schema.columns.len()).filter(|&it| schema.column(it).must_be_given());
    required
        .filter(|&it| !given(it))
        .filter(|&it| !faults.iter().any(|fault| fault.field == schema.column(it).field))
        .map(|it| fault(schema.column(it).field, "required", "is required"))
        .collect()
}

/// A value of this kind from JSON.
pub(crate) fn from_json(kind: Kind, json: Json) -> Result<Value, (&'static str, String)> {
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
