//! What serde says of an input, as the contract says it.

use mainstay_kernel::{Error, ErrorKind, FieldFault, nearest};

use crate::error::ApiError;

/// 422 for JSON of another shape than was asked for, at its place.
pub(super) fn misshapen(path: &serde_path_to_error::Path, message: &str) -> ApiError {
    let told = Told::of(message);
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
    Error::new(ErrorKind::Invalid(vec![fault])).into()
}

/// 400 for parameters of another shape than was asked for.
pub(super) fn wrong_parameter(path: &serde_path_to_error::Path, message: &str) -> ApiError {
    let told = Told::of(message);
    match (told.code, told.field) {
        ("unknown_field", Some(field)) => {
            ApiError::unknown_field(field, quoted(message).skip(1).collect::<Vec<_>>())
        }
        ("required", Some(field)) => ApiError::bad_request(format!("the parameter `{field}` is missing")),
        _ => match path.to_string().as_str() {
            "." | "?" => ApiError::bad_request(told.message),
            name => ApiError::bad_request(format!("the parameter `{name}`: {}", told.message)),
        },
    }
}

/// A message of serde's, understood.
struct Told<'m> {
    code: &'static str,
    field: Option<&'m str>,
    message: String,
}

impl<'m> Told<'m> {
    fn of(message: &'m str) -> Self {
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

/// What stands between backticks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// Where in the text it was does not help who made it by a program.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}
