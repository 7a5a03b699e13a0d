use std::future::Future;

use axum::extract::{FromRequest, FromRequestParts};
use axum::response::{IntoResponse, Response};
use mainstay_kernel::Validate;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RequestCx;
use crate::site::Site;

/// What an endpoint can be given beside the database: whatever axum extracts, from the head or from the body.
#[diagnostic::on_unimplemented(
    message = "an endpoint cannot be given a `{Self}`",
    label = "not read from a request",
    note = "it can take `&mut Tx` or `&Reader`, `User` and `Option<User>`, `Caller`, `Auth<Role>`, `Path<T>`, `Query<T>`, \
            `Json<T>`, `Headers`, `Client`, `RequestId`, `TraceId`, `State<T>`, and every extractor of axum's",
    note = "an input of your own is taken as `Json<T>` or `Query<T>`, with `#[data]` on `T`"
)]
pub trait Argument<K>: Sized {
    /// Reads it from the request.
    fn read(cx: &mut RequestCx) -> impl Future<Output = Result<Self, Response>> + Send;
}

/// Of what is read from the head alone.
pub struct OfHead;
/// Of what reads the body.
pub struct OfBody;

impl<T: FromRequestParts<Site>> Argument<OfHead> for T {
    async fn read(cx: &mut RequestCx) -> Result<Self, Response> {
        let site = cx.site().clone();
        T::from_request_parts(&mut cx.parts, &site).await.map_err(IntoResponse::into_response)
    }
}

impl<T: FromRequest<Site>> Argument<OfBody> for T {
    async fn read(cx: &mut RequestCx) -> Result<Self, Response> {
        let site = cx.site().clone();
        T::from_request(cx.request(), &site).await.map_err(IntoResponse::into_response)
    }
}

/// Reads one argument; the macro calls this for each.
///
/// # Errors
/// The refusal that the client is answered.
pub async fn argument<T: Argument<K>, K>(cx: &mut RequestCx) -> Result<T, Response> {
    T::read(cx).await
}

/// What can be read from a request: it has a shape, a description and rules. Put `#[data]` on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    note = "put `#[data]` on it: it needs `Deserialize`, `JsonSchema` and `Validate`"
)]
pub trait Input: DeserializeOwned + JsonSchema + Validate + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Validate + Send + 'static> Input for T {}

/// What can be answered as JSON: it has a shape and a description. Put `#[data]` on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered as JSON",
    note = "put `#[data]` on it: it needs `Serialize` and `JsonSchema`"
)]
pub trait Output: Serialize + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + 'static> Output for T {}
