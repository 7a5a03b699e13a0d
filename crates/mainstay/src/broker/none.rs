use std::time::Duration;

use mainstay_kernel::{Error, Result};
use mainstay_queue::Work;
use prometheus_client::registry::Registry;

use crate::Assembly;
use crate::config::Config;

/// There is none: the feature that knows how to speak to one is off.
pub(crate) enum Broker {}

impl Broker {
    pub(crate) async fn connect(config: &Config, _: &Assembly) -> Result<Option<Self>> {
        if config.nats.servers.is_empty() {
            return Ok(None);
        }
        Err(Error::internal(
            "NATS_URL is set, and this program was built without NATS: give `mainstay` the feature in Cargo.toml, as \
             `mainstay = { version = \"…\", features = [\"nats\"] }`, or remove NATS_URL",
        ))
    }

    pub(crate) fn join(&self, _: &mut Work) {
        match *self {}
    }

    pub(crate) async fn start(&self, _: &Work) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn stop(&self, _: Duration) -> bool {
        match *self {}
    }

    pub(crate) fn begin_stop(&self) {
        match *self {}
    }

    pub(crate) async fn leave(&self) {
        match *self {}
    }

    pub(crate) fn register(&self, _: &mut Registry) {
        match *self {}
    }
}
