//! An input as a client sent it: JSON of a shape, with rules.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{Error, ErrorKind, FieldFault, Result, Validate, nearest, valid};

/// Reads an input of JSON and judges it.
///
/// ```
/// let error = mainstay_kernel::input::read::<Vec<u32>>(b"[1, true]").unwrap_err();
/// assert_eq!(error.to_string(), "`[1]`: invalid type: boolean `true`, expected u32");
/// ```
///
/// # Errors
/// Bad request, when it is no JSON; invalid, when it has another shape or breaks a rule, with the place of each fault.
pub fn read<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T> {
    if body.is_empty() {
        return Err(Error::bad_request("bad_request", "the body is empty, expected JSON"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let input: T =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| match error.inner().classify() {
            Category::Data => misshapen(error.path(), &error.inner().to_string()),
            Category::Io | Category::Syntax | Category::Eof => not_json(error.inner()),
        })?;
    reader.end().map_err(|error| not_json(&error))?;
    valid(&input)?;
    Ok(input)
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::bad_request("bad_request", format!("the body is not JSON: {error}"))
}

/// JSON of another shape than was asked for, at its place.
fn misshapen(path: &serde_path_to_error::Path, message: &str) -> Error {
    let told = Misfit::of(message);
    let place = path.to_string();
    let field = match (told.field, place.as_str()) {
        (Some(field), "." | "?") => field.to_owned(),
        // For an unknown field the path names it already.
        (Some(field), within) if within == field || within.ends_with(&format!(".{field}")) => {
            within.to_owned()
        }
        (Some(field), within) => format!("{within}.{field}"),
        (None, "." | "?") => String::new(),
        (None, within) => within.to_owned(),
    };
    let fault = FieldFault { field, code: told.code.into(), message: told.message };
    Error::new(ErrorKind::Invalid(vec![fault]))
}

/// A message of serde's, understood.
pub struct Misfit<'m> {
    /// Stable code, such as `required`.
    pub code: &'static str,
    /// The field that it names.
    pub field: Option<&'m str>,
    /// For people.
    pub message: String,
}

impl<'m> Misfit<'m> {
    /// What it says.
    pub fn of(message: &'m str) -> Self {
        let field = quoted(message).next();
        if message.starts_with("missing field") {
            return Self { code: "required", field, message: "is required".to_owned() };
        }
        if message.starts_with("unknown field") {
            let name = field.unwrap_or_default();
            let known: Vec<_> = quoted(message).skip(1).collect();
            let message = match nearest(name, known.iter().copied()) {
                Some(near) => format!("unknown field `{name}`, did you mean `{near}`?"),
                None => format!("unknown field `{name}`"),
            };
            return Self { code: "unknown_field", field, message };
        }
        let code = if message.starts_with("unknown variant") { "unknown_value" } else { "wrong_type" };
        Self { code, field: None, message: without_position(message).to_owned() }
    }
}

/// What a message has between backticks.
pub fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// Where in the text it was does not help who made it by a program.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}
