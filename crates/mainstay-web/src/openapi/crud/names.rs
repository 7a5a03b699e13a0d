use std::borrow::Cow;
use std::collections::HashMap;

use mainstay_model::json_schema::{create, merge, name, update, view};
use mainstay_model::{Action, ModelEntry, Schema};
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// What the generated types of each model are called in a document.
pub(super) struct Names(HashMap<&'static str, Types>);

/// The generated types of one model.
pub(super) struct Types {
    pub(super) view: String,
    pub(super) create: String,
    pub(super) update: String,
    pub(super) merge: String,
}

impl Names {
    /// Names and defines the types of these models, and those of the rows that references of theirs lead to.
    pub(super) fn choose(
        generator: &mut SchemaGenerator,
        models: &[&'static ModelEntry],
        all: &[&'static ModelEntry],
    ) -> Self {
        let shown = reached(models, all);
        for model in &shown {
            (model.rows)(generator);
        }
        let names = Self(shown.iter().map(|it| (it.schema.table, Types::of(it.schema, generator))).collect());
        for model in &shown {
            names.define(generator, model, models);
        }
        generator.definitions_mut().retain(|_, it| !it.is_null());
        names
    }

    pub(super) fn of(&self, schema: &Schema) -> &Types {
        &self.0[schema.table]
    }

    fn define(&self, generator: &mut SchemaGenerator, model: &ModelEntry, mounted: &[&'static ModelEntry]) {
        let (schema, types) = (model.schema, self.of(model.schema));
        let is_mounted = mounted.iter().any(|it| it.schema.table == schema.table);
        let named = |table: &str| self.0.get(table).map(|it| reference(&it.view));
        let described = view(schema, generator, named);
        define(generator, &types.view, described);
        if is_mounted && model.has(Action::Create) {
            let described = create(schema, generator);
            define(generator, &types.create, described);
        }
        if is_mounted && model.has(Action::Update) {
            let described = update(schema, generator);
            define(generator, &types.update, described);
        }
        if is_mounted && model.has(Action::Patch) {
            let described = merge(schema, generator);
            define(generator, &types.merge, described);
        }
    }
}

impl Types {
    fn of(schema: &Schema, generator: &mut SchemaGenerator) -> Self {
        let name = name(schema);
        let mut free = |name: String| free(generator, name);
        Self {
            view: free(format!("{name}View")),
            create: free(format!("New{name}")),
            update: free(format!("{name}Update")),
            merge: free(format!("{name}MergePatch")),
        }
    }
}

/// Those of the models whose rows an answer can show: these, and what their references lead to.
fn reached(models: &[&'static ModelEntry], all: &[&'static ModelEntry]) -> Vec<&'static ModelEntry> {
    let mut reached: Vec<&'static ModelEntry> = models.to_vec();
    let mut at = 0;
    while let Some(model) = reached.get(at) {
        let tables = model.schema.columns.iter().filter_map(|it| it.references).map(|it| (it.table)());
        for table in tables.collect::<Vec<_>>() {
            let known = reached.iter().any(|it| it.schema.table == table);
            reached.extend(all.iter().filter(|it| !known && it.schema.table == table));
        }
        at += 1;
    }
    reached
}

/// The name, or the first like it that no other type has. It is taken from then on.
fn free(generator: &mut SchemaGenerator, name: String) -> String {
    let mut candidates = std::iter::once(name.clone()).chain((2..).map(|it| format!("{name}{it}")));
    let free = candidates.find(|it| !generator.definitions().contains_key(it)).unwrap_or(name);
    generator.definitions_mut().insert(free.clone(), Value::Null);
    free
}

fn define(generator: &mut SchemaGenerator, name: &str, schema: schemars::Schema) {
    generator.definitions_mut().insert(name.to_owned(), schema.to_value());
}

fn reference(name: &str) -> schemars::Schema {
    schemars::Schema::new_ref(format!("#/components/schemas/{name}"))
}

/// Operations on the row as the caller sees it, one after the other (RFC 6902).
pub(super) struct JsonPatch;

impl JsonSchema for JsonPatch {
    fn schema_name() -> Cow<'static, str> {
        "JsonPatch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        let pointer = json!({ "type": "string", "description": "A JSON Pointer (RFC 6901).", "pattern": "^(/([^~]|~[01])*)?$" });
        let operation = |names: &[&str], more: Value| {
            let mut properties = json!({ "op": { "type": "string", "enum": names }, "path": pointer });
            let mut required = vec![json!("op"), json!("path")];
            for (name, schema) in more.as_object().into_iter().flatten() {
                properties[name] = schema.clone();
                required.push(json!(name));
            }
            json!({ "type": "object", "properties": properties, "required": required })
        };
        json_schema!({
            "type": "array",
            "description": "Operations on the row as the caller sees it, one after the other (RFC 6902).",
            "maxItems": 1000,
            "items": { "anyOf": [
                operation(&["add", "replace", "test"], json!({ "value": true })),
                operation(&["remove"], json!({})),
                operation(&["move", "copy"], json!({ "from": pointer })),
            ] },
        })
    }
}
