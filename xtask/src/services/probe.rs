//! Asking a server whether it can be used, in as much of its protocol as that takes.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use super::Service;

const PATIENCE: Duration = Duration::from_secs(2);

/// Where a URL points.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
    user: String,
    database: String,
}

impl Address {
    /// Reads `scheme://[user[:password]@]host[:port][/database]`; none if the scheme is another service's.
    pub(crate) fn parse(service: Service, url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !schemes(service).contains(&scheme) {
            return None;
        }
        let rest = rest.split(['?', '#']).next()?;
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !place.ends_with(']') => (host, port.parse().ok()?),
            _ => (place, service.standard_port()),
        };
        let user = credentials.split(':').next().filter(|user| !user.is_empty()).unwrap_or("postgres");
        Some(Self {
            host: host.trim_matches(['[', ']']).into(),
            port,
            user: user.into(),
            database: database.into(),
        })
    }

    /// Whether something listens there.
    pub(crate) fn accepts_connections(&self) -> bool {
        self.connect().is_ok()
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The first URL under which a server of this kind lets us in without a password.
pub(crate) fn first_that_answers(service: Service, urls: &[String]) -> Option<String> {
    let lets_in = |url: &&String| Address::parse(service, url).is_some_and(|at| admits(service, &at));
    urls.iter().find(lets_in).cloned()
}

/// The URL with its password replaced, for messages.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((credentials, place)) if credentials.contains(':') => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{place}")
        }
        _ => url.to_owned(),
    }
}

fn schemes(service: Service) -> &'static [&'static str] {
    match service {
        Service::Postgres => &["postgres", "postgresql"],
        Service::Redis => &["redis", "rediss"],
        Service::Nats => &["nats", "tls"],
    }
}

fn admits(service: Service, address: &Address) -> bool {
    let answer = match service {
        Service::Postgres => greet(address, &postgres_startup(address)).map(|first| is_let_in(&first)),
        Service::Redis => greet(address, b"PING\r\n").map(|first| first.starts_with(b"+PONG")),
        Service::Nats => greet(address, b"").map(|first| first.starts_with(b"INFO ")),
    };
    answer.unwrap_or(false)
}

/// Says this and returns the first bytes of the answer.
fn greet(address: &Address, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = address.connect()?;
    stream.write_all(message)?;
    let mut first = vec![0; 9];
    let mut length = 0;
    while length < first.len() {
        match stream.read(&mut first[length..])? {
            0 => break,
            read => length += read,
        }
        if first[..length].ends_with(b"\r\n") {
            break;
        }
    }
    first.truncate(length);
    Ok(first)
}

/// The StartupMessage of PostgreSQL's protocol 3.0 (PostgreSQL manual, "Message Formats").
fn postgres_startup(address: &Address) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for word in ["user", &address.user, "database", &address.database] {
        body.extend(word.bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [length.to_be_bytes().to_vec(), body].concat()
}

/// AuthenticationOk: `R`, length 8, code 0. A request for a password has another code, a refusal is `E`.
fn is_let_in(first: &[u8]) -> bool {
    first == [b'R', 0, 0, 0, 8, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet, net::TcpListener, thread};

    use super::*;
    use crate::driver;

    fn address(host: &str, port: u16, user: &str, database: &str) -> Option<Address> {
        Some(Address { host: host.into(), port, user: user.into(), database: database.into() })
    }

    #[test]
    fn a_url_is_taken_apart() {
        let postgres = |url| Address::parse(Service::Postgres, url);
        assert_eq!(postgres("postgres://ada:pw@db:6000/app?sslmode=off"), address("db", 6000, "ada", "app"));
        assert_eq!(postgres("postgresql://[::1]/app"), address("::1", 5432, "postgres", "app"));
        assert_eq!(Address::parse(Service::Nats, "nats://h"), address("h", 4222, "postgres", ""));
    }

    #[test]
    fn a_file_is_not_a_server() {
        assert_eq!(Address::parse(Service::Postgres, "sqlite://.mainstay/app.db"), None);
        assert_eq!(Address::parse(Service::Postgres, ":memory:"), None);
    }

    #[test]
    fn fuzz_address() {
        let seeds: [&[u8]; 2] = [b"postgres://ada:pw@[::1]:6000/app?a=b", b"redis://h:6379/1#x"];
        let seen = RefCell::new(BTreeSet::new());
        driver::drive(&seeds, |data| {
            let Ok(url) = std::str::from_utf8(data) else { return };
            let _ = without_password(url);
            let parsed = Service::ALL.map(|service| Address::parse(service, url).is_some());
            seen.borrow_mut().insert(parsed);
        });
        assert!(seen.into_inner().len() > 2, "the inputs reach neither service or none of them");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("postgres://ada:s3cret@db/app"), "postgres://ada:***@db/app");
        assert_eq!(without_password("postgres://ada:s3@cret@db/app"), "postgres://ada:***@db/app");
        assert_eq!(without_password("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
    }

    #[test]
    fn a_server_that_asks_for_a_password_does_not_count() {
        assert!(is_let_in(&[b'R', 0, 0, 0, 8, 0, 0, 0, 0]));
        assert!(!is_let_in(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]));
        assert!(!is_let_in(b"E\0\0\0\x50"));
    }

    #[test]
    fn another_program_on_the_port_does_not_count() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                stream.unwrap().write_all(b"+PONG\r\n").unwrap();
            }
        });
        let at = |service: Service| first_that_answers(service, &service.local_urls(port)[..1]);
        assert_eq!(at(Service::Redis), Some(format!("redis://127.0.0.1:{port}")));
        assert_eq!(at(Service::Nats), None);
        server.join().unwrap();
    }
}
