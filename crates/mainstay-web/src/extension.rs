use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use mainstay_kernel::Error;
use mainstay_queue::operation::Extension;

use crate::error::ApiError;
use crate::site::Site;

impl<T: Clone + Send + Sync + 'static> FromRequestParts<Site> for Extension<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().map(Self).ok_or_else(|| {
            let name = std::any::type_name::<T>();
            let error = format!(
                "no middleware put a `{name}` into the request: call `cx.insert(…)` in one around it"
            );
            Error::internal(error).into()
        })
    }
}

impl<T: Clone + Send + Sync + 'static> OptionalFromRequestParts<Site> for Extension<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Option<Self>, ApiError> {
        Ok(parts.extensions.get().cloned().map(Self))
    }
}
