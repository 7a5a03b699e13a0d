//! What serde says of parameters, as the contract says it.

use mainstay_kernel::input::{Misfit, quoted};

use crate::error::ApiError;

/// 400 for parameters of another shape than was asked for.
pub(super) fn wrong_parameter(path: &serde_path_to_error::Path, message: &str) -> ApiError {
    let told = Misfit::of(message);
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
