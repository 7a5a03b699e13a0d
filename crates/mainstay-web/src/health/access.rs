use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::ConstantTimeEq;

use crate::error::ApiError;

/// Who may see the process's inside: `/metrics` and the whole of `/readyz`.
#[derive(Clone)]
pub enum OperatorAccess {
    /// Everybody: for development.
    Open,
    /// Who sends `Authorization: Bearer` with the token of this digest; see [`OperatorAccess::token`].
    Token(TokenDigest),
    /// Nobody: in production without a token.
    Closed,
}

/// The SHA-256 of a token. The token itself is not kept.
#[derive(Clone)]
pub struct TokenDigest([u8; SHA256_OUTPUT_LEN]);

impl OperatorAccess {
    /// Admits who knows `token`.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self::Token(TokenDigest::of(token.as_bytes()))
    }

    /// # Errors
    /// 401 without the token; 404 where nobody is admitted.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match self {
            Self::Open => Ok(()),
            Self::Closed => Err(ApiError::not_found("this is off: no operator token is configured")),
            Self::Token(expected) => match bearer(headers) {
                Some(token) if expected.matches(token) => Ok(()),
                Some(_) => Err(ApiError::unauthorized("this operator token is not valid")),
                None => Err(ApiError::unauthorized("an operator token is needed")),
            },
        }
    }
}

impl TokenDigest {
    fn of(token: &[u8]) -> Self {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest(&SHA256, token).as_ref());
        Self(bytes)
    }

    /// Takes the same time however much of the token is right, and whatever its length.
    fn matches(&self, token: &[u8]) -> bool {
        Self::of(token).0.ct_eq(&self.0).into()
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
