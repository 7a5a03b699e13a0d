use std::time::Duration;

use ring::digest::{Context, SHA256};
use uuid::Uuid;

use crate::Timestamp;

/// A request that may be repeated: what tells a retry from a new wish.
///
/// The id is hashed from the caller's key, never time-ordered: neighbours in the results' index
/// would make strangers conflict under SERIALIZABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Identity of the request.
    pub id: Uuid,
    /// What was asked, such as `POST /v1/posts`.
    pub path: String,
    /// SHA-256 of the input: the same id with other input is a conflict.
    pub input: [u8; 32],
}

impl Request {
    /// The request that `key` names for this caller and route.
    ///
    /// ```
    /// use mainstay_kernel::Request;
    /// let one = Request::keyed("k1", "user:7", "POST /v1/posts", b"{}");
    /// let other = Request::keyed("k1", "user:8", "POST /v1/posts", b"{}");
    /// assert_ne!(one.id, other.id);
    /// ```
    pub fn keyed(key: &str, caller: &str, path: &str, input: &[u8]) -> Self {
        let mut hash = Context::new(&SHA256);
        for part in [key, caller, path] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finish();
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        Self { id: Uuid::from_bytes(id), path: path.to_owned(), input: digest_of(input) }
    }
}

fn digest_of(input: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&SHA256, input);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// What a request was answered with, as it is kept for a repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The edge's status, such as 201.
    pub status: u16,
    /// What else the edge repeats beside the body: content type, location, entity tag.
    pub head: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// When a key was made, if it is a UUIDv7 in its usual form. Other keys that happen to have a 7 in
/// its place, such as random hexadecimal ones, name no time; nor does one before UUIDv7 was thought of.
pub(crate) fn made_at(key: &str) -> Option<Timestamp> {
    const FIRST: Timestamp = Timestamp::from_micros(1_640_995_200_000_000); // 2022-01-01
    let id = Uuid::try_parse(key).ok().filter(|id| key.len() == 36 && id.get_version_num() == 7)?;
    if id.get_variant() != uuid::Variant::RFC4122 {
        return None;
    }
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let made = Timestamp::EPOCH.plus(Duration::new(seconds, nanos));
    (made >= FIRST).then_some(made)
}
