//! Properties that a model does not declare: what clients may send of them, and how its overflow
//! column takes them in.

use mainstay_kernel::{Error, ErrorKind, FieldFault, Result, Value};
use serde_json::{Map, Value as Json};

use crate::input::{Input, Intake, fault};
use crate::json::{depth, holds_nul, settle};
use crate::{Assignments, ModelEntry, Part, Record, Schema};

/// The most properties of a row that its model does not declare.
const MOST: usize = 256;
/// The most bytes of JSON that they take together.
const MOST_BYTES: usize = 256 * 1024;
/// The longest name of one, in bytes.
const LONGEST_NAME: usize = 128;
/// How deep lists and objects in one may nest.
const DEEPEST: usize = 32;

/// What a name that clients use stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The field of the column at this position.
    Field(usize),
    /// A property that the model does not declare, kept in the overflow column at this position.
    Property(usize),
    /// What no client sets: the row's `type`, and the overflow column as a whole.
    Reserved,
    /// Nothing.
    Nothing,
}

impl Schema {
    /// The position of the column that takes in what is not declared.
    pub fn overflow(&self) -> Option<usize> {
        self.part(Part::Overflow)
    }

    pub(crate) fn named(&self, name: &str) -> Named {
        if let Some(column) = self.field(name) {
            return Named::Field(column);
        }
        match self.overflow() {
            _ if name == "type" => Named::Reserved,
            Some(column) if self.columns[column].field == name => Named::Reserved,
            Some(column) => Named::Property(column),
            None => Named::Nothing,
        }
    }
}

/// One property as it will be kept.
pub(crate) fn read(name: &str, mut json: Json) -> Result<Json, FieldFault> {
    let refused = |code, message: String| Err(fault(name, code, message));
    if name.is_empty() || name.len() > LONGEST_NAME {
        return refused("bad_name", format!("the name of a property has 1 to {LONGEST_NAME} bytes"));
    }
    if name == "__proto__" {
        return refused(
            "bad_name",
            "a client in JavaScript could take this name for its objects' own".to_owned(),
        );
    }
    if name.contains('\0') || holds_nul(&json) {
        return refused("nul", "must not contain NUL".to_owned());
    }
    if depth(&json) > DEEPEST {
        return refused("too_deep", format!("must not nest deeper than {DEEPEST} levels"));
    }
    settle(&mut json);
    Ok(json)
}

/// What is wrong with all properties of a row together. What was too much already may not grow.
pub(crate) fn faults(model: &ModelEntry, before: &Input, after: &Input) -> Vec<FieldFault> {
    let Some(column) = model.schema.overflow() else { return Vec::new() };
    if after.len() > MOST && after.len() > before.len() {
        let message = format!("a row has at most {MOST} properties that are not declared");
        return vec![fault("", "too_many", message)];
    }
    let bytes = size(after);
    if bytes > MOST_BYTES && bytes > size(before) {
        let message = format!("properties that are not declared take at most {MOST_BYTES} bytes of JSON");
        return vec![fault("", "too_long", message)];
    }
    let broken = (model.check)(column, &Value::Json(Json::Object(after.clone())));
    broken.into_iter().map(|it| fault("", it.code, it.message)).collect()
}

fn size(properties: &Input) -> usize {
    serde_json::to_string(properties).map_or(usize::MAX, |it| it.len())
}

/// Whether a client sent some.
pub(crate) fn is_among(schema: &Schema, sent: &Assignments) -> bool {
    sent.iter().any(|(column, _)| schema.overflow() == Some(*column))
}

/// What an update writes to `row`: the properties that were sent join those that are there.
///
/// # Errors
/// Invalid, when it becomes too much.
pub(crate) fn joined(model: &ModelEntry, row: &Record, sent: &Assignments) -> Result<Assignments> {
    let mut joined = sent.clone();
    for (column, value) in &mut joined {
        let Value::Json(Json::Object(sent)) = value else { continue };
        if model.schema.overflow() != Some(*column) {
            continue;
        }
        let stored = object(&row.0[*column]);
        let mut all = stored.clone();
        all.append(sent);
        *value = admitted(model, &stored, all)?;
    }
    Ok(joined)
}

/// The declared members of a document, and the properties.
pub(crate) fn parted(schema: &Schema, document: Input) -> (Input, Input) {
    document.into_iter().partition(|(name, _)| !matches!(schema.named(name), Named::Property(_)))
}

/// What a patch writes to the overflow column of `row`, if it writes to it: what the caller saw was
/// `before` and is to be `after`. Of what it does not see, null takes a property away.
///
/// # Errors
/// Invalid or read-only properties.
pub(crate) fn patched(
    intake: &Intake<'_>,
    row: &Record,
    before: &Input,
    after: Input,
) -> Result<Option<(usize, Value)>> {
    let Intake { model, visible, .. } = intake;
    let Some(column) = model.schema.overflow() else { return Ok(None) };
    let sees = visible.has(column);
    let gone = before.keys().filter(|name| !after.contains_key(*name)).cloned().map(|name| (name, None));
    let set = after.iter().filter(|(name, json)| before.get(*name) != Some(json));
    let set = set.map(|(name, json)| (name.clone(), Some(json.clone()).filter(|it| sees || !it.is_null())));
    let changes: Vec<(String, Option<Json>)> = gone.chain(set).collect();
    if changes.is_empty() {
        return Ok(None);
    }
    intake.admit(changes.iter().map(|(name, _)| name.as_str()))?;
    let stored = object(&row.0[column]);
    let mut all = stored.clone();
    for (name, json) in changes {
        match json {
            Some(json) => {
                let json = read(&name, json).map_err(|it| Error::new(ErrorKind::Invalid(vec![it])))?;
                all.insert(name, json);
            }
            None => {
                all.remove(&name);
            }
        }
    }
    admitted(model, &stored, all).map(|it| Some((column, it)))
}

fn admitted(model: &ModelEntry, before: &Input, after: Input) -> Result<Value> {
    let faults = faults(model, before, &after);
    if faults.is_empty() {
        return Ok(Value::Json(Json::Object(after)));
    }
    Err(Error::new(ErrorKind::Invalid(faults)))
}

fn object(value: &Value) -> Map<String, Json> {
    if let Value::Json(Json::Object(it)) = value { it.clone() } else { Map::new() }
}
