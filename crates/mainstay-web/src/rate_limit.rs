//! How often somebody may call something: asked before a body is read or the database is, and told in headers.

use std::net::{IpAddr, Ipv6Addr};

use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_kernel::{Caller, Quota, Rate, Result};

use crate::client_address::ClientAddress;
use crate::site::Site;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Takes one of the calls of `what` that are admitted for who asks.
///
/// # Errors
/// Rate limited; unauthenticated, when there is a credential and it does not hold.
pub(crate) async fn admit(site: &Site, parts: &Parts, what: &str, rate: Rate) -> Result<Quota> {
    let who = asker(&site.presented(&parts.headers)?, parts);
    site.db().limiter().take(what, &who, rate).await
}

/// Who asks, as the credential says; without one, from where.
pub(crate) fn asker(caller: &Caller, parts: &Parts) -> String {
    match ClientAddress::find(&parts.extensions) {
        Some(address) if caller.is_anonymous() => format!("address:{}", network(address)),
        Some(_) | None => caller.credential(),
    }
}

/// One client may have as many addresses of IPv6 as it likes, within its network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Says in the answer's head how many calls are left.
pub(crate) fn tell(mut response: Response, quota: Option<Quota>) -> Response {
    if let Some(quota) = quota {
        put(response.headers_mut(), quota);
    }
    response
}

pub(crate) fn put(headers: &mut HeaderMap, quota: Quota) {
    let Quota { limit, remaining, reset, .. } = quota;
    let seconds = reset.as_secs() + u64::from(reset.subsec_nanos() > 0);
    for (name, value) in [(LIMIT, limit), (REMAINING, remaining), (RESET, seconds)] {
        headers.insert(name, HeaderValue::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(
            (network("10.0.0.1"), network("::ffff:10.0.0.1")),
            ("10.0.0.1".to_owned(), "10.0.0.1".to_owned())
        );
    }
}
