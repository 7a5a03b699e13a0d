use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::civil::{days_of, put_day};

/// A calendar date of the years 1 to 9999, without a time or a place: `2026-11-21`.
///
/// ```
/// use mainstay_kernel::Date;
///
/// let day: Date = "2026-11-21".parse().unwrap();
/// assert_eq!(day, Date::constant(2026, 11, 21));
/// assert_eq!(day.plus_days(10).to_string(), "2026-12-01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// 0001-01-01 and 9999-12-31, in days from 1970-01-01.
const EARLIEST: i32 = -719_162;
const LATEST: i32 = 2_932_896;

impl Date {
    /// 1970-01-01.
    pub const EPOCH: Self = Self(0);

    /// The date that many days after 1970-01-01, held within the years 1 to 9999.
    pub const fn from_days(days: i64) -> Self {
        if days < EARLIEST as i64 {
            Self(EARLIEST)
        } else if days > LATEST as i64 {
            Self(LATEST)
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
            Self(days as i32)
        }
    }

    /// A date that is known when the program is written.
    ///
    /// # Panics
    /// When there is no such date; in a constant, at compile time.
    pub const fn constant(year: i16, month: i8, day: i8) -> Self {
        assert!(year >= 1, "a date is within the years 1 to 9999");
        // Refuses what is no date.
        let _ = jiff::civil::Date::constant(year, month, day);
        Self::from_days(days_of(year as i64, month as i64, day as i64))
    }

    /// Days since 1970-01-01.
    pub const fn as_days(self) -> i32 {
        self.0
    }

    /// The date that many days later; earlier, when there are fewer than none.
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self::from_days(self.0 as i64 + days as i64)
    }

    /// Writes it as `2026-11-21`, without allocating.
    pub fn write_iso(self, out: &mut Vec<u8>) {
        let mut text = [0; LENGTH];
        put_day(&mut text, self.0.into());
        out.extend_from_slice(&text);
    }
}

const LENGTH: usize = "2026-11-21".len();

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        put_day(&mut text, self.0.into());
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = jiff::Error;

    /// Takes `2026-11-21` alone: jiff reads times and other forms of ISO 8601 as dates too.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let is_plain = text.len() == LENGTH && text.as_bytes()[0].is_ascii_digit();
        let date = if is_plain { text.parse::<jiff::civil::Date>()? } else { return Err(no_date(text)) };
        if date.year() < 1 {
            return Err(no_date(text));
        }
        Ok(Self::from_days(days_of(date.year().into(), date.month().into(), date.day().into())))
    }
}

fn no_date(text: &str) -> jiff::Error {
    jiff::Error::from_args(format_args!("`{text}` is not a date such as 2026-01-31"))
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(no_date(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_back_as_jiff_writes_it() {
        let days = [0, -1, 58, 59, 60, 11_016, 19_782, 19_783, EARLIEST, LATEST];
        for days in days.into_iter().chain((EARLIEST..LATEST).step_by(9_973)) {
            let date = Date::from_days(days.into());
            let theirs: jiff::civil::Date = date.to_string().parse().unwrap();
            assert_eq!(theirs.to_string(), date.to_string());
            assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
            let (year, month, day) = (theirs.year(), theirs.month(), theirs.day());
            assert_eq!(Date::constant(year, month, day).as_days(), days);
        }
    }

    #[test]
    fn only_a_plain_date_is_one() {
        for text in [
            "",
            "2026-11-31",
            "2026-02-29",
            "2026-13-01",
            "0000-01-01",
            "20261121",
            "2026-11-21T00:00:00",
            "+02026-1-1",
            "2026-W47-6",
            "2026-1-1",
            "2026-11-21 ",
            "2026/11/21",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!(Date::from_days(i64::MAX).to_string(), "9999-12-31");
        assert_eq!(Date::from_days(i64::MIN).to_string(), "0001-01-01");
    }

    #[test]
    fn a_moment_is_on_its_date_in_utc() {
        let at: crate::Timestamp = "2026-11-22T00:30:00+01:00".parse().unwrap();
        assert_eq!(at.date(), Date::constant(2026, 11, 21));
    }
}
