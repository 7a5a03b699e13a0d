//! What the process writes about itself, on standard error.

mod access;
mod buffer;
mod stamp;

use std::io::IsTerminal as _;
use std::sync::Arc;

use mainstay_web::{ACCESS_LOG, AccessLog};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

use access::AccessWriter;
pub(crate) use buffer::Buffer;

use crate::config::{Config, LogFormat};

/// Something that listens to what the process says of itself.
pub(crate) type Layer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// The log of a process.
pub(crate) struct Log {
    /// Where the edge writes its lines.
    pub(crate) access: AccessLog,
    /// What holds them back, and writes them in bulk.
    pub(crate) buffer: Buffer,
}

/// Starts the log. The access log, a line for every request, is written in bulk by the buffer; everything else is
/// written at once. `spans` listens as well. In a process that has a log already, nothing changes.
pub(crate) fn start(config: &Config, spans: Option<Layer>) -> Log {
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
    let lines = match config.log.format {
        LogFormat::Pretty => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let buffer = Buffer::default();
    let layers: Vec<Layer> = std::iter::once(lines.with_filter(filter).boxed()).chain(spans).collect();
    let access = if tracing_subscriber::registry().with(layers).try_init().is_err() {
        tracing::debug!("a log was there already");
        AccessLog::Events
    } else if tracing::enabled!(target: ACCESS_LOG, tracing::Level::INFO) {
        AccessLog::Lines(Arc::new(AccessWriter::new(buffer.clone(), config.log.format, colours)))
    } else {
        AccessLog::Off
    };
    Log { access, buffer }
}
