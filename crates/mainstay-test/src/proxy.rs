//! Stands between an application and its database or broker, and cuts.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A TCP proxy on a port of its own, whose connections can be cut, held, and robbed of a message or of its answer. It
/// lives as long as the process.
///
/// ```
/// # use std::io::{Read, Write};
/// # use std::net::{TcpListener, TcpStream};
/// let server = TcpListener::bind("127.0.0.1:0").unwrap();
/// let proxy = mainstay_test::Proxy::before(server.local_addr().unwrap().to_string());
/// let mut client = TcpStream::connect(proxy.address()).unwrap();
/// client.write_all(b"hello").unwrap();
/// let mut heard = [0; 5];
/// server.accept().unwrap().0.read_exact(&mut heard).unwrap();
/// proxy.cut();
/// assert_eq!(client.read(&mut heard).unwrap_or(0), 0);
/// ```
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    flow: Flow,
    /// The answer to a message with this text is to be lost.
    rob: Option<&'static [u8]>,
    /// A message with this text is to be lost.
    lose: Option<&'static [u8]>,
    open: Vec<TcpStream>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Through,
    /// Nothing passes, and nobody is told.
    Held,
    Cut,
}

impl Proxy {
    /// In front of `server`, `host:port`.
    ///
    /// # Panics
    /// When no port is free.
    pub fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.state().flow != Flow::Cut {
                    // Whoever is not connected sees the connection end.
                    let _refused = accepting.join(client, &server);
                }
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and lets no new one through.
    pub fn cut(&self) {
        self.shared.set(Flow::Cut);
        self.end_all();
    }

    /// Lets nothing through and ends nothing: neither side learns that the other one is gone.
    pub fn hold(&self) {
        self.shared.set(Flow::Held);
    }

    /// Lets everything through again, what was held first.
    pub fn mend(&self) {
        self.shared.set(Flow::Through);
    }

    /// Ends every connection; new ones are let through unless they are cut.
    pub fn end_all(&self) {
        for stream in self.shared.state().open.drain(..) {
            let _was_closed = stream.shutdown(Shutdown::Both);
        }
    }

    /// The next message with this text arrives; its answer does not, and its connection ends.
    pub fn lose_answer_to(&self, text: &'static str) {
        self.shared.state().rob = Some(text.as_bytes());
    }

    /// The next message with this text does not arrive, and its connection ends.
    pub fn lose(&self, text: &'static str) {
        self.shared.state().lose = Some(text.as_bytes());
    }

    /// Whether a message that is to be lost, or whose answer is, has not come yet.
    pub fn waits_to_lose(&self) -> bool {
        let state = self.shared.state();
        state.rob.is_some() || state.lose.is_some()
    }
}

impl Shared {
    fn set(&self, flow: Flow) {
        self.state().flow = flow;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(self: &Arc<Self>, client: TcpStream, server: &str) -> io::Result<()> {
        let upstream = TcpStream::connect(server)?;
        client.set_nodelay(true)?;
        upstream.set_nodelay(true)?;
        let is_robbed = Arc::new(AtomicBool::new(false));
        for (from, to, says) in [(&client, &upstream, Says::Asks), (&upstream, &client, Says::Answers)] {
            let (from, to) = (from.try_clone()?, to.try_clone()?);
            let (shared, is_robbed) = (Arc::clone(self), Arc::clone(&is_robbed));
            thread::spawn(move || {
                let _ended = shared.pump(&from, &to, says, &is_robbed);
                let _was_closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            });
        }
        let mut state = self.state();
        state.open.extend([client, upstream]);
        // Cut meanwhile: nobody else would end these.
        if state.flow == Flow::Cut {
            state.open.drain(..).try_for_each(|stream| stream.shutdown(Shutdown::Both))?;
        }
        Ok(())
    }

    /// Passes on what one side says, until it ends or is robbed.
    fn pump(
        &self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        says: Says,
        is_robbed: &AtomicBool,
    ) -> io::Result<()> {
        let mut heard = vec![0; 1 << 16];
        loop {
            let length = from.read(&mut heard)?;
            let heard = &heard[..length];
            self.until_let_through();
            if length == 0 {
                return Ok(());
            }
            match says {
                Says::Asks if found(&mut self.state().lose, heard) => return Ok(()),
                Says::Asks if found(&mut self.state().rob, heard) => is_robbed.store(true, Ordering::SeqCst),
                Says::Answers if is_robbed.load(Ordering::SeqCst) => return Ok(()),
                Says::Asks | Says::Answers => {}
            }
            to.write_all(heard)?;
        }
    }

    fn until_let_through(&self) {
        let held = |state: &mut State| state.flow == Flow::Held;
        drop(self.changed.wait_while(self.state(), held));
    }
}

/// Whether the text that is looked for was heard; then it is looked for no more.
fn found(text: &mut Option<&'static [u8]>, heard: &[u8]) -> bool {
    text.take_if(|text| heard.windows(text.len()).any(|it| it == *text)).is_some()
}

/// Which way a stream goes.
#[derive(Clone, Copy)]
enum Says {
    Asks,
    Answers,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each byte with it, and a client of it behind a proxy.
    fn echo() -> (Proxy, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::before(server.local_addr().unwrap().to_string());
        thread::spawn(move || {
            for stream in server.incoming().flatten() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        let client = TcpStream::connect(proxy.address()).unwrap();
        (proxy, client)
    }

    fn said(client: &mut TcpStream, text: &[u8]) -> Vec<u8> {
        client.write_all(text).unwrap();
        let mut heard = vec![0; text.len()];
        let length = client.read(&mut heard).unwrap_or(0);
        heard.truncate(length);
        heard
    }

    #[test]
    fn what_is_held_arrives_when_it_is_let_through() {
        let (proxy, mut client) = echo();
        assert_eq!(said(&mut client, b"a"), b"a");
        proxy.hold();
        client.write_all(b"b").unwrap();
        client.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        assert!(client.read(&mut [0]).is_err(), "nothing comes, and nothing ends");
        client.set_read_timeout(None).unwrap();
        proxy.mend();
        let mut heard = [0];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"b");
    }

    #[test]
    fn a_message_is_lost_once_and_its_connection_ends() {
        let (proxy, mut client) = echo();
        proxy.lose("ACK");
        assert_eq!(said(&mut client, b"PUB"), b"PUB");
        assert!(proxy.waits_to_lose());
        assert_eq!(said(&mut client, b"then ACK"), b"");
        assert!(!proxy.waits_to_lose());
        let mut again = TcpStream::connect(proxy.address()).unwrap();
        assert_eq!(said(&mut again, b"ACK"), b"ACK");
    }

    #[test]
    fn an_answer_is_lost_once_and_its_connection_ends() {
        let (proxy, mut client) = echo();
        proxy.lose_answer_to("COMMIT");
        assert_eq!(said(&mut client, b"BEGIN"), b"BEGIN");
        assert!(proxy.waits_to_lose());
        assert_eq!(said(&mut client, b"then COMMIT"), b"");
        assert!(!proxy.waits_to_lose());
        let mut again = TcpStream::connect(proxy.address()).unwrap();
        assert_eq!(said(&mut again, b"COMMIT"), b"COMMIT");
    }
}
