//! Random bits for identifiers that must be unlikely to clash, not hard to guess.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    /// Seeded from the operating system through `RandomState`, so that two processes started in the
    /// same nanosecond differ; a system call per request would cost more than the request id is worth.
    static GENERATOR: RefCell<fastrand::Rng> =
        RefCell::new(fastrand::Rng::with_seed(RandomState::new().hash_one(std::process::id())));
}

/// 128 random bits.
pub fn random_u128() -> u128 {
    GENERATOR.with_borrow_mut(|generator| generator.u128(..))
}

/// 64 random bits.
pub fn random_u64() -> u64 {
    GENERATOR.with_borrow_mut(|generator| generator.u64(..))
}
