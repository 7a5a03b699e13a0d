use http::{HeaderMap, HeaderName};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::refusal::Refusal;

/// The headers that may carry a service token. Both mean the same.
const HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-service-token"), HeaderName::from_static("x-api-key")];

/// The configured tokens, kept as digests: a copy of the memory does not yield them.
pub(crate) struct ServiceTokens(Vec<ServiceToken>);

struct ServiceToken {
    name: String,
    digest: [u8; SHA256_OUTPUT_LEN],
}

impl ServiceTokens {
    pub(crate) fn new(tokens: impl IntoIterator<Item = (String, String)>) -> Self {
        let keep = |(name, token): (String, String)| ServiceToken { name, digest: sha256(token.as_bytes()) };
        Self(tokens.into_iter().map(keep).collect())
    }

    /// The service whose token the request carries; none if it carries none. Where several are
    /// sent, each must be good and all must be the same service's.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
        let mut service = None;
        for value in HEADERS.into_iter().flat_map(|header| headers.get_all(header)) {
            let name = self.find(value.as_bytes()).ok_or(Refusal::Service)?;
            if service.is_some_and(|other| other != name) {
                return Err(Refusal::Service);
            }
            service = Some(name);
        }
        Ok(service)
    }

    /// Compares with every token, whole, whether or not one has matched already: the time taken
    /// tells neither how much of a token was right nor which one it was.
    fn find(&self, presented: &[u8]) -> Option<&str> {
        let presented = sha256(presented);
        let mut found = u32::MAX;
        for (index, token) in (0_u32..).zip(&self.0) {
            found.conditional_assign(&index, token.digest.ct_eq(&presented));
        }
        self.0.get(usize::try_from(found).ok()?).map(|token| token.name.as_str())
    }
}

fn sha256(bytes: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut out = [0; SHA256_OUTPUT_LEN];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
