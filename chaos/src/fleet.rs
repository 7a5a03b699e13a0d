//! What clients know of the application: where to ask now, and whether it goes on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::wire::Door;

/// Shared by the clients and whoever breaks things.
#[derive(Default)]
pub(crate) struct Fleet {
    addresses: Mutex<Vec<Option<SocketAddr>>>,
    broker: OnceLock<SocketAddr>,
    is_over: AtomicBool,
    clients_leave: AtomicBool,
    asked: AtomicU64,
    answered: AtomicU64,
}

impl Fleet {
    /// This process listens here now, or nowhere.
    pub(crate) fn moves(&self, node: usize, address: Option<SocketAddr>) {
        let mut addresses = self.addresses();
        if addresses.len() <= node {
            addresses.resize(node + 1, None);
        }
        addresses[node] = address;
    }

    /// Requests are published here, whether a process listens or not.
    pub(crate) fn asks_broker(&self, address: SocketAddr) {
        self.broker.get_or_init(|| address);
    }

    /// The broker, or one of the processes that listen.
    pub(crate) fn any(&self, dice: &mut fastrand::Rng) -> Option<Door> {
        if let Some(broker) = self.broker.get() {
            return Some(Door::Broker(*broker));
        }
        let listening: Vec<SocketAddr> = self.addresses().iter().flatten().copied().collect();
        dice.choice(listening).map(Door::Process)
    }

    /// From now on nothing new is asked.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    pub(crate) fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::SeqCst)
    }

    /// From now on clients often leave before they are answered, or no longer do.
    pub(crate) fn let_clients_leave(&self, leave: Leave) {
        self.clients_leave.store(leave == Leave::Often, Ordering::SeqCst);
    }

    pub(crate) fn clients_leave(&self) -> bool {
        self.clients_leave.load(Ordering::SeqCst)
    }

    /// Counts a new request; how many there were before.
    pub(crate) fn asks(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::SeqCst)
    }

    /// Counts an answer.
    pub(crate) fn hears(&self) {
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// How many answers there were.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    fn addresses(&self) -> MutexGuard<'_, Vec<Option<SocketAddr>>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether clients leave before they are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    Often,
    Never,
}
