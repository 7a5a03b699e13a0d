//! Spans of time and sizes, with their units.

use std::path::Path;
use std::time::Duration;

use super::shape::{Shape, Wrong};

/// A span of time: a whole number and its unit, or a bare `0`.
pub(super) struct Span {
    pub(super) min: Duration,
    pub(super) max: Duration,
}

const SPANS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 24 * 3_600_000)];

impl Shape for Span {
    type Out = Duration;

    fn expected(&self) -> String {
        format!("a time from {} to {}, such as `500ms`, `10s` or `2m`", words(self.min), words(self.max))
    }

    fn read(&self, text: &str, _: &Path) -> Result<Duration, Wrong> {
        let (number, unit) = number_and_unit(text)?;
        if unit.is_empty() && number != 0 {
            return Err(Wrong::fix(format!("add the unit: `{number}s` or `{number}ms`")));
        }
        let millis = SPANS.iter().find(|(name, _)| *name == unit).map(|(_, millis)| *millis);
        let millis = if unit.is_empty() { 0 } else { millis.ok_or(Wrong::Shape)? };
        let span = Duration::from_millis(number.checked_mul(millis).ok_or(Wrong::Shape)?);
        if (self.min..=self.max).contains(&span) { Ok(span) } else { Err(Wrong::Shape) }
    }
}

/// A number of bytes: plain, or with a binary unit.
pub(super) struct Size {
    pub(super) min: u64,
    pub(super) max: u64,
}

const SIZES: [(&str, u64); 4] = [("b", 1), ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30)];

impl Shape for Size {
    type Out = u64;

    fn expected(&self) -> String {
        format!("a number of bytes from {} to {}, such as `1048576`, `512KiB` or `1MiB`", self.min, self.max)
    }

    fn read(&self, text: &str, _: &Path) -> Result<u64, Wrong> {
        let (number, unit) = number_and_unit(text)?;
        let unit = unit.to_ascii_lowercase();
        if let Some(letter @ ("k" | "m" | "g")) = unit.strip_suffix('b').or(Some(&unit)) {
            let letter = letter.to_ascii_uppercase();
            return Err(Wrong::fix(format!("write the binary unit: `{number}{letter}iB`")));
        }
        let bytes = SIZES.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes);
        let bytes = if unit.is_empty() { 1 } else { bytes.ok_or(Wrong::Shape)? };
        let size = number.checked_mul(bytes).ok_or(Wrong::Shape)?;
        if (self.min..=self.max).contains(&size) { Ok(size) } else { Err(Wrong::Shape) }
    }
}

fn number_and_unit(text: &str) -> Result<(u64, &str), Wrong> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Ok((number.parse().map_err(|_| Wrong::Shape)?, unit.trim_start()))
}

fn words(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let unit = SPANS.iter().rev().find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
    unit.map_or_else(|| "`0s`".to_owned(), |(name, unit)| format!("`{}{name}`", millis / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Duration, Wrong> {
        Span { min: Duration::ZERO, max: Duration::from_secs(7200) }.read(text, Path::new("/"))
    }

    fn size(text: &str) -> Result<u64, Wrong> {
        Size { min: 1, max: 4 << 30 }.read(text, Path::new("/"))
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(span("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(span("1 h"), Ok(Duration::from_secs(3600)));
        assert_eq!(span("0"), Ok(Duration::ZERO));
        assert_eq!(span("10"), Err(Wrong::fix("add the unit: `10s` or `10ms`")));
        for odd in [
            "",
            "s",
            "-1s",
            "+1s",
            "1.5s",
            "1S",
            "1w",
            "s10",
            "1s2",
            "3h",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            assert_eq!(span(odd), Err(Wrong::Shape), "{odd}");
        }
    }

    #[test]
    fn a_size_is_in_bytes_or_binary_units() {
        assert_eq!(size("1048576"), Ok(1 << 20));
        assert_eq!(size("1MiB"), Ok(1 << 20));
        assert_eq!(size("512 kib"), Ok(512 << 10));
        assert_eq!(size("4GiB"), Ok(4 << 30));
        assert_eq!(size("10B"), Ok(10));
        assert_eq!(size("1MB"), Err(Wrong::fix("write the binary unit: `1MiB`")));
        assert_eq!(size("64k"), Err(Wrong::fix("write the binary unit: `64KiB`")));
        for odd in ["", "0", "-1", "1.5MiB", "MiB", "5GiB", "1TiB", "99999999999GiB", "1 M i B"] {
            assert_eq!(size(odd), Err(Wrong::Shape), "{odd}");
        }
    }

    #[test]
    fn bounds_are_said_in_the_largest_unit_that_fits() {
        let said = |millis| words(Duration::from_millis(millis));
        assert_eq!([said(0), said(500), said(90_000), said(120_000)], ["`0s`", "`500ms`", "`90s`", "`2m`"]);
    }
}
