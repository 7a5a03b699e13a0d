use mainstay_kernel::{Error, Result};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Separates these keys from what anybody else derives from the same secret.
const SALT: &[u8] = b"mainstay/key/v1";

/// A key of 32 bytes for one purpose, by HKDF-SHA256 (RFC 5869). The same secret and purpose give
/// the same key on every node; keys of different purposes say nothing about each other or about
/// the secret.
///
/// ```
/// let cursor = mainstay_auth::derive_key(b"a secret of at least 32 bytes ...", "cursor");
/// let session = mainstay_auth::derive_key(b"a secret of at least 32 bytes ...", "session");
/// assert_ne!(cursor, session);
/// ```
#[expect(clippy::missing_panics_doc, reason = "32 bytes are below HKDF-SHA256's bound of 255 × 32")]
pub fn derive_key(secret: &[u8], purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, SALT)
        .extract(secret)
        .expand(&[purpose.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("HKDF-SHA256 yields 32 bytes");
    key
}

/// A secret for one run of the process, of 32 random bytes written as 64 hexadecimal digits.
///
/// # Errors
/// Internal, when the operating system gives no random bytes.
pub fn random_secret() -> Result<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::internal("the operating system gave no random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's `hmac` from the text of RFC 5869.
    #[test]
    fn a_derived_key_is_the_same_on_every_node_and_in_every_version() {
        let key = derive_key(b"0123456789abcdef0123456789abcdef", "cursor");
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "a46b192574039179e4f8ee8cd892ac1e21cabaaa0e110162188b65320abd128b");
    }

    #[test]
    fn keys_differ_by_purpose_and_by_secret() {
        let base = derive_key(b"one", "cursor");
        assert_ne!(base, derive_key(b"one", "session"));
        assert_ne!(base, derive_key(b"two", "cursor"));
    }

    #[test]
    fn two_random_secrets_differ_and_are_long_enough() {
        let (one, two) = (random_secret().unwrap(), random_secret().unwrap());
        assert_ne!(one, two);
        assert!(one.len() >= crate::SHORTEST_SECRET);
    }
}
