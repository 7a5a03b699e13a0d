use mainstay_kernel::{Caller, Error, Result, Row, Value, ValueRef};
use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;

use crate::undeclared::Named;
use crate::{Expanded, Input, Part, Read, Record, Schema};

/// The columns of a schema that a caller sees, in the order of the answer: `id`, `type`,
/// `createdAt`, `updatedAt`, then the declared fields, then the properties that are not declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    columns: Vec<usize>,
    typed: bool,
    overflow: Option<Properties>,
}

/// Which properties of an overflow column a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Properties {
    column: usize,
    /// None but these, where they were selected.
    only: Option<Vec<String>>,
}

/// Serializes a struct's row as everybody sees it who may read it: without what needs a role, and without the
/// columns that the struct does not declare. What derive(Model) calls.
///
/// # Errors
/// The serializer's own; when a stored value nests too deep to be read.
pub fn serialize_row<S: Serializer>(
    schema: &Schema,
    record: &Record,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let mut visible = Visible::to(schema, &Caller::Anonymous);
    visible.columns.retain(|it| !schema.undeclared.contains(it));
    let document = visible.document(schema, record);
    document.map_err(serde::ser::Error::custom)?.serialize(serializer)
}

impl Visible {
    /// What `who` sees.
    pub fn to(schema: &Schema, who: &Caller) -> Self {
        const FIRST: [Part; 3] = [Part::Id, Part::CreatedAt, Part::UpdatedAt];
        let mut columns = Vec::with_capacity(schema.columns.len());
        columns.extend(FIRST.into_iter().filter_map(|part| schema.part(part)));
        columns.extend(
            (0..schema.columns.len())
                .filter(|&it| matches!(schema.columns[it].part, Part::Version | Part::Plain)),
        );
        columns.retain(|&it| sees(schema, it, who));
        let overflow = schema.overflow().filter(|&it| sees(schema, it, who));
        let overflow = overflow.map(|column| Properties { column, only: None });
        Self { columns, typed: true, overflow }
    }

    /// Only these of them, the id, and these properties that are not declared.
    #[must_use]
    pub fn only(mut self, schema: &Schema, selected: &[usize], properties: Vec<String>) -> Self {
        self.columns.retain(|it| selected.contains(it) || *it == schema.id());
        self.typed = false;
        self.overflow =
            self.overflow.map(|Properties { column, .. }| Properties { column, only: Some(properties) });
        self
    }

    /// Whether this column is among them.
    pub fn has(&self, column: usize) -> bool {
        self.columns.contains(&column) || self.overflow.as_ref().is_some_and(|it| it.column == column)
    }

    /// The names of the fields, for a hint.
    pub fn fields(&self, schema: &'static Schema) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|&it| schema.column(it).field)
    }

    /// These and, of what was selected, the columns that are expanded: to name one is to want it.
    #[must_use]
    pub(crate) fn with(mut self, columns: impl Iterator<Item = usize>) -> Self {
        for column in columns {
            if !self.has(column) {
                self.columns.push(column);
            }
        }
        self
    }

    /// Writes a row of an answer as a JSON object, with the rows that it refers to in the place of
    /// their ids where they were expanded.
    ///
    /// # Errors
    /// Internal, when the row does not have the schema's shape.
    pub fn write_row(
        &self,
        schema: &Schema,
        row: &Row,
        expanded: &Expanded<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.write(schema, out, |column, out| {
            if !expanded.write(row, column, out)? {
                write_cell(row.read(column, schema.columns[column].kind)?, out);
            }
            Ok(())
        })?;
        if let Some(properties) = &self.overflow {
            let value = row.read(properties.column, schema.columns[properties.column].kind)?.to_value();
            properties.write(schema, &value, out);
        }
        out.push(b'}');
        Ok(())
    }

    /// Writes a record as a JSON object.
    pub fn write_record(&self, schema: &Schema, record: &Record, out: &mut Vec<u8>) {
        let written = self.write(schema, out, |column, out| {
            write_value(&record.0[column], out);
            Ok(())
        });
        debug_assert!(written.is_ok(), "writing a record cannot fail");
        if let Some(properties) = &self.overflow {
            properties.write(schema, &record.0[properties.column], out);
        }
        out.push(b'}');
    }

    /// A record as the JSON object that is written of it.
    ///
    /// # Errors
    /// Internal, when a stored value nests too deep to be read.
    pub(crate) fn document(&self, schema: &Schema, record: &Record) -> Result<Input> {
        let mut text = Vec::with_capacity(512);
        self.write_record(schema, record, &mut text);
        serde_json::from_slice(&text)
            .map_err(|error| Error::internal("a row cannot be read as JSON").caused_by(error))
    }

    /// The object without its end.
    fn write(
        &self,
        schema: &Schema,
        out: &mut Vec<u8>,
        mut value: impl FnMut(usize, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        out.push(b'{');
        for (position, &column) in self.columns.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            write_text(schema.columns[column].field, out);
            out.push(b':');
            value(column, out)?;
            if self.typed && schema.columns[column].part == Part::Id {
                out.extend_from_slice(b",\"type\":");
                write_text(schema.name, out);
            }
        }
        Ok(())
    }
}

impl Properties {
    /// Writes those of a row as further members of its object. What is declared by now is not among them.
    fn write(&self, schema: &Schema, value: &Value, out: &mut Vec<u8>) {
        let Value::Json(Json::Object(properties)) = value else { return };
        let is_shown = |name: &String| {
            self.only.as_ref().is_none_or(|only| only.contains(name))
                && schema.named(name) == Named::Property(self.column)
        };
        for (name, json) in properties.iter().filter(|(name, _)| is_shown(name)) {
            out.push(b',');
            write_text(name, out);
            out.push(b':');
            write_json(json, out);
        }
    }
}

fn sees(schema: &Schema, column: usize, who: &Caller) -> bool {
    match schema.columns[column].read {
        Read::Everyone => true,
        Read::Role(role) => who.has_role(role),
        Read::Private => false,
    }
}

fn write_cell(cell: ValueRef<'_>, out: &mut Vec<u8>) {
    match cell {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Bool(it) => out.extend_from_slice(if it { b"true" } else { b"false" }),
        ValueRef::Text(it) => write_text(it, out),
        ValueRef::Timestamp(it) => {
            out.push(b'"');
            it.write_rfc3339(out);
            out.push(b'"');
        }
        ValueRef::Uuid(it) => {
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            out.push(b'"');
            out.extend_from_slice(it.hyphenated().encode_lower(&mut text).as_bytes());
            out.push(b'"');
        }
        // As a text: readers of JSON take numbers for floats.
        ValueRef::Decimal(it) => write_text(&it.to_string(), out),
        ValueRef::Date(it) => {
            out.push(b'"');
            it.write_iso(out);
            out.push(b'"');
        }
        ValueRef::Enum(it) => write_text(it.name(), out),
        ValueRef::Int(it) => write_json(&it, out),
        ValueRef::Float(it) => write_json(&it, out),
        ValueRef::Bytes(it) => {
            write_text(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, it), out)
        }
        // Parsed and written again: objects answer with sorted keys, whoever stored them.
        ValueRef::Json(_) => write_value(&cell.to_value(), out),
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Json(it) => write_json(it, out),
        Value::Null => write_cell(ValueRef::Null, out),
        Value::Bool(it) => write_cell(ValueRef::Bool(*it), out),
        Value::Int(it) => write_cell(ValueRef::Int(*it), out),
        Value::Float(it) => write_cell(ValueRef::Float(*it), out),
        Value::Text(it) => write_cell(ValueRef::Text(it), out),
        Value::Bytes(it) => write_cell(ValueRef::Bytes(it), out),
        Value::Uuid(it) => write_cell(ValueRef::Uuid(*it), out),
        Value::Timestamp(it) => write_cell(ValueRef::Timestamp(*it), out),
        Value::Decimal(it) => write_cell(ValueRef::Decimal(*it), out),
        Value::Date(it) => write_cell(ValueRef::Date(*it), out),
        Value::Enum(it) => write_cell(ValueRef::Enum(*it), out),
    }
}

/// A value as it is answered.
pub(crate) fn json(value: &Value) -> Json {
    let mut text = Vec::new();
    write_value(value, &mut text);
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_json(text, out);
}

fn write_json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "writing JSON to memory cannot fail");
}
