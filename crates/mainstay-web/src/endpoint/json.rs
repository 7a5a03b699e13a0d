use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use mainstay_model::Json;

use super::Input;
use super::describe::{Described, Describing, Documented, Payload};
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
        Ok(Json(mainstay_kernel::input::read(&body)?))
    }
}

impl<T: Input> Documented for Json<T> {
    fn document(of: &mut Describing<'_>) {
        let schema = of.schemas.subschema_for::<T>();
        let Described { body, .. } = &mut of.described;
        *body = Some(Payload { media: "application/json", schema });
    }
}
