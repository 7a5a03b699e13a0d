use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::operation::OperationKind;
use crate::{OperationEntry, WorkerEntry};

/// What operations and workers read and give, in an order that says nothing of the order in which they were added: to be
/// kept beside the program, and compared with that of the next version.
///
/// An input is described as it is read, an output as it is written. Words for people are left out.
pub fn contract(operations: &[OperationEntry], workers: &[WorkerEntry], queues: &[&str]) -> Value {
    let queues: BTreeSet<_> = queues
        .iter()
        .copied()
        .chain(operations.iter().map(|it| it.spec.queue))
        .chain(workers.iter().map(|it| it.spec.queue))
        .collect();
    let operations: BTreeMap<_, _> = operations.iter().map(|it| (it.spec.path, operation(it))).collect();
    let workers: BTreeMap<_, _> = workers.iter().map(|it| (it.spec.name, worker(it))).collect();
    json!({ "operations": operations, "queues": queues, "workers": workers })
}

fn operation(entry: &OperationEntry) -> Value {
    let spec = entry.spec;
    let kind = match spec.kind {
        OperationKind::Mutation => "mutation",
        OperationKind::Query => "query",
    };
    json!({
        "kind": kind,
        "queue": spec.queue,
        "version": spec.version,
        "upgrade": spec.upgrade.is_some(),
        "input": read(|schemas| { let [input, _] = entry.shapes(schemas); input }),
        "output": written(|schemas| { let [_, output] = entry.shapes(schemas); output }),
        "errors": errors(entry),
    })
}

fn worker(entry: &WorkerEntry) -> Value {
    json!({
        "queue": entry.spec.queue,
        "version": entry.spec.version,
        "upgrade": entry.spec.upgrade.is_some(),
        "input": read(entry.shape),
    })
}

fn errors(entry: &OperationEntry) -> BTreeMap<&'static str, Value> {
    let error = |it: &mainstay_kernel::DeclaredError| {
        let data = written(|schemas| {
            let properties: Map<_, _> =
                it.data.iter().map(|(name, shape)| ((*name).to_owned(), shape(schemas).to_value())).collect();
            let required: Vec<_> = it.data.iter().map(|(name, _)| *name).collect();
            schemars::json_schema!({ "type": "object", "properties": properties, "required": required })
        });
        (it.code, json!({ "status": it.status, "data": data }))
    };
    entry.declared.iter().map(error).collect()
}

/// A shape as it is read: what has a default may be missing.
fn read(make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
    described(SchemaSettings::draft2020_12().for_deserialize(), make)
}

/// A shape as it is written.
fn written(make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
    described(SchemaSettings::draft2020_12().for_serialize(), make)
}

fn described(settings: SchemaSettings, make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
    let mut schemas = settings.into_generator();
    let mut schema = make(&mut schemas);
    let all = schemas.take_definitions(true);
    let used: Map<_, _> = reachable(schema.as_value(), &all).into_iter().collect();
    if !used.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(used));
    }
    Plain.transform(&mut schema);
    schema.to_value()
}

/// The definitions that a schema refers to, and those that they refer to.
fn reachable(schema: &Value, all: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut names = Vec::new();
    referred(schema, &mut names);
    while let Some(name) = names.pop() {
        let Some(definition) = all.get(&name).filter(|_| !found.contains_key(&name)) else { continue };
        referred(definition, &mut names);
        found.insert(name, definition.clone());
    }
    found
}

fn referred(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(of) => {
            let name = of.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix("#/$defs/"));
            names.extend(name.map(str::to_owned));
            of.values().for_each(|it| referred(it, names));
        }
        Value::Array(of) => of.iter().for_each(|it| referred(it, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Leaves out what is said to people, and sorts what has no order.
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(keywords) = schema.as_object_mut() {
            for word in ["$schema", "title", "description", "examples", "default", "deprecated"] {
                keywords.remove(word);
            }
            if let Some(Value::Array(required)) = keywords.get_mut("required") {
                required.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
        }
        transform_subschemas(self, schema);
    }
}
