//! Addresses, origins and the URLs of other services.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use mainstay_web::{Cidr, OriginError, TrustedOrigins};
use secrecy::SecretString;

use super::shape::{Shape, Wrong};

/// The address to listen on.
pub(super) struct Host;

impl Shape for Host {
    type Out = IpAddr;

    fn expected(&self) -> String {
        "an IP address, such as `127.0.0.1`, `0.0.0.0` or `::`, or `localhost`".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<IpAddr, Wrong> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Ipv4Addr::LOCALHOST.into());
        }
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
        bare.parse().map_err(|_| Wrong::Shape)
    }
}

/// A [`Cidr`], or one address.
pub(super) struct Block;

impl Shape for Block {
    type Out = Cidr;

    fn expected(&self) -> String {
        "addresses and blocks, such as `10.0.0.0/8`, `192.168.1.7` or `fd00::/8`".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<Cidr, Wrong> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, it)| (address, Some(it)));
        let address: IpAddr = address.parse().map_err(|_| Wrong::Shape)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |it| it.parse().map_err(|_| Wrong::Shape))?;
        if prefix > longest {
            return Err(Wrong::Shape);
        }
        let block = Cidr::of(address, prefix);
        if block.address() == address {
            Ok(block)
        } else {
            Err(Wrong::fix(format!("did you mean `{block}`?")))
        }
    }
}

/// The origins whose pages may call the server, as the edge reads them.
pub(super) struct Origins;

impl Shape for Origins {
    type Out = TrustedOrigins;

    fn expected(&self) -> String {
        "a list, separated by commas, of origins `scheme://host` or `scheme://host:port`, such as \
         `https://app.example.org`"
            .to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<TrustedOrigins, Wrong> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        TrustedOrigins::parse(origins).map_err(|error| {
            if matches!(error, OriginError::Shape(_)) { Wrong::Shape } else { Wrong::fix(error.to_string()) }
        })
    }
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), Wrong> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            Ok((host, Some(port.parse().map_err(|_| Wrong::Shape)?)))
        }
        Some(_) | None => Ok((authority, None)),
    }
}

/// A name in its ASCII form, or an address.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|it| it.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        }
    }
}

/// The URL of a service, which may hold a password.
pub(super) struct Url {
    pub(super) schemes: &'static [&'static str],
}

impl Shape for Url {
    type Out = SecretString;

    fn expected(&self) -> String {
        let forms: Vec<String> =
            self.schemes.iter().map(|scheme| format!("`{scheme}://host:port`")).collect();
        forms.join(" or ")
    }

    fn read(&self, text: &str, _: &Path) -> Result<SecretString, Wrong> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(Wrong::Shape)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, _) = host_and_port(authority)?;
        if self.schemes.contains(&scheme) && is_host(host) { Ok(text.into()) } else { Err(Wrong::Shape) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<S: Shape>(shape: S, text: &str) -> Result<S::Out, Wrong> {
        shape.read(text, Path::new("/"))
    }

    #[test]
    fn origins_are_read_as_the_edge_reads_them() {
        let both = TrustedOrigins::parse(["https://a.org", "http://localhost:5173"]);
        assert_eq!(
            read(Origins, " https://A.org:443, http://localhost:5173,").map_err(|_| ()),
            both.map_err(|_| ())
        );
        assert_eq!(read(Origins, ""), Ok(TrustedOrigins::default()));
        assert_eq!(read(Origins, "https://a.org,a.org"), Err(Wrong::Shape));
        for (odd, reason) in [("*", "would trust every origin"), ("https://a.org/x", "write `https://a.org`")]
        {
            assert!(matches!(read(Origins, odd), Err(Wrong::Fix(fix)) if fix.contains(reason)), "{odd}");
        }
    }

    #[test]
    fn a_block_holds_its_addresses_and_no_others() {
        let ten = read(Block, "10.0.0.0/8").unwrap();
        assert!(ten.contains("10.255.0.1".parse().unwrap()));
        assert!(ten.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!ten.contains("11.0.0.0".parse().unwrap()));
        assert!(!ten.contains("::1".parse().unwrap()));
        assert!(read(Block, "0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!(!read(Block, "0.0.0.0/0").unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(read(Block, "fd00::/8").unwrap().contains("fdff::1".parse().unwrap()));
        let one = read(Block, "192.168.1.7").unwrap();
        assert!(
            one.contains("192.168.1.7".parse().unwrap()) && !one.contains("192.168.1.6".parse().unwrap())
        );
    }

    #[test]
    fn a_block_that_is_none_is_refused() {
        for odd in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "all"] {
            assert_eq!(read(Block, odd), Err(Wrong::Shape), "{odd}");
        }
        assert_eq!(read(Block, "10.1.2.3/8"), Err(Wrong::fix("did you mean `10.0.0.0/8`?")));
    }

    #[test]
    fn a_services_url_has_its_scheme_and_a_host() {
        let url = || Url { schemes: &["redis", "rediss"] };
        for good in
            ["redis://localhost", "rediss://user:p@ss@cache.internal:6380/0", "redis://[::1]:6379/?x=1"]
        {
            assert!(read(url(), good).is_ok(), "{good}");
        }
        for odd in [
            "",
            "localhost:6379",
            "http://localhost",
            "redis://",
            "redis://:6379",
            "redis://a:port",
            "redis://a b",
        ] {
            assert!(read(url(), odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_host_is_an_address() {
        assert_eq!(read(Host, "localhost"), Ok("127.0.0.1".parse().unwrap()));
        assert_eq!(read(Host, "[::1]"), Ok("::1".parse().unwrap()));
        assert_eq!(read(Host, "0.0.0.0"), Ok("0.0.0.0".parse().unwrap()));
        for odd in ["", "x86_64-conda-linux-gnu", "127.0.0.1:3000", "*", "256.0.0.1"] {
            assert!(read(Host, odd).is_err(), "{odd}");
        }
    }
}
