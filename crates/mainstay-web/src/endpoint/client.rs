use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use serde_json::json;
use std::convert::Infallible;

use super::describe::{Describing, Documented, Param, ParamIn};
use crate::error::ApiError;
use crate::exchange::Exchange;

const SDK: &str = "x-client-sdk";
const APP: &str = "x-client-app";
const PLATFORM: &str = "x-client-platform";
const OS_VERSION: &str = "x-client-os-version";

/// The longest that a client can say of itself, in bytes.
const LONGEST: usize = 128;

/// What the client says of itself; none of it is verified, and a value longer than 128 bytes is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// `X-Client-Sdk`, such as `mainstay-js/1.4.0`.
    pub sdk: Option<String>,
    /// `X-Client-App`, such as `notes/3.1`.
    pub app: Option<String>,
    /// `X-Client-Platform`, such as `ios`.
    pub platform: Option<String>,
    /// `X-Client-Os-Version`, such as `18.1`.
    pub os_version: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let said = |name| said(&parts.headers, name);
        Ok(Self { sdk: said(SDK), app: said(APP), platform: said(PLATFORM), os_version: said(OS_VERSION) })
    }
}

fn said(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (1..=LONGEST).contains(&text.len()).then(|| text.to_owned())
}

impl Documented for Client {
    fn document(of: &mut Describing<'_>) {
        for name in [SDK, APP, PLATFORM, OS_VERSION] {
            of.described.params.push(Param {
                name: name.to_owned(),
                at: ParamIn::Header,
                is_required: false,
                schema: json!({ "type": "string", "maxLength": LONGEST }),
            });
        }
    }
}

/// The trace that the request belongs to: 32 lower-case hexadecimal digits (W3C Trace Context).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(pub String);

impl<S: Sync> FromRequestParts<S> for TraceId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Exchange::of(&parts.extensions).map(|exchange| Self(exchange.trace().trace_id()))
    }
}
