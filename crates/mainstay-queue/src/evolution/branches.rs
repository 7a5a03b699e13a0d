use serde_json::{Map, Value};

/// How often a reference is followed before it is taken to stand for anything.
const DEEPEST: usize = 32;

/// One of the alternatives that a schema has.
#[derive(Clone, Debug)]
pub(super) enum Branch {
    /// Whatever there is.
    Any,
    /// This value.
    Value(Value),
    /// Values of this type, as these keywords narrow them.
    Typed(Typed),
}

#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) of: Type,
    pub(super) keywords: Map<String, Value>,
    /// The definition that it was found in.
    pub(super) origin: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    const ALL: [(&str, Self, &str); 7] = [
        ("null", Self::Null, "`null`"),
        ("boolean", Self::Boolean, "a boolean"),
        ("integer", Self::Integer, "an integer"),
        ("number", Self::Number, "a number"),
        ("string", Self::String, "a string"),
        ("array", Self::Array, "an array"),
        ("object", Self::Object, "an object"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(it, ..)| *it == name).map(|(_, ty, _)| *ty)
    }

    pub(super) fn told(self) -> &'static str {
        Self::ALL.iter().find(|(_, ty, _)| *ty == self).map_or("", |(.., told)| told)
    }

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(it) if it.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// Whether each of the other's values is one of these.
    pub(super) fn takes_in(self, other: Self) -> bool {
        self == other || (self == Self::Number && other == Self::Integer)
    }
}

/// The alternatives of a schema, within the document that its references are of.
pub(super) fn branches(document: &Value, schema: &Value) -> Vec<Branch> {
    Reading { document }.schema(schema, None, 0)
}

struct Reading<'d> {
    document: &'d Value,
}

impl Reading<'_> {
    fn schema(&self, schema: &Value, origin: Option<&str>, depth: usize) -> Vec<Branch> {
        match schema {
            Value::Bool(false) => Vec::new(),
            Value::Object(keywords) => self.keywords(keywords.clone(), origin, depth),
            Value::Null | Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                vec![Branch::Any]
            }
        }
    }

    fn keywords(&self, mut said: Map<String, Value>, origin: Option<&str>, depth: usize) -> Vec<Branch> {
        if depth > DEEPEST {
            return vec![Branch::Any];
        }
        said.remove("$defs");
        if let Some(Value::String(to)) = said.remove("$ref") {
            let meant = to.strip_prefix('#').and_then(|it| self.document.pointer(it));
            return match meant {
                Some(Value::Object(meant)) => {
                    self.keywords(merged(meant.clone(), said), Some(&to), depth + 1)
                }
                Some(other) => self.schema(other, Some(&to), depth + 1),
                None => vec![Branch::Any],
            };
        }
        if let Some(Value::Array(all)) = said.remove("allOf") {
            let all = all.into_iter().fold(said, |said, each| match each {
                Value::Object(each) => merged(said, each),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => said,
            });
            return self.keywords(all, origin, depth + 1);
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(alternatives)) = said.remove(word) {
                let each = alternatives.iter().flat_map(|it| match it.as_object() {
                    Some(it) => self.keywords(merged(said.clone(), it.clone()), origin, depth + 1),
                    None => self.schema(it, origin, depth + 1),
                });
                return each.collect();
            }
        }
        plain(said, origin)
    }
}

/// What has no alternatives but values and types.
fn plain(mut said: Map<String, Value>, origin: Option<&str>) -> Vec<Branch> {
    if let Some(value) = said.remove("const") {
        return vec![Branch::Value(value)];
    }
    if let Some(Value::Array(values)) = said.remove("enum") {
        return values.into_iter().map(Branch::Value).collect();
    }
    let types: Vec<Type> = match said.remove("type") {
        Some(Value::String(name)) => Type::named(&name).into_iter().collect(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).filter_map(Type::named).collect(),
        _ if said.contains_key("properties") || said.contains_key("required") => vec![Type::Object],
        _ => return vec![Branch::Any],
    };
    let typed = |of| Branch::Typed(Typed { of, keywords: said.clone(), origin: origin.map(str::to_owned) });
    types.into_iter().map(typed).collect()
}

/// What two schemas ask for together, as far as those do that are made of types: fields add up.
fn merged(mut one: Map<String, Value>, other: Map<String, Value>) -> Map<String, Value> {
    for (word, said) in other {
        match (one.get_mut(&word), said) {
            (Some(Value::Object(fields)), Value::Object(more)) if word == "properties" => fields.extend(more),
            (Some(Value::Array(names)), Value::Array(more)) if word == "required" => names.extend(more),
            (_, said) => {
                one.insert(word, said);
            }
        }
    }
    one
}
