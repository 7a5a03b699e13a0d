use std::fmt;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mainstay_kernel::{Caller, Clock, Error, Principal, Result};
use serde_json::{Map, Value};

use crate::claims::Policy;
use crate::jws::Hs256;
use crate::object;
use crate::refusal::Refusal;
use crate::service::ServiceTokens;

/// The shortest secret that may sign tokens, in bytes (RFC 7518 §3.2: at least the hash's size).
pub const SHORTEST_SECRET: usize = 32;

/// The shortest service token, in bytes.
pub const SHORTEST_SERVICE_TOKEN: usize = 16;

/// What credentials are verified with.
#[derive(Clone)]
pub struct AuthOptions {
    /// The shared secret of HS256, at least 32 bytes (`AUTH_JWT_SECRET`).
    pub jwt_secret: Vec<u8>,
    /// By how much the clocks of issuer and verifier may differ (`AUTH_JWT_LEEWAY`). Default 0.
    pub leeway: Duration,
    /// The only issuer whose tokens are accepted (`AUTH_JWT_ISSUER`); none: any that has the secret.
    pub issuer: Option<String>,
    /// What a token's `aud` must name (`AUTH_JWT_AUDIENCE`); none: tokens with an `aud` are refused.
    pub audience: Option<String>,
    /// Services by name with their tokens, at least 16 bytes each (`AUTH_SERVICE_TOKENS`). A name
    /// may have several, so that tokens can be exchanged without a pause.
    pub service_tokens: Vec<(String, String)>,
}

impl AuthOptions {
    /// The defaults with this secret.
    pub fn new(jwt_secret: impl Into<Vec<u8>>) -> Self {
        Self {
            jwt_secret: jwt_secret.into(),
            leeway: Duration::ZERO,
            issuer: None,
            audience: None,
            service_tokens: Vec::new(),
        }
    }
}

impl fmt::Debug for AuthOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&str> = self.service_tokens.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("AuthOptions")
            .field("leeway", &self.leeway)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("services", &services)
            .finish_non_exhaustive()
    }
}

/// Turns the credentials of a request into a [`Caller`].
pub struct Credentials {
    key: Hs256,
    policy: Policy,
    services: ServiceTokens,
    clock: Clock,
}

impl Credentials {
    /// Checks the options and prepares the keys.
    ///
    /// # Errors
    /// Internal, when a secret or a token is too short, or when two services share a token. The
    /// text names neither.
    pub fn new(options: AuthOptions, clock: Clock) -> Result<Self> {
        check_options(&options)?;
        let AuthOptions { jwt_secret, leeway, issuer, audience, service_tokens } = options;
        Ok(Self {
            key: Hs256::new(&jwt_secret),
            policy: Policy { leeway, issuer, audience },
            services: ServiceTokens::new(service_tokens),
            clock,
        })
    }

    /// Who asks, by the headers of the request.
    ///
    /// `Authorization: Bearer` carries a person's token (HS256, RFC 7515 and RFC 7519) and
    /// `X-Service-Token` or `X-API-Key` a service's. A service's token is judged first and, where it
    /// is good, decides. The key of the person's row is nil. Without any of these headers the
    /// caller is anonymous.
    ///
    /// # Errors
    /// Unauthenticated, for a credential that is there and is not good. The text says what is wrong
    /// with it and never holds any part of it.
    pub fn verify(&self, headers: &HeaderMap) -> Result<Caller> {
        let authorization = authorization(headers)?;
        if let Some(service) = self.services.identify(headers)? {
            return Ok(Caller::Service(service.to_owned()));
        }
        match authorization {
            Some(value) => Ok(Caller::User(Box::new(self.person(bearer(value)?)?))),
            None => Ok(Caller::Anonymous),
        }
    }

    /// A token with these claims: what `token` of the command line prints in development.
    ///
    /// # Errors
    /// Bad request, when [`Credentials::verify`] would refuse the token now, for that reason.
    pub fn issue(&self, claims: &Map<String, Value>) -> Result<String> {
        let payload = serde_json::to_vec(claims)
            .map_err(|error| Error::internal("claims could not be written as JSON").caused_by(error))?;
        let token = self.key.seal(&payload);
        match self.person(token.as_bytes()) {
            Ok(_) => Ok(token),
            Err(refusal) => Err(Error::bad_request("bad_request", refusal.to_string())),
        }
    }

    fn person(&self, token: &[u8]) -> Result<Principal, Refusal> {
        let payload = self.key.open(token)?;
        let claims = object::read(&payload).ok_or(Refusal::Payload)?;
        self.policy.admit(claims, self.clock.now())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Refusal::TwoAuthorizations),
    }
}

/// The token of `Bearer <token>` (RFC 6750 §2.1). The scheme's case does not matter (RFC 9110 §11.1).
fn bearer(value: &HeaderValue) -> Result<&[u8], Refusal> {
    let value = value.as_bytes();
    let end = value.iter().position(|byte| *byte == b' ').ok_or(Refusal::Scheme)?;
    let (scheme, token) = value.split_at(end);
    let token = token.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty() { Ok(token) } else { Err(Refusal::Scheme) }
}

fn check_options(options: &AuthOptions) -> Result<()> {
    if options.jwt_secret.len() < SHORTEST_SECRET {
        return Err(Error::internal(format!("AUTH_JWT_SECRET is shorter than {SHORTEST_SECRET} bytes")));
    }
    let tokens = &options.service_tokens;
    if let Some((name, _)) = tokens.iter().find(|(_, token)| token.len() < SHORTEST_SERVICE_TOKEN) {
        return Err(Error::internal(format!(
            "the token of service `{name}` is shorter than {SHORTEST_SERVICE_TOKEN} bytes"
        )));
    }
    for (index, (name, token)) in tokens.iter().enumerate() {
        if let Some((other, _)) = tokens[..index].iter().find(|(other, it)| it == token && other != name) {
            return Err(Error::internal(format!("services `{other}` and `{name}` have the same token")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
