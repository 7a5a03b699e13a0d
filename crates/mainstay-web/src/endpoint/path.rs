use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Input;
use super::describe::{Describing, Documented, Param, ParamIn};
use crate::error::ApiError;
use crate::site::Site;

/// The parameters of the path: one value for one, a tuple in their order, or a struct by their names. 400 when one
/// is no such value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: Input> FromRequestParts<Site> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, site).await;
        let axum::extract::Path(input) = read.map_err(|refusal| {
            if refusal.status().is_server_error() {
                return ApiError::internal(refusal.body_text());
            }
            let text = refusal.body_text();
            ApiError::bad_request(text.strip_prefix("Invalid URL: ").unwrap_or(&text).to_owned())
        })?;
        mainstay_kernel::valid(&input)?;
        Ok(Self(input))
    }
}

impl<T: Input> Documented for Path<T> {
    fn document(of: &mut Describing<'_>) {
        let schema = T::json_schema(of.schemas).to_value();
        let param = |name: &str, schema: &serde_json::Value| Param {
            name: name.to_owned(),
            at: ParamIn::Path,
            is_required: true,
            schema: schema.clone(),
        };
        let found: Vec<_> = match (schema["properties"].as_object(), schema["prefixItems"].as_array()) {
            (Some(named), _) => named.iter().map(|(name, it)| param(name, it)).collect(),
            // Their names stand in the path.
            (None, Some(placed)) => placed.iter().map(|it| param("", it)).collect(),
            (None, None) => vec![param("", &schema)],
        };
        of.described.params.extend(found);
    }
}
