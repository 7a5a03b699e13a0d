use mainstay_kernel::{Fixed, Kind, Result, Timestamp, Value};
use serde_json::Value as Json;

use super::condition::Field;
use super::{bad, shown};
use crate::json::{holds_nul, settle};
use crate::model_enum;

/// The most values of an `in`.
const MAX_VALUES: usize = 100;

/// What a field is compared with, as the client wrote it.
pub(super) enum Given<'a> {
    /// A parameter's text.
    Text(&'a str),
    /// An argument of a step.
    Json(&'a Json),
}

impl Given<'_> {
    /// Whether it is null, which only an argument can be.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Json(Json::Null))
    }

    /// One value of the field's kind.
    pub(super) fn value(&self, field: &Field) -> Result<Value> {
        value(field, field.def.kind, &self.text(field)?)
    }

    /// Several: `a,b,c`, or a JSON list where a text holds a comma.
    pub(super) fn values(&self, field: &Field) -> Result<Vec<Value>> {
        self.texts(field)?.iter().map(|it| value(field, field.def.kind, it)).collect()
    }

    /// A text without NUL.
    pub(super) fn text_value(&self, field: &Field) -> Result<String> {
        let text = self.text(field)?;
        value(field, Kind::Text, &text)?;
        Ok(text)
    }

    pub(super) fn truth(&self, field: &Field) -> Result<bool> {
        Ok(value(field, Kind::Bool, &self.text(field)?)? == Value::Bool(true))
    }

    /// Any JSON; a text that is none stands for itself.
    pub(super) fn json(&self, field: &Field) -> Result<Json> {
        match self {
            Self::Text(text) => document(field, from_text(text)),
            Self::Json(json) => document(field, (*json).clone()),
        }
    }

    /// Several of any JSON.
    pub(super) fn jsons(&self, field: &Field) -> Result<Vec<Json>> {
        let jsons: Vec<Json> = match self {
            Self::Text(text) if !text.starts_with('[') => text.split(',').map(from_text).collect(),
            Self::Text(_) | Self::Json(_) => self.list(field)?,
        };
        bounded(field, jsons)?.into_iter().map(|it| document(field, it)).collect()
    }

    fn text(&self, field: &Field) -> Result<String> {
        match self {
            Self::Text(text) => Ok((*text).to_owned()),
            Self::Json(json) => scalar(field, json),
        }
    }

    fn texts(&self, field: &Field) -> Result<Vec<String>> {
        match self {
            Self::Text(text) if !text.starts_with('[') => {
                bounded(field, text.split(',').map(str::to_owned).collect())
            }
            Self::Text(_) | Self::Json(_) => {
                bounded(field, self.list(field)?)?.iter().map(|it| scalar(field, it)).collect()
            }
        }
    }

    fn list(&self, field: &Field) -> Result<Vec<Json>> {
        let list = match self {
            Self::Text(text) => serde_json::from_str(text).ok(),
            Self::Json(json) => json.as_array().cloned(),
        };
        list.ok_or_else(|| bad(format!("`{field}` is compared with something else than a JSON list")))
    }
}

fn bounded<T>(field: &Field, list: Vec<T>) -> Result<Vec<T>> {
    if list.len() > MAX_VALUES {
        let many = list.len();
        return Err(bad(format!("`{field}` is compared with {many} values, at most {MAX_VALUES} are taken")));
    }
    Ok(list)
}

/// What a JSON scalar says, as it would stand in a parameter.
fn scalar(field: &Field, json: &Json) -> Result<String> {
    match json {
        Json::String(it) => Ok(it.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(bad(format!(
            "`{field}` is compared with `{}`, expected a text, a number or a boolean",
            shown(&json.to_string())
        ))),
    }
}

fn from_text(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}

/// JSON as it would be stored.
fn document(field: &Field, mut json: Json) -> Result<Json> {
    if holds_nul(&json) {
        return Err(bad(format!("`{field}` is compared with JSON that holds NUL")));
    }
    settle(&mut json);
    Ok(json)
}

fn value(field: &Field, kind: Kind, text: &str) -> Result<Value> {
    let expected = |what: &str| bad(format!("`{field}` is compared with `{}`, expected {what}", shown(text)));
    match kind {
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(expected("true or false")),
        },
        Kind::Int => text.parse().map(Value::Int).map_err(|_| expected("an integer")),
        Kind::Float => {
            let number = text.parse::<f64>().ok().filter(|it| it.is_finite());
            number.map(Value::Float).ok_or_else(|| expected("a number"))
        }
        Kind::Text if text.contains('\0') => Err(expected("a text without NUL")),
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Uuid => uuid::Uuid::try_parse(text).map(Value::Uuid).map_err(|_| expected("a UUID")),
        Kind::Timestamp => {
            text.parse::<Timestamp>().map(Value::Timestamp).map_err(|_| expected("an RFC 3339 time"))
        }
        Kind::Bytes => base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text)
            .map(Value::Bytes)
            .map_err(|_| expected("base64")),
        Kind::Date => text.parse().map(Value::Date).map_err(|_| expected("a date such as 2026-01-31")),
        Kind::Decimal(scale) => {
            let decimal = Fixed::parse(text, scale).map(Value::Decimal);
            decimal.map_err(|_| {
                expected(&format!("a decimal number with at most {scale} digits after its point"))
            })
        }
        Kind::Enum(of) => of
            .find(text)
            .map(Value::Enum)
            .ok_or_else(|| bad(format!("`{field}` is compared with an {}", model_enum::unknown(of, text)))),
        Kind::Json => Err(expected("nothing: it is JSON")),
    }
}
