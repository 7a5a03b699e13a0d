//! What the process writes about itself, on standard error.

mod access;
mod buffer;

use std::io::IsTerminal as _;

use mainstay_web::ACCESS_LOG;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use access::AccessLines;
pub(crate) use buffer::Buffer;

use crate::config::{Config, LogFormat};

/// Starts the log. The access log, a line for every request, is written in bulk by the buffer that
/// this returns; everything else is written at once. In a process that has a log already, nothing
/// changes.
pub(crate) fn start(config: &Config) -> Buffer {
    let buffer = Buffer::default();
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let access = AccessLines::new(buffer.clone(), config.log.format, colours).with_filter(only_access());
    let lines = fmt::layer().with_ansi(colours);
    let rest = match config.log.format {
        LogFormat::Pretty => lines.with_writer(std::io::stderr).with_filter(no_access()).boxed(),
        LogFormat::Json => lines.json().with_writer(std::io::stderr).with_filter(no_access()).boxed(),
    };
    if tracing_subscriber::registry().with(access.and_then(rest).with_filter(filter)).try_init().is_err() {
        tracing::debug!("a log was there already");
    }
    buffer
}

fn only_access() -> FilterFn {
    filter_fn(|event| event.target() == ACCESS_LOG)
}

fn no_access() -> FilterFn {
    filter_fn(|event| event.target() != ACCESS_LOG)
}
