use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use mainstay_kernel::Timestamp;

use super::Unreadable;
use super::expression::{Expression, Fields};

/// When a cron is due.
///
/// Fields are read as a clock on the wall in the cron's zone shows them. A time that the clock skips in spring is
/// due when it jumps; one that it shows twice in autumn is due once, the first time, unless the cron runs in every
/// hour.
///
/// ```
/// use mainstay_kernel::Timestamp;
/// use mainstay_queue::cron::Schedule;
/// let nightly = Schedule::read("0 3 * * *", "UTC").unwrap();
/// assert_eq!(nightly.after(Timestamp::EPOCH).unwrap().as_millis(), 3 * 3600 * 1000);
/// let error = Schedule::read("0 25 * * *", "UTC").unwrap_err();
/// assert_eq!(error.to_string(), "expected hours from 0 to 23, found `25` (at character 3)");
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    expression: Expression,
    zone: TimeZone,
}

impl Schedule {
    /// Reads five fields, `@daily` and its like, `@reboot`, or `rate(10 minutes)`.
    ///
    /// # Errors
    /// What is wrong, and where; that the zone is unknown.
    pub fn read(expression: &str, zone: &str) -> Result<Self, Unreadable> {
        let expression = Expression::read(expression)?;
        let zone = TimeZone::get(zone).map_err(|_| {
            Unreadable::new(0, format!("unknown time zone `{zone}`: expected a name such as `Europe/Berlin`"))
        })?;
        Ok(Self { expression, zone })
    }

    /// Whether it is due when a process starts, and never else.
    pub fn is_at_start(&self) -> bool {
        self.expression == Expression::AtStart
    }

    /// The first time after this one.
    pub fn after(&self, time: Timestamp) -> Option<Timestamp> {
        match self.expression {
            Expression::AtStart => None,
            Expression::Every(span) => {
                let (now, span) = (time.as_micros(), i64::try_from(span.as_micros()).ok()?);
                Some(Timestamp::from_micros((now.div_euclid(span)).checked_add(1)?.checked_mul(span)?))
            }
            Expression::Fields(fields) => self.shown_after(fields, time),
        }
    }

    fn shown_after(&self, fields: Fields, time: Timestamp) -> Option<Timestamp> {
        let after = jiff::Timestamp::from_microsecond(time.as_micros()).ok()?;
        let shown = after.to_zoned(self.zone.clone()).datetime();
        let shown = shown.with().second(0).subsec_nanosecond(0).build().ok()?;
        let first = self.named_after(fields, shown, after, Shown::First)?;
        let due = if fields.is_every_hour() {
            // What the clock shows again lies behind what it shows now.
            let again = shown.checked_sub(jiff::Span::new().hours(3)).ok()?;
            first.min(self.named_after(fields, again, after, Shown::Last)?)
        } else {
            first
        };
        Some(Timestamp::from_micros(due.as_microsecond()))
    }

    /// The first time that the fields name from `start` on and that is after this moment.
    fn named_after(
        &self,
        fields: Fields,
        mut start: DateTime,
        after: jiff::Timestamp,
        which: Shown,
    ) -> Option<jiff::Timestamp> {
        loop {
            let named = fields.from(start)?;
            let shown = self.zone.to_ambiguous_timestamp(named);
            let due = match (which, shown.offset()) {
                (Shown::Last, AmbiguousOffset::Fold { .. }) => shown.later(),
                (Shown::First | Shown::Last, _) => shown.compatible(),
            };
            let due = due.ok()?;
            if due > after {
                return Some(due);
            }
            start = named.checked_add(jiff::Span::new().minutes(1)).ok()?;
        }
    }
}

/// Which moment a time means that the clock shows twice.
#[derive(Clone, Copy)]
enum Shown {
    First,
    Last,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn next(expression: &str, zone: &str, from: &str, times: usize) -> Vec<String> {
        let schedule = Schedule::read(expression, zone).unwrap();
        let mut time = at(from);
        (0..times)
            .map(|_| {
                time = schedule.after(time).unwrap();
                jiff::Timestamp::from_microsecond(time.as_micros()).unwrap().to_string()
            })
            .collect()
    }

    #[test]
    fn fields_are_met_in_their_order() {
        assert_eq!(
            next("*/20 9-10 * * mon-fri", "UTC", "2026-11-20T10:30:00Z", 3),
            ["2026-11-20T10:40:00Z", "2026-11-23T09:00:00Z", "2026-11-23T09:20:00Z"]
        );
        assert_eq!(next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
        assert_eq!(
            next("0 0 13 * fri", "UTC", "2026-11-12T12:00:00Z", 3),
            ["2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"]
        );
        assert_eq!(next("0 0 * * 7", "UTC", "2026-11-20T00:00:00Z", 1), ["2026-11-22T00:00:00Z"]);
        assert_eq!(next("59 23 31 12 *", "UTC", "2026-12-31T23:59:00Z", 1), ["2027-12-31T23:59:00Z"]);
    }

    #[test]
    fn names_and_rates_are_met() {
        assert_eq!(next("@monthly", "UTC", "2026-11-20T10:30:00Z", 1), ["2026-12-01T00:00:00Z"]);
        assert_eq!(
            next("rate(10 minutes)", "UTC", "2026-11-20T10:30:00Z", 2),
            ["2026-11-20T10:40:00Z", "2026-11-20T10:50:00Z"]
        );
        // More milliseconds than a 32-bit timer holds.
        let days = next("rate(25 days)", "UTC", "2026-11-20T10:30:00Z", 2);
        assert_eq!(days, ["2026-12-13T00:00:00Z", "2027-01-07T00:00:00Z"]);
        assert!(Schedule::read("@reboot", "UTC").unwrap().after(Timestamp::EPOCH).is_none());
    }

    #[test]
    fn a_skipped_time_is_due_when_the_clock_jumps_and_one_shown_twice_is_due_once() {
        // 29 March 2026, 02:00 → 03:00 in Berlin.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        // 25 October 2026, 03:00 → 02:00.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        let hourly = next("40 * * * *", "Europe/Berlin", "2026-10-24T23:50:00Z", 3);
        assert_eq!(hourly, ["2026-10-25T00:40:00Z", "2026-10-25T01:40:00Z", "2026-10-25T02:40:00Z"]);
    }

    #[test]
    fn what_is_no_expression_is_told_where() {
        for (expression, message) in [
            ("* * * *", "expected five fields (minute hour day month weekday), found 4 (at character 8)"),
            (
                "0 0 * * * *",
                "expected five fields (minute hour day month weekday), found 6 (at character 11)",
            ),
            ("61 * * * *", "expected minutes from 0 to 59, found `61` (at character 1)"),
            ("0 9-5 * * *", "`9-5` ends before it begins (at character 3)"),
            ("0 0 * foo *", "expected months from 1 to 12, found `foo` (at character 7)"),
            ("*/0 * * * *", "expected a step from 1, found `0` (at character 3)"),
            ("0 0 31 2 *", "no month has such a day (at character 5)"),
            ("@dayly", "unknown name `@dayly`, did you mean `@daily`? (at character 1)"),
            ("rate(5)", "expected a rate such as `rate(10 minutes)` (at character 6)"),
            (
                "rate(5 fortnights)",
                "expected seconds, minutes, hours or days, found `fortnights` (at character 8)",
            ),
            ("", "expected five fields (minute hour day month weekday), found 0 (at character 1)"),
        ] {
            assert_eq!(Schedule::read(expression, "UTC").unwrap_err().to_string(), message, "{expression}");
        }
        let zone = Schedule::read("@daily", "Europe/Berlni").unwrap_err().to_string();
        assert!(zone.starts_with("unknown time zone `Europe/Berlni`"), "{zone}");
    }
}
