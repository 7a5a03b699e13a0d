//! Whether JSON is what a schema says: for the schemas that are made from Rust types.
//!
//! Source: JSON Schema 2020-12. Known are the keywords that such schemas use; another one says nothing here.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex::Regex;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::{Date, Timestamp};

/// Whether `json` is what the schema of `T` says, as it is written.
///
/// # Errors
/// The first thing that is not, with its place: "`items[0].title`: expected at least 1 character".
///
/// ```
/// use serde_json::json;
/// assert!(mainstay_kernel::conforms::<Vec<u8>>(&json!([1, 255])).is_ok());
/// let wrong = mainstay_kernel::conforms::<Vec<u8>>(&json!([1, "2"])).unwrap_err();
/// assert_eq!(wrong, "`[1]`: expected integer, found string");
/// ```
pub fn conforms<T: JsonSchema + 'static>(json: &Value) -> Result<(), String> {
    let form = form::<T>();
    Looking { form: &form }.look(&form.schema, json).map_err(Deviation::into_message)
}

/// A schema that is ready to be compared with.
struct Form {
    schema: Value,
    patterns: HashMap<String, Regex>,
}

fn form<T: JsonSchema + 'static>() -> Arc<Form> {
    static FORMS: OnceLock<Mutex<HashMap<TypeId, Arc<Form>>>> = OnceLock::new();
    let mut forms = FORMS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(forms.entry(TypeId::of::<T>()).or_insert_with(|| {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        Arc::new(Form::of(settings.into_generator().into_root_schema_for::<T>().to_value()))
    }))
}

impl Form {
    fn of(schema: Value) -> Self {
        let mut patterns = HashMap::new();
        collect(&schema, &mut patterns);
        Self { schema, patterns }
    }

    /// What `#/$defs/Name` stands for.
    fn referred(&self, to: &str) -> Option<&Value> {
        self.schema.pointer(to.strip_prefix('#')?)
    }
}

/// A pattern that is no regular expression of ours says nothing.
fn collect(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(of) => {
            if let Some(Ok(regex)) = of.get("pattern").and_then(Value::as_str).map(Regex::new) {
                patterns.insert(regex.as_str().to_owned(), regex);
            }
            of.values().for_each(|it| collect(it, patterns));
        }
        Value::Array(of) => of.iter().for_each(|it| collect(it, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

struct Deviation {
    place: String,
    message: String,
}

impl Deviation {
    fn within(mut self, place: &str) -> Self {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{place}{dot}{}", self.place);
        self
    }

    fn into_message(self) -> String {
        if self.place.is_empty() { self.message } else { format!("`{}`: {}", self.place, self.message) }
    }
}

type Looked = Result<(), Deviation>;

fn expected(what: impl Into<String>) -> Looked {
    Err(Deviation { place: String::new(), message: format!("expected {}", what.into()) })
}

struct Looking<'f> {
    form: &'f Form,
}

impl Looking<'_> {
    fn look(&self, schema: &Value, json: &Value) -> Looked {
        let schema = match schema {
            Value::Bool(false) => return expected("nothing here"),
            Value::Object(schema) => schema,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Ok(());
            }
        };
        if let Some(referred) =
            schema.get("$ref").and_then(Value::as_str).and_then(|to| self.form.referred(to))
        {
            self.look(referred, json)?;
        }
        of_type(schema, json)?;
        among(schema, json)?;
        self.combined(schema, json)?;
        match json {
            Value::Number(number) => of_size(schema, number.as_f64().unwrap_or_default()),
            Value::String(text) => self.text(schema, text),
            Value::Array(items) => self.items(schema, items),
            Value::Object(fields) => self.fields(schema, fields),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn combined(&self, schema: &Map<String, Value>, json: &Value) -> Looked {
        let branches = |name: &str| schema.get(name).and_then(Value::as_array);
        for each in branches("allOf").into_iter().flatten() {
            self.look(each, json)?;
        }
        for name in ["anyOf", "oneOf"] {
            let Some(branches) = branches(name) else { continue };
            let mut last = Ok(());
            let fits = branches.iter().any(|it| {
                last = self.look(it, json);
                last.is_ok()
            });
            match last {
                Err(deviation) if !fits && branches.len() == 1 => return Err(deviation),
                _ if !fits => return expected("one of the shapes that are described"),
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&self, schema: &Map<String, Value>, text: &str) -> Looked {
        let length = text.chars().count() as u64;
        counted(schema, length, ["minLength", "maxLength"], "characters")?;
        let pattern = schema.get("pattern").and_then(Value::as_str).and_then(|it| self.form.patterns.get(it));
        if let Some(pattern) = pattern.filter(|it| !it.is_match(text)) {
            return expected(format!("a text like `{pattern}`"));
        }
        let fits = match schema.get("format").and_then(Value::as_str) {
            Some("uuid") => uuid::Uuid::try_parse(text).is_ok(),
            Some("date-time") => text.parse::<Timestamp>().is_ok(),
            Some("date") => text.parse::<Date>().is_ok(),
            Some(_) | None => true,
        };
        if fits { Ok(()) } else { expected(format!("a text of the format {}", schema["format"])) }
    }

    fn items(&self, schema: &Map<String, Value>, items: &[Value]) -> Looked {
        counted(schema, items.len() as u64, ["minItems", "maxItems"], "elements")?;
        let first = schema.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let Some(of) = first.get(index).or_else(|| schema.get("items")) else { continue };
            self.look(of, item).map_err(|it| it.within(&format!("[{index}]")))?;
        }
        Ok(())
    }

    fn fields(&self, schema: &Map<String, Value>, fields: &Map<String, Value>) -> Looked {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(missing) = required.filter_map(Value::as_str).find(|it| !fields.contains_key(*it)) {
            return expected(format!("a field `{missing}`"));
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let of = known.and_then(|it| it.get(name)).or_else(|| schema.get("additionalProperties"));
            if let Some(of) = of {
                self.look(of, value).map_err(|it| it.within(name))?;
            }
        }
        Ok(())
    }
}

fn of_type(schema: &Map<String, Value>, json: &Value) -> Looked {
    let found = match json {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(it) if it.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |wanted: &str| wanted == found || (wanted == "number" && found == "integer");
    match schema.get("type") {
        Some(Value::String(wanted)) if !fits(wanted) => expected(format!("{wanted}, found {found}")),
        Some(Value::Array(wanted)) if !wanted.iter().filter_map(Value::as_str).any(fits) => {
            expected(format!("{}, found {found}", Value::Array(wanted.clone())))
        }
        _ => Ok(()),
    }
}

fn among(schema: &Map<String, Value>, json: &Value) -> Looked {
    if let Some(only) = schema.get("const").filter(|it| *it != json) {
        return expected(only.to_string());
    }
    match schema.get("enum").and_then(Value::as_array) {
        Some(values) if !values.contains(json) => {
            expected(format!("one of {}, found {json}", Value::Array(values.clone())))
        }
        Some(_) | None => Ok(()),
    }
}

fn of_size(schema: &Map<String, Value>, number: f64) -> Looked {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum"), bound("exclusiveMaximum")) {
        (Some(least), ..) if number < least => expected(format!("at least {least}, found {number}")),
        (_, Some(most), ..) if number > most => expected(format!("at most {most}, found {number}")),
        (_, _, Some(above), _) if number <= above => expected(format!("more than {above}, found {number}")),
        (.., Some(below)) if number >= below => expected(format!("less than {below}, found {number}")),
        _ => Ok(()),
    }
}

fn counted(schema: &Map<String, Value>, count: u64, [least, most]: [&str; 2], of: &str) -> Looked {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    match (bound(least), bound(most)) {
        (Some(least), _) if count < least => expected(format!("at least {least} {of}, found {count}")),
        (_, Some(most)) if count > most => expected(format!("at most {most} {of}, found {count}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(schema: Value, json: &Value) -> Result<(), String> {
        let form = Form::of(schema);
        Looking { form: &form }.look(&form.schema, json).map_err(Deviation::into_message)
    }

    #[test]
    fn what_a_schema_asks_for_is_asked_for() {
        let deviates = [
            (json!({ "type": "integer" }), json!(1.5), "expected integer, found number"),
            (json!({ "type": ["string", "null"] }), json!(1), r#"expected ["string","null"], found integer"#),
            (json!({ "enum": ["a", "b"] }), json!("c"), r#"expected one of ["a","b"], found "c""#),
            (json!({ "const": 1 }), json!(2), "expected 1"),
            (json!({ "minimum": 3 }), json!(2), "expected at least 3, found 2"),
            (json!({ "exclusiveMaximum": 3 }), json!(3), "expected less than 3, found 3"),
            (json!({ "maxLength": 2 }), json!("abc"), "expected at most 2 characters, found 3"),
            (json!({ "pattern": "^a+$" }), json!("ab"), "expected a text like `^a+$`"),
            (json!({ "format": "uuid" }), json!("x"), r#"expected a text of the format "uuid""#),
            (json!({ "format": "date" }), json!("2026-02-30"), r#"expected a text of the format "date""#),
            (json!({ "minItems": 1 }), json!([]), "expected at least 1 elements, found 0"),
            (json!({ "required": ["a"] }), json!({}), "expected a field `a`"),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "b": 1 }),
                "`b`: expected nothing here",
            ),
            (
                json!({ "items": { "properties": { "a": { "type": "null" } } } }),
                json!([{ "a": 1 }]),
                "`[0].a`: expected null, found integer",
            ),
            (
                json!({ "prefixItems": [{ "type": "null" }] }),
                json!([1]),
                "`[0]`: expected null, found integer",
            ),
            (
                json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] }),
                json!(1),
                "expected one of the shapes that are described",
            ),
            (json!({ "allOf": [{ "type": "null" }] }), json!(1), "expected null, found integer"),
            (
                json!({ "$ref": "#/$defs/A", "$defs": { "A": { "type": "null" } } }),
                json!(1),
                "expected null, found integer",
            ),
        ];
        for (schema, value, message) in deviates {
            assert_eq!(look(schema.clone(), &value), Err(message.to_owned()), "{schema} {value}");
        }
    }

    #[test]
    fn what_fits_passes() {
        let fits = [
            (json!({ "type": "number" }), json!(1)),
            (json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] }), json!("a")),
            (json!({ "format": "date-time" }), json!("2026-01-31T00:00:00.000Z")),
            (json!({ "format": "unheard-of" }), json!("x")),
            (json!({ "additionalProperties": { "type": "integer" } }), json!({ "a": 1 })),
            (json!(true), json!({ "a": 1 })),
        ];
        for (schema, value) in fits {
            assert_eq!(look(schema.clone(), &value), Ok(()), "{schema} {value}");
        }
    }
}
