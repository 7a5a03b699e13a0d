//! What stands here where the feature `otlp` is off: nothing.

use mainstay_kernel::Result;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::log::Layer;

/// There is none.
pub(crate) enum Exporter {}

#[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
pub(crate) fn begin(_: &Config) -> Result<Option<(Layer, Exporter)>> {
    Ok(None)
}

impl Exporter {
    pub(crate) fn register<R>(&self, _: &mut R) {
        match *self {}
    }

    pub(crate) async fn run(self, _: CancellationToken) {
        match self {}
    }
}
