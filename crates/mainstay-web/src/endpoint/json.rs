use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use mainstay_model::Json;

use super::describe::{Described, Describing, Documented, Payload};
use super::{Input, fault};
use crate::crud::input;
use crate::error::ApiError;
use crate::site::Site;

/// A body of JSON: 400 when it is no JSON, 415 when it says it is something else, 422 when it has another
/// shape or breaks a rule.
impl<T: Input> FromRequest<Site> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, ApiError> {
        input::must_be_json(request.headers())?;
        let body = Bytes::from_request(request, site).await;
        let body = body.map_err(|_| ApiError::bad_request("the body broke off"))?;
        read(&body).map(Json)
    }
}

fn read<T: Input>(body: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let input: T =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| match error.inner().classify() {
            serde_json::error::Category::Data => fault::misshapen(error.path(), &error.inner().to_string()),
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => not_json(error.inner()),
        })?;
    reader.end().map_err(|error| not_json(&error))?;
    mainstay_kernel::valid(&input)?;
    Ok(input)
}

fn not_json(error: &serde_json::Error) -> ApiError {
    ApiError::bad_request(format!("the body is not JSON: {error}"))
}

impl<T: Input> Documented for Json<T> {
    fn document(of: &mut Describing<'_>) {
        let schema = of.schemas.subschema_for::<T>();
        let Described { body, .. } = &mut of.described;
        *body = Some(Payload { media: "application/json", schema });
    }
}
