//! Credentials to a [`Caller`](mainstay_kernel::Caller): bearer tokens, service tokens, and the
//! keys that the framework signs with.
//!
//! A token of another application is made and verified with nothing but the shared secret:
//!
//! ```
//! use mainstay_auth::{AuthOptions, Credentials};
//! use mainstay_kernel::{Clock, Timestamp};
//!
//! let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
//! let credentials = Credentials::new(AuthOptions::new(*b"a secret of at least 32 bytes ..."), clock)?;
//!
//! let claims = serde_json::json!({"sub": "ann", "exp": 1_700_000_600, "roles": ["editor"]});
//! let token = credentials.issue(claims.as_object().unwrap())?;
//!
//! let mut headers = http::HeaderMap::new();
//! headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
//! let caller = credentials.verify(&headers)?;
//! assert_eq!(caller.user().unwrap().subject, "ann");
//! assert!(caller.has_role("editor"));
//! # Ok::<(), mainstay_kernel::Error>(())
//! ```

mod claims;
mod credentials;
mod fuzz;
mod identity;
mod jws;
mod key;
mod object;
mod refusal;
mod service;

pub use credentials::{AuthOptions, Credentials, SHORTEST_SECRET, SHORTEST_SERVICE_TOKEN};
#[doc(hidden)]
pub use fuzz::fuzz_jwt;
pub use identity::Identity;
pub use key::{derive_key, random_secret};
