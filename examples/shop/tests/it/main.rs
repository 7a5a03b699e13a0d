//! The shop is upgraded while people order.

mod customers;
mod node;
mod rollout;
