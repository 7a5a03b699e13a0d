//! The broker between processes, where `NATS_URL` names one.

#[cfg(feature = "nats")]
mod nats;
#[cfg(not(feature = "nats"))]
mod none;

#[cfg(feature = "nats")]
pub(crate) use nats::Broker;
#[cfg(not(feature = "nats"))]
pub(crate) use none::Broker;
