//! What an application promises of its operations and workers, and what becomes of that from one version of the program
//! to the next: [`contract`] writes it down, [`compare`] tells what is safe from what breaks.
//!
//! While a fleet is upgraded both versions run on one database. So an input is looked at in two ways: what was written
//! before is read by the later version, and a task that the later one leaves may be taken by the earlier one. An output
//! is looked at with its readers' eyes.

mod bounds;
mod branches;
mod change;
mod compare;
mod contract;
mod judgement;
mod shapes;

pub use compare::{Difference, compare};
pub use contract::contract;
pub use judgement::Verdict;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
