//! Where work stands in a distributed trace, and which traces are recorded.

use std::fmt;

use crate::entropy::{random_u64, random_u128};

/// The target of the spans that the framework opens for traces, and of the events that stand for a span as a whole:
/// one with a `duration` in nanoseconds, which ends as it is emitted.
pub const TRACE: &str = "mainstay::trace";

const SAMPLED: u8 = 0b01;
const RANDOM_TRACE_ID: u8 = 0b10;
/// The flags that level 2 of the Recommendation defines.
const KNOWN_FLAGS: u8 = SAMPLED | RANDOM_TRACE_ID;

/// A span of a trace, as `traceparent` names it.
///
/// Source: W3C Trace Context, level 2.
///
/// ```
/// use mainstay_kernel::{Sampler, TraceParent};
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let caller = TraceParent::parse(text.as_bytes()).unwrap();
/// assert_eq!((caller.to_string().as_str(), caller.is_sampled()), (text, true));
/// let ours = caller.child(Sampler::default());
/// assert_eq!(ours.trace_id(), caller.trace_id());
/// assert_ne!(ours.span_id(), caller.span_id());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceParent {
    /// The first span of a new trace.
    #[must_use]
    pub fn begin(sampler: Sampler) -> Self {
        let trace_id = non_zero(random_u128);
        let flags = sampler.flags(None, trace_id) | RANDOM_TRACE_ID;
        Self { trace_id, span_id: non_zero(random_u64), flags }
    }

    /// A new span of the same trace.
    #[must_use]
    pub fn child(self, sampler: Sampler) -> Self {
        let flags = sampler.flags(Some(self.flags & SAMPLED), self.trace_id) | (self.flags & RANDOM_TRACE_ID);
        Self { span_id: non_zero(random_u64), flags, ..self }
    }

    /// Reads `version "-" trace-id "-" parent-id "-" trace-flags`; a version above 00 may be followed
    /// by a dash and more, which is not ours to understand. `None` for what the Recommendation refuses.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (known, rest) = text.split_at_checked(55)?;
        let version = hex(&known[0..2])?;
        let dashes = [known[2], known[35], known[52]] == [b'-'; 3];
        let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|byte| *byte == b'-') };
        if version == 0xff || !dashes || !ends {
            return None;
        }
        let parent = Self {
            trace_id: hex(&known[3..35])?,
            span_id: u64::try_from(hex(&known[36..52])?).ok()?,
            flags: u8::try_from(hex(&known[53..55])?).ok()? & KNOWN_FLAGS,
        };
        (parent.trace_id != 0 && parent.span_id != 0).then_some(parent)
    }

    /// The trace's id; never 0.
    #[must_use]
    pub const fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The span's id; never 0.
    #[must_use]
    pub const fn span_id(self) -> u64 {
        self.span_id
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The text of a `traceparent`, in ASCII.
    #[must_use]
    pub fn text(self) -> [u8; 55] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..35], &self.trace_id.to_be_bytes());
        write_hex(&mut text[36..52], &self.span_id.to_be_bytes());
        write_hex(&mut text[53..55], &[self.flags]);
        text
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Which traces are recorded by this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampler {
    /// None; the caller's wish is passed on.
    #[default]
    Passing,
    /// This share of all, whatever callers wish.
    Own(Share),
    /// What the caller records; of the traces that begin here, this share.
    Callers(Share),
}

/// A share of all traces. Everybody who takes the same share takes the same traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u64);

impl Share {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(1 << 63);

    /// The share that is `part` of 1; `None` where that is not between 0 and 1.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of 1 is at most 2^63 of 2^63, and the lowest bits of a share do not matter"
    )]
    pub fn of(part: f64) -> Option<Self> {
        (0.0..=1.0).contains(&part).then_some(Self((part * Self::ALL.0 as f64) as u64))
    }

    /// By the lower half of the id, as OpenTelemetry's `TraceIdRatioBased` samplers do.
    #[expect(clippy::cast_possible_truncation, reason = "it is the lower half that counts")]
    const fn holds(self, trace_id: u128) -> bool {
        (trace_id as u64) >> 1 < self.0
    }
}

impl Sampler {
    /// Whether this process records traces at all.
    #[must_use]
    pub fn is_recording(self) -> bool {
        self != Self::Passing
    }

    fn flags(self, parent: Option<u8>, trace_id: u128) -> u8 {
        let ours = |share: Share| if share.holds(trace_id) { SAMPLED } else { 0 };
        match (self, parent) {
            (Self::Passing, parent) => parent.unwrap_or(0),
            (Self::Callers(_), Some(parent)) => parent,
            (Self::Callers(share), None) | (Self::Own(share), _) => ours(share),
        }
    }
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
    const PAIRS: [[u8; 2]; 256] = pairs();
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = PAIRS[usize::from(*byte)];
    }
}

/// The two digits of each byte.
const fn pairs() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 0xf]];
        byte += 1;
    }
    pairs
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
    fn what_the_recommendation_refuses_is_no_parent() {
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
            assert!(TraceParent::parse(refused.as_bytes()).is_none(), "{refused}");
        }
        assert!(TraceParent::parse(VALID.as_bytes()).is_some());
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-later";
        assert_eq!(TraceParent::parse(later).expect("a later version").flags, KNOWN_FLAGS);
    }

    #[test]
    fn a_sampler_follows_the_caller_or_does_not() {
        let with = |flags: &str| {
            let text = VALID.strip_suffix("01").map(|it| format!("{it}{flags}")).unwrap();
            TraceParent::parse(text.as_bytes()).unwrap()
        };
        for (sampler, of_a_root, of_unsampled, of_sampled) in [
            (Sampler::Passing, false, false, true),
            (Sampler::Own(Share::ALL), true, true, true),
            (Sampler::Own(Share::NONE), false, false, false),
            (Sampler::Callers(Share::ALL), true, false, true),
            (Sampler::Callers(Share::NONE), false, false, true),
        ] {
            let sampled = [TraceParent::begin(sampler), with("00").child(sampler), with("01").child(sampler)]
                .map(TraceParent::is_sampled);
            assert_eq!(sampled, [of_a_root, of_unsampled, of_sampled], "{sampler:?}");
        }
        assert_eq!(with("02").child(Sampler::Own(Share::ALL)).flags, KNOWN_FLAGS, "the id is random still");
        assert_eq!(with("01").child(Sampler::Own(Share::NONE)).flags, 0, "nobody said that it is");
    }

    #[test]
    fn a_share_takes_as_many_traces_as_it_says_and_always_the_same() {
        let quarter = Share::of(0.25).unwrap();
        let taken = (0..4000).filter(|_| TraceParent::begin(Sampler::Own(quarter)).is_sampled()).count();
        assert!((800..1200).contains(&taken), "{taken} of 4000");
        assert!(quarter.holds(u128::from(u64::MAX / 4 - 2)) && !quarter.holds(u128::from(u64::MAX / 4 + 2)));
        assert!(!quarter.holds(7 << 64 | u128::from(u64::MAX)), "the upper half does not count");
        assert_eq!((Share::of(0.0), Share::of(1.0)), (Some(Share::NONE), Some(Share::ALL)));
        assert!([-0.1, 1.1, f64::NAN].map(Share::of).iter().all(Option::is_none));
    }
}
