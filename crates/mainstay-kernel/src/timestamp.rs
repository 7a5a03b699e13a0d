use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Date;
use crate::civil::{put, put_day};

/// A moment in UTC, kept to the microsecond and shown to the millisecond (RFC 3339).
///
/// ```
/// let at: mainstay_kernel::Timestamp = "2026-11-21T08:09:25.123456Z".parse().unwrap();
/// assert_eq!(at.to_string(), "2026-11-21T08:09:25.123Z");
/// assert_eq!(at.as_micros() % 1000, 456);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The years 0001 to 9999, which RFC 3339, both stores and jiff can hold (jiff ends a day early, so
/// that every offset fits).
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_207_200_000_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The moment that many microseconds after 1970-01-01T00:00:00Z, held within the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < EARLIEST {
            Self(EARLIEST)
        } else if micros > LATEST {
            Self(LATEST)
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Its calendar date in UTC.
    pub const fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(86_400_000_000))
    }

    /// The moment that much later.
    pub fn plus(self, span: std::time::Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` it is; nothing when it is before.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment that much earlier.
    pub fn minus(self, span: std::time::Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Writes the RFC 3339 form with milliseconds, without allocating.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        let days = self.0.div_euclid(86_400_000_000);
        let millis = self.0.rem_euclid(86_400_000_000) / 1000;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put_day(&mut text, days);
        put(&mut text[11..13], millis / 3_600_000);
        put(&mut text[14..16], millis / 60_000 % 60);
        put(&mut text[17..19], millis / 1000 % 60);
        put(&mut text[20..23], millis % 1000);
        out.extend_from_slice(&text);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write_rfc3339(&mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let micros = text.parse::<jiff::Timestamp>()?.as_microsecond();
        if micros < EARLIEST {
            return Err(jiff::Error::from_args(format_args!("`{text}` is before the year 1")));
        }
        Ok(Self::from_micros(micros))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time such as 2026-01-31T12:00:00Z"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_jiff_writes_it() {
        for micros in
            [0, -1, 1, EARLIEST, LATEST, 951_782_400_000_000, 1_709_164_799_999_999, -2_208_988_800_000_000]
        {
            let ours = Timestamp::from_micros(micros).to_string();
            let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(ours, format!("{theirs:.3}"), "{micros}");
        }
    }

    #[test]
    fn a_time_outside_the_years_1_to_9999_is_held_at_the_edge() {
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "0001-01-01T00:00:00.000Z");
    }
}
