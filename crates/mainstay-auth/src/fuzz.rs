use std::sync::LazyLock;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mainstay_kernel::{Clock, Error, ErrorKind, Timestamp};

use crate::jws::Hs256;
use crate::{AuthOptions, Credentials};

const SECRET: &[u8] = b"the fuzzer's own secret, 32 bytes and more";

static CREDENTIALS: LazyLock<Credentials> = LazyLock::new(|| {
    let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
    Credentials::new(AuthOptions::new(SECRET), clock).expect("the fuzzer's secret is long enough")
});

/// Feeds arbitrary bytes to the verifier, both as a whole header and, so that the code behind the
/// signature is reached, as header and claims of a token that is signed rightly. The first NUL byte
/// separates the two.
///
/// # Panics
/// When an unsigned token is accepted, or a refusal is anything but unauthenticated.
pub fn fuzz_jwt(data: &[u8]) {
    if let Some(outcome) = verify(data) {
        let error = outcome.expect_err("a token that nobody signed was accepted");
        assert!(matches!(error.kind(), ErrorKind::Unauthenticated(_)), "{error:?}");
    }
    let (header, claims) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (&br#"{"alg":"HS256"}"#[..], data),
    };
    let token = Hs256::new(SECRET).seal_with(header, claims);
    if let Some(Err(error)) = verify(format!("Bearer {token}").as_bytes()) {
        assert!(matches!(error.kind(), ErrorKind::Unauthenticated(_)), "{error:?}");
    }
}

/// None where the bytes cannot be the value of a header at all.
fn verify(authorization: &[u8]) -> Option<Result<(), Error>> {
    let value = HeaderValue::from_bytes(authorization).ok()?;
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    Some(CREDENTIALS.verify(&headers).map(drop))
}

#[cfg(test)]
#[path = "../../../fuzz/driver.rs"]
mod driver;

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: [&[u8]; 4] = [
        b"Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
        b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}\0{\"sub\":\"ann\",\"exp\":1700000001,\"roles\":[\"a\"]}",
        b"{\"sub\":\"ann\",\"exp\":1e999,\"nbf\":-1,\"iat\":\"x\",\"aud\":[[[{}]]],\"scope\":\"a b\"}",
        b"{\"alg\":\"none\"}\0{\"sub\":null,\"exp\":1700000001.5}",
    ];

    #[test]
    fn fuzz_jwt_never_panics() {
        driver::drive(&SEEDS, fuzz_jwt);
    }
}
