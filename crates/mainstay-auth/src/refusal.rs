use mainstay_kernel::{Error, ErrorKind};

/// Why a credential was not accepted. No variant holds any part of the credential, so none can
/// reach a response or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request has more than one Authorization header")]
    TwoAuthorizations,
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    Scheme,
    #[error("the bearer token is longer than {0} bytes")]
    TooLong(usize),
    #[error("the bearer token does not have the three parts header.payload.signature")]
    Parts,
    #[error("a part of the bearer token is not base64url without padding")]
    Encoding,
    #[error("the header of the bearer token is not a JSON object with unique names")]
    Header,
    #[error("the algorithm of the bearer token is not HS256")]
    Algorithm,
    #[error("the header of the bearer token has `{0}`, which is not supported")]
    Extension(&'static str),
    #[error("the type of the bearer token is not JWT")]
    Type,
    #[error("the signature of the bearer token does not hold")]
    Signature,
    #[error("the payload of the bearer token is not a JSON object with unique names")]
    Payload,
    #[error("the bearer token lacks the claim `{0}`")]
    Missing(&'static str),
    #[error("the claim `{0}` of the bearer token is not {1}")]
    Shape(&'static str, &'static str),
    #[error("the bearer token has expired")]
    Expired,
    #[error("the bearer token is not valid yet")]
    NotYet,
    #[error("the bearer token comes from another issuer than AUTH_JWT_ISSUER")]
    Issuer,
    #[error("the bearer token is for another audience than AUTH_JWT_AUDIENCE")]
    Audience,
    #[error("the service token is not one of AUTH_SERVICE_TOKENS")]
    Service,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(ErrorKind::Unauthenticated(refusal.to_string()))
    }
}
