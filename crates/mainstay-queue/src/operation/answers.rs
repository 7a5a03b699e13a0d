use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mainstay_kernel::{Boxed, Clock, Generations, Result, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex as Turnstile;

use super::{Asked, OperationSpec};
use crate::meta::Meta;

/// How long what a query gave is given again, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Cache {
    /// So long.
    pub time: Duration,
    /// Whether callers share it.
    pub callers: Callers,
    /// What else its answer depends on: the values of middleware that it takes, each as JSON.
    pub by: &'static [fn(&Asked) -> Result<String>],
}

/// Who is given an answer again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Whoever was given it.
    Each,
    /// Whoever the operation admits.
    All,
}

/// How many answers one process keeps.
const ENTRIES: usize = 10_000;

/// How many bytes of them. One of more than an eighth is not kept.
const BYTES: usize = 32 * 1024 * 1024;

/// What an entry takes beside its answer.
const OVERHEAD: usize = 200;

/// What queries gave a short while ago. Clones share.
#[derive(Clone)]
pub(super) struct Answers(Arc<Shared>);

struct Shared {
    clock: Clock,
    places: Mutex<Generations<Key, Place>>,
    asked: Family<Labels, Counter>,
}

/// Whoever asks for what is being asked for waits here, and finds the answer; when there is none, it is the next to ask.
type Place = Arc<Turnstile<Option<Kept>>>;

type Key = [u8; 32];

struct Kept {
    output: Box<str>,
    until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    operation: &'static str,
    outcome: &'static str,
}

impl Answers {
    pub(super) fn new(clock: Clock) -> Self {
        let places = Mutex::new(Generations::new(ENTRIES, BYTES));
        Self(Arc::new(Shared { clock, places, asked: Family::default() }))
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "operation_cache_requests",
            "Calls of queries whose answers are given again, by whether one was there",
            self.0.asked.clone(),
        );
    }

    /// What `run` gives, or gave to this call a short while ago.
    pub(super) async fn give<'a>(
        &self,
        spec: &'static OperationSpec,
        asked: &Asked,
        run: impl FnOnce() -> Boxed<'a, Result<String>>,
    ) -> Result<String> {
        let Some(cache) = spec.cache else { return run().await };
        let key = key(spec, cache, asked)?;
        let place = self.place(key);
        let mut kept = place.lock().await;
        let now = self.0.clock.now();
        if let Some(kept) = kept.as_ref().filter(|it| now < it.until) {
            self.count(spec, "hit");
            return Ok(kept.output.to_string());
        }
        self.count(spec, "miss");
        let output = run().await?;
        if output.len() <= BYTES / 8 {
            *kept = Some(Kept { output: output.as_str().into(), until: now.plus(cache.time) });
            self.places().put(key, Arc::clone(&place), OVERHEAD + output.len());
        }
        Ok(output)
    }

    fn place(&self, key: Key) -> Place {
        let mut places = self.places();
        match places.get(&key) {
            Some(place) => Arc::clone(place),
            None => Arc::clone(places.put(key, Place::default(), OVERHEAD)),
        }
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Generations<Key, Place>> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, spec: &OperationSpec, outcome: &'static str) {
        self.0.asked.get_or_create(&Labels { operation: spec.path, outcome }).inc();
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({})", self.places().len())
    }
}

/// What an answer depends on.
fn key(spec: &OperationSpec, cache: Cache, asked: &Asked) -> Result<Key> {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    let mut add = |part: &str| {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(spec.path);
    for (name, value) in asked.params() {
        add(name);
        add(value);
    }
    add(asked.input_text());
    match cache.callers {
        // Not only who it is: what the credential says of it may be another thing each time.
        Callers::Each => add(&Meta::of(asked.caller()).write()?),
        Callers::All => add(""),
    }
    for by in cache.by {
        add(&by(asked)?);
    }
    let mut key = Key::default();
    key.copy_from_slice(hash.finish().as_ref());
    Ok(key)
}
