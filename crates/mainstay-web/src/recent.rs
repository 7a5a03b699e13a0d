//! The last requests, for the page that developers look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::exchange::Exchange;

/// How many requests are remembered.
const KEPT: usize = 100;

/// One request that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) status: u16,
    pub(crate) duration: Duration,
}

/// The last requests, newest first.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<VecDeque<Answered>>);

impl Recent {
    pub(crate) fn note(&self, exchange: &Arc<Exchange>, status: u16, duration: Duration) {
        let answered = Answered { exchange: Arc::clone(exchange), status, duration };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front(answered);
    }

    pub(crate) fn all(&self) -> Vec<Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
