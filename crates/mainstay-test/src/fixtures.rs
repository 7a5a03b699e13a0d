//! Rows for tests, from files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use mainstay::kernel::{Id, Tx, Value};
use mainstay::model::{Model, ModelEntry, Record};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::TestApp;
use crate::factory::Factory;

/// Where the files are, beside `Cargo.toml`.
const FOLDER: &str = "tests/fixtures";

/// The rows that a file made, by model and name.
#[derive(Debug)]
pub struct Fixtures {
    file: PathBuf,
    made: HashMap<(&'static str, String), Record>,
}

impl Fixtures {
    /// The row of this name.
    ///
    /// # Panics
    /// When the file has none.
    pub fn row<M: Model>(&self, name: &str) -> M {
        let record = M::from_record(self.record::<M>(name).clone());
        record.unwrap_or_else(|error| panic!("the {} `{name}` cannot be read: {error}", M::SCHEMA.name))
    }

    /// The id of the row of this name.
    ///
    /// # Panics
    /// When the file has none.
    pub fn id<M: Model>(&self, name: &str) -> Id<M> {
        Id::from_uuid(self.record::<M>(name).id(M::SCHEMA))
    }

    fn record<M: Model>(&self, name: &str) -> &Record {
        let model = M::SCHEMA.name;
        self.made.get(&(M::SCHEMA.table, name.to_owned())).unwrap_or_else(|| {
            let names = self.made.keys().filter(|(table, _)| *table == M::SCHEMA.table);
            let mut names: Vec<_> = names.map(|(_, name)| name.as_str()).collect();
            names.sort_unstable();
            panic!("{} has no {model} `{name}`, expected {}", self.file.display(), one_of(&names))
        })
    }
}

impl TestApp {
    /// Makes the rows of `tests/fixtures/NAME.toml` or `NAME.json`: tables of models, in them tables of rows by a name
    /// of their own, in which a reference is the name of another row. What a row leaves out is filled in as
    /// [`TestApp::make`] does. All rows are made, or none.
    ///
    /// # Panics
    /// When there is no such file, or it has a model, a field, a value or a reference that the application does not.
    pub async fn fixtures(&self, name: &str) -> Fixtures {
        let (file, rows) = read(name);
        let made = self.db().write(async |tx: &mut Tx| {
            let factory = Factory::of(self.models());
            let mut making =
                Making { file: &file, rows: &rows, factory, made: HashMap::new(), begun: Vec::new() };
            for (model, name) in
                rows.iter().flat_map(|(model, rows)| rows.keys().map(move |name| (model, name)))
            {
                let entry = making.entry(model);
                making.row(tx, entry, name).await?;
            }
            Ok(making.made)
        });
        let made = made.await.unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        Fixtures { file, made }
    }
}

/// Rows by model and by name.
type Rows = BTreeMap<String, BTreeMap<String, Map<String, Json>>>;

fn read(name: &str) -> (PathBuf, Rows) {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let path = |ending: &str| Path::new(FOLDER).join(format!("{name}.{ending}"));
    let Some(file) = ["toml", "json"].map(path).into_iter().find(|it| package.join(it).is_file()) else {
        panic!(
            "there is neither {} nor {}: write one of them",
            path("toml").display(),
            path("json").display()
        )
    };
    let text =
        fs::read_to_string(package.join(&file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let rows = match file.extension().is_some_and(|it| it == "toml") {
        true => toml::from_str(&text).map_err(|error| error.to_string()),
        false => serde_json::from_str(&text).map_err(|error| error.to_string()),
    };
    let rows =
        rows.unwrap_or_else(|error| panic!("{} is not rows by model and name: {error}", file.display()));
    (file, rows)
}

/// Rows on their way into the database.
struct Making<'a> {
    file: &'a Path,
    rows: &'a Rows,
    factory: Factory<'a>,
    made: HashMap<(&'static str, String), Record>,
    /// Rows that wait for those that they refer to.
    begun: Vec<(&'static str, String)>,
}

impl Making<'_> {
    /// The model that the file names.
    fn entry(&self, name: &str) -> &'static ModelEntry {
        let found = self.factory.models.iter().find(|it| it.schema.name == name);
        found.copied().unwrap_or_else(|| {
            let names: Vec<_> = self.factory.models.iter().map(|it| it.schema.name).collect();
            panic!("{}: there is no model `{name}`, expected {}", self.file.display(), one_of(&names))
        })
    }

    /// Makes the row unless it is there, and before it those that it refers to; its id.
    async fn row(&mut self, tx: &mut Tx, entry: &'static ModelEntry, name: &str) -> mainstay::Result<Uuid> {
        let key = (entry.schema.table, name.to_owned());
        if let Some(made) = self.made.get(&key) {
            return Ok(made.id(entry.schema));
        }
        assert!(
            !self.begun.contains(&key),
            "{}: the {} `{name}` refers to itself by way of other rows: leave one of the references out",
            self.file.display(),
            entry.schema.name
        );
        self.begun.push(key.clone());
        let rows = self.rows;
        let mut values = Vec::new();
        for (field, json) in &rows[entry.schema.name][name] {
            values.push(self.value(tx, entry, name, (field, json)).await?);
        }
        let record = self.factory.row(tx, entry.schema, values).await?;
        let id = record.id(entry.schema);
        self.begun.pop();
        self.made.insert(key, record);
        Ok(id)
    }

    async fn value(
        &mut self,
        tx: &mut Tx,
        entry: &'static ModelEntry,
        row: &str,
        (field, json): (&str, &Json),
    ) -> mainstay::Result<(usize, Value)> {
        let schema = entry.schema;
        let at = format!("{}: {}.{row}.{field}", self.file.display(), schema.name);
        let Some(column) = schema.field(field) else {
            let fields: Vec<_> = schema.columns.iter().map(|it| it.field).collect();
            panic!("{at}: there is no such field, expected {}", one_of(&fields))
        };
        let target = schema.columns[column].references.map(|it| (it.table)());
        let target =
            target.and_then(|table| self.factory.models.iter().find(|it| it.schema.table == table).copied());
        if let (Some(target), Json::String(name)) = (target, json) {
            let named = self.rows.get(target.schema.name).is_some_and(|rows| rows.contains_key(name));
            if named {
                return Ok((column, Value::Uuid(Box::pin(self.row(tx, target, name)).await?)));
            }
            assert!(
                Uuid::try_parse(name).is_ok(),
                "{at}: the file has no {} `{name}`: add `[{}.{name}]`, or write an id",
                target.schema.name,
                target.schema.name
            );
        }
        let value = entry.read(column, dated(json).clone()).unwrap_or_else(|faults| {
            let said: Vec<_> = faults.iter().map(|it| it.message.as_str()).collect();
            panic!("{at}: `{json}`: {}", said.join(", "))
        });
        Ok((column, value))
    }
}

/// A date or time of TOML's own as its text.
fn dated(json: &Json) -> &Json {
    json.get("$__toml_private_datetime").unwrap_or(json)
}

fn one_of(names: &[&str]) -> String {
    format!("one of `{}`", names.join("`, `"))
}
