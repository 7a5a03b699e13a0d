//! Stands between the blog and its database, and cuts.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A TCP proxy whose connections can be cut, and refused until they are mended.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_cut: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// In front of `server`, `host:port`.
    pub(crate) fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !accepting.is_cut.load(Ordering::SeqCst) {
                    // Whoever is not connected sees the connection end.
                    let _refused = accepting.join(client, &server);
                }
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _was_closed = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.shared.is_cut.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn join(&self, client: TcpStream, server: &str) -> io::Result<()> {
        let upstream = TcpStream::connect(server)?;
        client.set_nodelay(true)?;
        upstream.set_nodelay(true)?;
        for (from, to) in [(&client, &upstream), (&upstream, &client)] {
            let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
            thread::spawn(move || {
                let _ended = io::copy(&mut from, &mut to);
                let _was_closed = to.shutdown(Shutdown::Both);
            });
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.extend([client, upstream]);
        // Cut meanwhile: nobody else would end these.
        if self.is_cut.load(Ordering::SeqCst) {
            open.drain(..).try_for_each(|stream| stream.shutdown(Shutdown::Both))?;
        }
        Ok(())
    }
}
