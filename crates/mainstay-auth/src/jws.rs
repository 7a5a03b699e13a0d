//! HS256 in the compact serialization of JWS (RFC 7515 §3.1, §5.2), as strict as the RFC allows.
//!
//! Written on ring rather than taken from the `jsonwebtoken` crate: its cryptography is a provider
//! installed once for the whole process, which a framework must leave to the application; it
//! ignores `crit` and repeated names; it rounds `exp` and reads the machine's clock. All of that
//! had to be checked here in any case, and what remained was one call of HMAC.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::Value;

use crate::object;
use crate::refusal::Refusal;

/// The longest token that is looked at, in bytes.
pub(crate) const LONGEST: usize = 8 * 1024;

const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// Header parameters that change how the rest is to be read (RFC 7515 §4.1.11, RFC 7519 §5.2,
/// RFC 7797, RFC 7516). Whoever does not implement them must not accept the token.
const EXTENSIONS: [&str; 5] = ["crit", "cty", "b64", "zip", "enc"];

/// Makes and opens tokens with one shared secret. The algorithm is fixed here, and the token's own
/// `alg` is only compared with it.
pub(crate) struct Hs256(hmac::Key);

impl Hs256 {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The signed token of this payload.
    pub(crate) fn seal(&self, payload: &[u8]) -> String {
        self.seal_with(HEADER, payload)
    }

    pub(crate) fn seal_with(&self, header: &[u8], payload: &[u8]) -> String {
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let tag = hmac::sign(&self.0, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut token);
        token
    }

    /// The payload of a token whose signature holds.
    pub(crate) fn open(&self, token: &[u8]) -> Result<Vec<u8>, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::TooLong(LONGEST));
        }
        let [header, payload, signature] = parts(token)?;
        check_header(&decode(header)?)?;
        let signed = &token[..header.len() + 1 + payload.len()];
        hmac::verify(&self.0, signed, &decode(signature)?).map_err(|_| Refusal::Signature)?;
        decode(payload)
    }
}

fn parts(token: &[u8]) -> Result<[&[u8]; 3], Refusal> {
    let mut parts = token.split(|byte| *byte == b'.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) => Ok([header, payload, signature]),
        _ => Err(Refusal::Parts),
    }
}

/// Refuses padding, white space, other alphabets and stray bits at the end: one token, one spelling.
fn decode(part: &[u8]) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Encoding)
}

fn check_header(json: &[u8]) -> Result<(), Refusal> {
    let header = object::read(json).ok_or(Refusal::Header)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(Refusal::Algorithm);
    }
    if let Some(name) = EXTENSIONS.into_iter().find(|name| header.contains_key(*name)) {
        return Err(Refusal::Extension(name));
    }
    match header.get("typ") {
        None => Ok(()),
        Some(kind) if kind.as_str().is_some_and(is_jwt) => Ok(()),
        Some(_) => Err(Refusal::Type),
    }
}

/// `JWT`, or RFC 9068's `at+jwt`; a media type compares without case, and `application/` may be
/// left out (RFC 7515 §4.1.9).
fn is_jwt(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt")
}

#[cfg(test)]
mod tests;
