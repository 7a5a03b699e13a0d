//! From where a request comes, when others pass it on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A block of addresses (RFC 4632, RFC 4291 §2.3), such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The first address of the block.
    address: IpAddr,
    /// How many leading bits every address of the block shares.
    prefix: u8,
}

impl Cidr {
    /// The block of so many leading bits that the address lies in.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        Self { address: first_of(address, prefix), prefix }
    }

    /// The first address of the block.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether the address lies in the block. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`)
    /// is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && first_of(address, self.prefix) == self.address
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The address with all but the leading bits cleared.
fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(it) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((it.to_bits() & mask).into())
        }
        IpAddr::V6(it) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((it.to_bits() & mask).into())
        }
    }
}

/// From where a request comes as the proxies that are believed say: in its extensions, where there are such proxies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Finds out what the proxies say, for [`ClientAddress::find`].
    pub(crate) fn tell(trusted: &[Cidr], headers: &HeaderMap, extensions: &mut Extensions) {
        if let (false, Some(ConnectInfo(peer))) =
            (trusted.is_empty(), extensions.get::<ConnectInfo<SocketAddr>>())
        {
            extensions.insert(Self(client(peer.ip(), headers, trusted)));
        }
    }

    /// From where the request comes; from nowhere without a socket.
    pub(crate) fn find(extensions: &Extensions) -> Option<IpAddr> {
        let peer = || extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        extensions.get::<Self>().map(|it| it.0).or_else(peer)
    }
}

/// The nearest address that is no proxy which we believe: what stands before it, anybody can have written.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|it| it.contains(address));
    let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|it| it.to_str().ok());
    let told: Vec<&str> = told.flat_map(|it| it.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for text in told.into_iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        let Ok(address) = text.parse() else { break };
        nearest = address;
    }
    nearest
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client_of(peer: &str, told: &[&'static str]) -> String {
        let trusted = [Cidr::of("10.0.0.0".parse().unwrap(), 8), Cidr::of("fd00::".parse().unwrap(), 8)];
        let mut headers = HeaderMap::new();
        for line in told {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_proxies_that_are_trusted_say_from_where_a_request_comes() {
        assert_eq!(client_of("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client_of("::ffff:10.0.0.1", &["198.51.100.1, 10.2.0.1"]), "198.51.100.1");
        assert_eq!(client_of("fd00::1", &["192.0.2.1, 198.51.100.1", "10.2.0.1"]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_address_is_not_believed() {
        assert_eq!(client_of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
    }

    #[test]
    fn the_address_of_the_client_is_in_the_extensions_where_proxies_are_trusted() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"));
        let mut extensions = Extensions::new();
        assert_eq!(ClientAddress::find(&extensions), None);
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 80))));
        ClientAddress::tell(&[], &headers, &mut extensions);
        assert_eq!(ClientAddress::find(&extensions), "10.0.0.1".parse().ok());
        ClientAddress::tell(&[Cidr::of("10.0.0.1".parse().unwrap(), 32)], &headers, &mut extensions);
        assert_eq!(ClientAddress::find(&extensions), "198.51.100.1".parse().ok());
    }
}
