//! W3C Trace Context: where a request stands in a distributed trace.

use std::fmt;

use axum::extract::FromRequestParts;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::entropy::{random_u64, random_u128};
use crate::error::ApiError;
use crate::exchange::Exchange;

/// The header that names trace, span and flags.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header that carries what tracing systems add for one another.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The flags that level 2 of the Recommendation defines: sampled and random trace id.
const KNOWN_FLAGS: u8 = 0b11;
const RANDOM_TRACE_ID: u8 = 0b10;
const MAX_STATE_BYTES: usize = 512;

/// The trace a request belongs to and the span that answering it is. An extractor; handlers pass
/// [`TraceContext::traceparent`] and [`TraceContext::tracestate`] on to the services they call.
///
/// Source: W3C Trace Context, level 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    parent_id: Option<u64>,
    span_id: u64,
    flags: u8,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Continues the caller's trace in a new span, or starts a trace when the caller sent none, an
    /// invalid one, or several.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match inbound(headers) {
            Some(parent) => Self {
                trace_id: parent.trace_id,
                parent_id: Some(parent.span_id),
                span_id: non_zero(random_u64),
                flags: parent.flags,
                state: state(headers),
            },
            None => Self {
                trace_id: non_zero(random_u128),
                parent_id: None,
                span_id: non_zero(random_u64),
                flags: RANDOM_TRACE_ID,
                state: None,
            },
        }
    }

    /// The trace's id, 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The id of the span that answering this request is, 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span_id)
    }

    /// The caller's span, 16 lower-case hexadecimal digits; `None` when the trace starts here.
    #[must_use]
    pub fn parent_id(&self) -> Option<String> {
        self.parent_id.map(|id| format!("{id:016x}"))
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The value of `traceparent` for the answer and for calls made on behalf of this request.
    #[must_use]
    pub fn traceparent(&self) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..35], &self.trace_id.to_be_bytes());
        write_hex(&mut text[36..52], &self.span_id.to_be_bytes());
        write_hex(&mut text[53..55], &[self.flags]);
        HeaderValue::from_bytes(&text).expect("hexadecimal digits and dashes are a header value")
    }

    /// The value of `tracestate`, as it came.
    #[must_use]
    pub const fn tracestate(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

impl<S: Sync> FromRequestParts<S> for TraceContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Exchange::of(&parts.extensions).map(|exchange| exchange.trace().clone())
    }
}

struct Parent {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

fn inbound(headers: &HeaderMap) -> Option<Parent> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    parse(first.as_bytes())
}

/// Reads `version "-" trace-id "-" parent-id "-" trace-flags`; a version above 00 may be followed
/// by a dash and more, which is not ours to understand.
fn parse(text: &[u8]) -> Option<Parent> {
    let (known, rest) = text.split_at_checked(55)?;
    let version = hex(&known[0..2])?;
    let dashes = [known[2], known[35], known[52]] == [b'-'; 3];
    let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|byte| *byte == b'-') };
    if version == 0xff || !dashes || !ends {
        return None;
    }
    let parent = Parent {
        trace_id: hex(&known[3..35])?,
        span_id: u64::try_from(hex(&known[36..52])?).ok()?,
        flags: u8::try_from(hex(&known[53..55])?).ok()? & KNOWN_FLAGS,
    };
    (parent.trace_id != 0 && parent.span_id != 0).then_some(parent)
}

/// Lower-case hexadecimal only: the Recommendation refuses `A`–`F`.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |value, digit| {
        let nibble = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(nibble))
    })
}

fn write_hex(text: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
}

fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let joined = match values.next() {
        None => first.clone(),
        Some(second) => {
            let lists: Vec<&[u8]> =
                [first, second].into_iter().chain(values).map(HeaderValue::as_bytes).collect();
            HeaderValue::from_bytes(&lists.join(&b',')).ok()?
        }
    };
    (!joined.is_empty() && joined.len() <= MAX_STATE_BYTES && joined.to_str().is_ok()).then_some(joined)
}

fn non_zero<T: PartialEq + Default>(random: fn() -> T) -> T {
    loop {
        let id = random();
        if id != T::default() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_parent_is_continued_in_a_new_span() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(VALID));
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let context = TraceContext::of(&headers);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.parent_id().as_deref(), Some("00f067aa0ba902b7"));
        assert_ne!(context.span_id(), "00f067aa0ba902b7");
        assert!(context.is_sampled());
        assert_eq!(context.traceparent(), context.to_string().as_str());
        assert_eq!(context.tracestate(), Some(&HeaderValue::from_static("a=1,b=2")));
    }

    #[test]
    fn what_the_recommendation_refuses_starts_a_new_trace() {
        for refused in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(parse(refused.as_bytes()).is_none(), "{refused}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let parent =
            parse(b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-later").expect("a later version");
        assert_eq!(parent.flags, KNOWN_FLAGS);
    }

    #[test]
    fn two_parents_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static(VALID));
        headers.append(TRACEPARENT, HeaderValue::from_static(VALID));
        assert_eq!(TraceContext::of(&headers).parent_id(), None);
    }
}
