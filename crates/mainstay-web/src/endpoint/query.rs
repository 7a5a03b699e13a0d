use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::Value;

use super::describe::{Describing, Documented, Param, ParamIn};
use super::{Input, fault};
use crate::error::ApiError;
use crate::site::Site;

/// The parameters of the query, `?name=Ann&tag=a&tag=b`: 400 when one is unknown, missing or no such value, 422
/// when one breaks a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: Input> FromRequestParts<Site> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_html_form::Deserializer::from_bytes(query.as_bytes());
        let input: T = serde_path_to_error::deserialize(reader)
            .map_err(|error| fault::wrong_parameter(error.path(), &error.inner().to_string()))?;
        mainstay_kernel::valid(&input)?;
        Ok(Self(input))
    }
}

impl<T: Input> Documented for Query<T> {
    fn document(of: &mut Describing<'_>) {
        let schema = T::json_schema(of.schemas).to_value();
        let required: Vec<_> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            of.described.params.push(Param {
                name: name.clone(),
                at: ParamIn::Query,
                is_required: required.contains(&name.as_str()),
                schema: schema.clone(),
            });
        }
    }
}
