use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use mainstay_kernel::{Error, Id, Kind, Result, Timestamp, Value};
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::HookCx;
use crate::input::from_json;
use crate::{Action, Column, Field, Input, Model, Read, Record, Schema, render};

/// The change of one row, as the task of a `spawn` hook has it: it was written when the row was, and is the same however
/// often the task is tried.
///
/// Values of private columns are not in it, as they are in no record of a change: a task stays in the database, and among
/// the dead letters, for as long as it takes. [`Written::id`] finds the row as it is by now.
///
/// ```
/// # use mainstay_model::{Column, Model, hook::Written};
/// # use mainstay_kernel::Result;
/// # fn doc<Post: Model>(written: &Written<Post>, title: Column<Post, String>) -> Result<()> {
/// if written.changed(title) {
///     println!("{} is called {:?} by now", written.id(), written.get(title)?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Written<M> {
    action: Action,
    row: Record,
    before: Option<Record>,
    changes: Vec<Cow<'static, str>>,
    model: PhantomData<fn() -> M>,
}

/// As it is in a task: values by the names of their columns.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    action: Cow<'a, str>,
    row: Input,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Input>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Cow<'static, str>>,
}

impl<M: Model> Written<M> {
    /// What this hook was given.
    pub fn of(cx: &HookCx<'_, M>) -> Self {
        let (row, before) = cx.rows();
        let changes = cx.changes().map(Cow::Borrowed).collect();
        Self::public(cx.action(), row.clone(), before.cloned(), changes)
    }

    /// One by hand, to call a hook in a test: a create where nothing was before, else an update.
    pub fn new(before: Option<M>, model: M) -> Self {
        let (row, before) = (model.into_record(), before.map(Model::into_record));
        let differs = |column: usize| before.as_ref().is_none_or(|it| it.0[column] != row.0[column]);
        let columns = M::SCHEMA.columns.iter().enumerate().filter(|(column, _)| differs(*column));
        let changes = columns.map(|(_, it)| Cow::Borrowed(it.field)).collect();
        let action = if before.is_some() { Action::Update } else { Action::Create };
        Self::public(action, row, before, changes)
    }

    fn public(
        action: Action,
        mut row: Record,
        mut before: Option<Record>,
        changes: Vec<Cow<'static, str>>,
    ) -> Self {
        for column in private(M::SCHEMA) {
            for record in std::iter::once(&mut row).chain(&mut before) {
                record.0[column] = Value::Null;
            }
        }
        Self { action, row, before, changes, model: PhantomData }
    }

    /// What was done to the row: by code, a create, an update or a delete.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The row's id.
    pub fn id(&self) -> Id<M> {
        Id::from_uuid(self.row.id(M::SCHEMA))
    }

    /// The row as it was written; of a delete, the row that went.
    ///
    /// # Errors
    /// Internal, of a model with private fields, whose values are in no task: [`Written::get`] gives the others.
    pub fn model(&self) -> Result<M> {
        Self::whole(&self.row)
    }

    /// The row as it was before; `None` of a create.
    ///
    /// # Errors
    /// As [`Written::model`].
    pub fn before(&self) -> Result<Option<M>> {
        self.before.as_ref().map(Self::whole).transpose()
    }

    /// One column of the row as it was written; `None` where it is missing.
    ///
    /// # Errors
    /// Internal, of a private one: its value is in no task.
    pub fn get<T: Field>(&self, column: Column<M, T>) -> Result<Option<T>> {
        Self::column(&self.row, column)
    }

    /// One column of the row as it was before; `None` where it was missing, and of a create.
    ///
    /// # Errors
    /// As [`Written::get`].
    pub fn was<T: Field>(&self, column: Column<M, T>) -> Result<Option<T>> {
        self.before.as_ref().map_or(Ok(None), |before| Self::column(before, column))
    }

    /// Whether the change gave this column another value, also a private one; of a create, always; of a delete, never.
    pub fn changed<T>(&self, column: Column<M, T>) -> bool {
        let field = M::SCHEMA.column(column.index()).field;
        self.changes.iter().any(|it| it == field)
    }

    /// The fields whose values changed, by the names that clients know.
    pub fn changes(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(AsRef::as_ref)
    }

    fn whole(record: &Record) -> Result<M> {
        match private(M::SCHEMA).next() {
            Some(column) => Err(not_carried(M::SCHEMA, column)),
            None => M::from_record(record.clone()),
        }
    }

    fn column<T: Field>(record: &Record, column: Column<M, T>) -> Result<Option<T>> {
        let column = column.index();
        if M::SCHEMA.column(column).read == Read::Private {
            return Err(not_carried(M::SCHEMA, column));
        }
        record.clone().field(M::SCHEMA, column)
    }
}

/// The private columns that the struct declares.
fn private(schema: &'static Schema) -> impl Iterator<Item = usize> {
    let columns = (0..schema.columns.len()).filter(|it| !schema.undeclared.contains(it));
    columns.filter(|it| schema.columns[*it].read == Read::Private)
}

fn not_carried(schema: &Schema, column: usize) -> Error {
    let (field, name) = (schema.columns[column].field, schema.name);
    Error::internal(format!(
        "the private field `{field}` of `{name}` is not in a task: take the others with `get`, or read the row by its `id`"
    ))
}

fn write(schema: &'static Schema, record: &Record) -> Input {
    let columns = schema.columns.iter().zip(&record.0).filter(|(it, _)| it.read != Read::Private);
    columns.map(|(it, value)| (it.name.to_owned(), json(value))).collect()
}

/// A value as it is answered; but a time to the microsecond, as the stores keep it.
fn json(value: &Value) -> Json {
    if let Value::Timestamp(it) = value { it.as_micros().into() } else { render::json(value) }
}

fn value(kind: Kind, json: Json) -> Result<Value, String> {
    match (kind, json.as_i64()) {
        (Kind::Timestamp, Some(micros)) => Ok(Value::Timestamp(Timestamp::from_micros(micros))),
        _ => from_json(kind, json).map_err(|(_, message)| message),
    }
}

/// The row as this program knows it: a column that came since has its default.
fn read(schema: &'static Schema, mut row: Input) -> Result<Record, String> {
    let columns = schema.columns.iter().map(|column| {
        let (name, kind) = (column.name, column.kind);
        let missing = || match (column.default, column.optional || column.read == Read::Private) {
            (Some(default), _) => Ok(default()),
            (None, true) => Ok(Value::Null),
            (None, false) => Err(format!("the column `{name}` is missing")),
        };
        match row.remove(name) {
            None => missing(),
            Some(Json::Null) if column.optional => Ok(Value::Null),
            Some(json) => value(kind, json).map_err(|message| format!("the column `{name}`: {message}")),
        }
    });
    columns.collect::<Result<_, _>>().map(Record)
}

fn action(name: &str) -> Result<Action, String> {
    let all = [Action::Create, Action::Update, Action::Patch, Action::Delete];
    all.into_iter().find(|it| it.verb() == name).ok_or_else(|| format!("there is no action `{name}`"))
}

impl<M: Model> Serialize for Written<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = Body {
            action: Cow::Borrowed(self.action.verb()),
            row: write(M::SCHEMA, &self.row),
            before: self.before.as_ref().map(|it| write(M::SCHEMA, it)),
            changes: self.changes.clone(),
        };
        body.serialize(serializer)
    }
}

impl<'de, M: Model> Deserialize<'de> for Written<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Body { action: name, row, before, changes } = Body::deserialize(deserializer)?;
        let read = |row| read(M::SCHEMA, row).map_err(serde::de::Error::custom);
        let action = action(&name).map_err(serde::de::Error::custom)?;
        Ok(Self {
            action,
            row: read(row)?,
            before: before.map(read).transpose()?,
            changes,
            model: PhantomData,
        })
    }
}

/// Of a row any column may be there: one that came since has its default, and one that went is let pass.
impl<M: Model> JsonSchema for Written<M> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Written{}", M::SCHEMA.name).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "action": { "type": "string" },
                "row": { "type": "object" },
                "before": { "type": ["object", "null"] },
                "changes": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["action", "row"],
        })
    }
}

impl<M> Clone for Written<M> {
    fn clone(&self) -> Self {
        let Self { action, row, before, changes, model } = self;
        Self {
            action: *action,
            row: row.clone(),
            before: before.clone(),
            changes: changes.clone(),
            model: *model,
        }
    }
}

impl<M: Model> fmt::Debug for Written<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Written({} of {} {})", self.action.verb(), M::SCHEMA.name, self.id())
    }
}
