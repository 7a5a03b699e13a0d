use std::time::Duration;

use mainstay_kernel::{Principal, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::refusal::Refusal;

/// The longest `sub` and `iss`, in characters (OpenID Connect Core §2 for `sub`).
const LONGEST_NAME: usize = 255;

/// 9999-12-31T23:59:59Z, the last second that a time can be written in RFC 3339.
const LAST_SECOND: f64 = 253_402_300_799.0;

type Claims = Map<String, Value>;

/// What a token's claims must say, beyond being signed.
pub(crate) struct Policy {
    pub(crate) leeway: Duration,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
}

impl Policy {
    /// The person whom the claims name. The key of their row is nil: this crate knows no rows.
    pub(crate) fn admit(&self, claims: Claims, now: Timestamp) -> Result<Principal, Refusal> {
        self.check_times(&claims, now)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        principal(claims)
    }

    fn check_times(&self, claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
        let expires = moment(claims, "exp")?.ok_or(Refusal::Missing("exp"))?;
        let starts = moment(claims, "nbf")?;
        moment(claims, "iat")?;
        // "on or after which the JWT MUST NOT be accepted" (RFC 7519 §4.1.4)
        if now >= expires.plus(self.leeway) {
            return Err(Refusal::Expired);
        }
        if starts.is_some_and(|starts| now < starts.minus(self.leeway)) {
            return Err(Refusal::NotYet);
        }
        Ok(())
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), Refusal> {
        match &self.issuer {
            Some(expected) if text(claims, "iss")? != Some(expected) => Err(Refusal::Issuer),
            Some(_) | None => Ok(()),
        }
    }

    /// A token for somebody else is refused even where no audience is configured: "if the principal
    /// processing the claim does not identify itself with a value in the `aud` claim when this
    /// claim is present, then the JWT MUST be rejected" (RFC 7519 §4.1.3).
    fn check_audience(&self, claims: &Claims) -> Result<(), Refusal> {
        let audiences = match claims.get("aud") {
            None => return if self.audience.is_some() { Err(Refusal::Audience) } else { Ok(()) },
            Some(Value::String(one)) => vec![one.clone()],
            Some(many) => strings(many).ok_or(Refusal::Shape("aud", "a string or an array of strings"))?,
        };
        let holds = self.audience.as_ref().is_some_and(|ours| audiences.contains(ours));
        if holds { Ok(()) } else { Err(Refusal::Audience) }
    }
}

fn principal(claims: Claims) -> Result<Principal, Refusal> {
    let subject = name(&claims, "sub")?.filter(|it| !it.is_empty()).ok_or(Refusal::Missing("sub"))?;
    Ok(Principal {
        id: Uuid::nil(),
        issuer: name(&claims, "iss")?.unwrap_or_default(),
        subject,
        email: text(&claims, "email")?.map(str::to_owned),
        name: text(&claims, "name")?.map(str::to_owned),
        roles: list(&claims, "roles")?.unwrap_or_default(),
        scopes: scopes(&claims)?,
        claims,
    })
}

/// `scopes` as an array or, where that is absent, `scope` separated by spaces (RFC 8693 §4.2).
fn scopes(claims: &Claims) -> Result<Vec<String>, Refusal> {
    let spaced = text(claims, "scope")?;
    match list(claims, "scopes")? {
        Some(scopes) => Ok(scopes),
        None => {
            Ok(spaced.unwrap_or_default().split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect())
        }
    }
}

/// A NumericDate (RFC 7519 §2): seconds since 1970, a fraction allowed, not before 1970 and not
/// after the year 9999.
fn moment(claims: &Claims, claim: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    value
        .as_f64()
        .filter(|seconds| (0.0..=LAST_SECOND).contains(seconds))
        .map(|seconds| Some(Timestamp::from_micros((seconds * 1e6) as i64)))
        .ok_or(Refusal::Shape(claim, "a number of seconds between the years 1970 and 9999"))
}

/// A string that may be absent or null. NUL has no place in text: PostgreSQL cannot store it.
fn text<'a>(claims: &'a Claims, claim: &'static str) -> Result<Option<&'a str>, Refusal> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let text = value.as_str().filter(|text| !text.contains('\0'));
            text.map(Some).ok_or(Refusal::Shape(claim, "a string without NUL"))
        }
    }
}

fn name(claims: &Claims, claim: &'static str) -> Result<Option<String>, Refusal> {
    match text(claims, claim)? {
        Some(text) if text.chars().count() > LONGEST_NAME => {
            Err(Refusal::Shape(claim, "a string of at most 255 characters"))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

fn list(claims: &Claims, claim: &'static str) -> Result<Option<Vec<String>>, Refusal> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => strings(value).map(Some).ok_or(Refusal::Shape(claim, "an array of strings")),
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
