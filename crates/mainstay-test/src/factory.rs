//! Rows for tests, made from what their models say.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use mainstay::kernel::{Date, Fixed, Kind, Timestamp, Tx, Value};
use mainstay::model::{Assignment, ColumnDef, Model, ModelEntry, Record, Schema, rows};
use serde_json::json;
use uuid::Uuid;

use crate::TestApp;

/// Numbers that make values unlike each other.
static SERIAL: AtomicUsize = AtomicUsize::new(1);

impl TestApp {
    /// Makes a row of any model: the fields that a new row needs are filled with values that their rules accept,
    /// required references with rows made in the same way, and what `set` says comes first.
    ///
    /// ```ignore
    /// let post = app.make([Post::TITLE.set("hi"), Post::USER.set(ann)]).await;
    /// let any = app.make::<Post>([]).await;
    /// ```
    ///
    /// # Panics
    /// When no value is found that a field's rules accept, or a hook or the database refuses the row.
    pub async fn make<M: Model>(&self, set: impl IntoIterator<Item = Assignment<M>>) -> M {
        let set: Vec<_> = set.into_iter().map(|it| given::<M>(it)).collect();
        let made = self.db().write(async |tx: &mut Tx| {
            let mut factory = Factory::of(self.models());
            M::from_record(factory.row(tx, M::SCHEMA, set.clone()).await?)
        });
        made.await.unwrap_or_else(|error| panic!("no {} was made: {error:?}", M::SCHEMA.name))
    }

    /// Makes several rows; each is told its number, from 0.
    ///
    /// # Panics
    /// As [`TestApp::make`].
    pub async fn make_many<M: Model, I: IntoIterator<Item = Assignment<M>>>(
        &self,
        count: usize,
        set: impl Fn(usize) -> I,
    ) -> Vec<M> {
        let mut all = Vec::with_capacity(count);
        for number in 0..count {
            all.push(self.make(set(number)).await);
        }
        all
    }
}

fn given<M: Model>(assignment: Assignment<M>) -> (usize, Value) {
    assignment
        .into_value()
        .unwrap_or_else(|| panic!("a new {} has nothing to count up from: write `.set(…)`", M::SCHEMA.name))
}

pub(crate) struct Factory<'a> {
    pub(crate) models: &'a [&'static ModelEntry],
    /// Tables of rows that are being made: a model that needs a row of its own first cannot be.
    making: HashSet<&'static str>,
}

impl<'a> Factory<'a> {
    pub(crate) fn of(models: &'a [&'static ModelEntry]) -> Self {
        Self { models, making: HashSet::new() }
    }

    /// A new row with these values, and others where it needs them.
    pub(crate) async fn row(
        &mut self,
        tx: &mut Tx,
        schema: &'static Schema,
        mut values: Vec<(usize, Value)>,
    ) -> mainstay::Result<Record> {
        assert!(
            self.making.insert(schema.table),
            "a {} needs another one before it, in a circle: give the reference by `.set(…)`",
            schema.name
        );
        for (column, def) in schema.columns.iter().enumerate() {
            if self.needs_value(schema, column) && !values.iter().any(|(it, _)| *it == column) {
                let value = match &def.references {
                    Some(reference) => self.target(tx, (reference.table)(), schema, def).await?,
                    None => self.value(schema, column),
                };
                values.push((column, value));
            }
        }
        let record = rows::insert(tx, schema, values).await?;
        self.making.remove(schema.table);
        Ok(record)
    }

    /// The id of a new row that a reference can name.
    async fn target(
        &mut self,
        tx: &mut Tx,
        table: &str,
        schema: &Schema,
        def: &ColumnDef,
    ) -> mainstay::Result<Value> {
        let found = self.models.iter().find(|it| it.schema.table == table);
        let target = found.map(|it| it.schema).unwrap_or_else(|| {
            panic!(
                "`{}.{}` refers to `{table}`, which the application has no model for",
                schema.name, def.field
            )
        });
        let record = Box::pin(self.row(tx, target, Vec::new())).await?;
        Ok(Value::Uuid(record.id(target)))
    }

    fn value(&self, schema: &Schema, column: usize) -> Value {
        let def = &schema.columns[column];
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let accepted = |value: &Value| self.accepts(schema, column, value);
        candidates(def, serial).into_iter().find(accepted).unwrap_or_else(|| {
            panic!(
                "no value was found that the rules of `{}.{}` accept: give one by `.set(…)`",
                schema.name, def.field
            )
        })
    }

    fn accepts(&self, schema: &Schema, column: usize, value: &Value) -> bool {
        let entry = self.models.iter().find(|it| it.schema.table == schema.table);
        entry.is_none_or(|it| it.accepts(column, value))
    }

    /// Whether a row without it would be refused, break the field's rules, or be like another one.
    fn needs_value(&self, schema: &Schema, column: usize) -> bool {
        let def = &schema.columns[column];
        let breaks_rules = def.default.is_some_and(|it| !self.accepts(schema, column, &it()));
        let is_unique = schema.indexes.iter().any(|it| it.unique && it.columns.contains(&column));
        let is_plain = def.part.is_applications() && !def.optional;
        def.must_be_given() || (is_plain && (breaks_rules || is_unique && tells_apart(def.kind)))
    }
}

/// Whether there are many values of a kind.
fn tells_apart(kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Int | Kind::Uuid | Kind::Bytes => true,
        Kind::Bool
        | Kind::Float
        | Kind::Timestamp
        | Kind::Json
        | Kind::Decimal(_)
        | Kind::Date
        | Kind::Enum(_) => false,
    }
}

/// Values of a column, the plainest one first.
fn candidates(def: &ColumnDef, serial: usize) -> Vec<Value> {
    let small = i64::try_from(serial).unwrap_or(1);
    match def.kind {
        Kind::Text => texts(def.field, serial).into_iter().map(Value::Text).collect(),
        Kind::Bytes => texts(def.field, serial).into_iter().map(|it| Value::Bytes(it.into_bytes())).collect(),
        Kind::Int => [small, small % 100, 1, 0, 10, 100, 1000, 10_000, -1].map(Value::Int).to_vec(),
        Kind::Float => [1.0, 0.5, 0.0, 10.0, 100.0, -1.0].map(Value::Float).to_vec(),
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Uuid => vec![Value::Uuid(Uuid::now_v7())],
        Kind::Timestamp => vec![Value::Timestamp(Timestamp::from_micros(1_767_225_600_000_000))],
        Kind::Date => vec![Value::Date(Date::constant(2026, 1, 1))],
        Kind::Json => [json!([]), json!({}), json!(null), json!(""), json!(0)].map(Value::Json).to_vec(),
        Kind::Decimal(scale) => [1, 100, 0, -1].map(|units| Value::Decimal(Fixed { units, scale })).to_vec(),
        Kind::Enum(of) => (0..of.variants.len()).map(|it| Value::Enum(of.at(it))).collect(),
    }
}

/// Texts that usual rules accept: a length, letters alone, an address, digits.
fn texts(field: &str, serial: usize) -> Vec<String> {
    let letters: String = serial.to_string().bytes().map(|it| char::from(b'a' + (it - b'0'))).collect();
    let plain = [
        format!("{field} {serial}"),
        format!("{letters}@example.com"),
        format!("{field}-{serial}").to_lowercase(),
        format!("{field}{serial}").to_lowercase(),
        letters.to_uppercase(),
        serial.to_string(),
        format!("{serial:08}"),
        format!("https://example.com/{serial}"),
        format!("10.0.{}.{}", serial / 250 % 250, serial % 250),
    ];
    let padded = |text: &str, length: usize| -> String {
        let padded = format!("{}{text}", &text[..1].repeat(length));
        padded[padded.len() - length..].to_owned()
    };
    let exact = (1..=12).flat_map(|length| [padded(&letters, length), padded(&serial.to_string(), length)]);
    let long = [16, 64, 255]
        .map(|length| format!("{field} {serial} ").repeat(length).chars().take(length).collect::<String>());
    plain.into_iter().chain(exact.collect::<Vec<_>>()).chain(long).collect()
}
