use std::time::Duration;

use jiff::civil::{Date, DateTime};

use super::field::{DAYS, Field, HOURS, MINUTES, MONTHS, Range, WEEKDAYS};

/// When a cron is due, before a zone is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// At the minutes that all five fields name.
    Fields(Fields),
    /// Each time that so much has passed since 1970.
    Every(Duration),
    /// Once, when a process starts.
    AtStart,
}

/// Minutes, hours, days of the month, months, days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// Why an expression is none, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", at + 1)]
pub struct Unreadable {
    at: usize,
    message: String,
}

impl Unreadable {
    pub(super) fn new(at: usize, message: String) -> Self {
        Self { at, message }
    }
}

/// Names of expressions, as `crontab(5)` has them.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Expression {
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        if text == "@reboot" {
            return Ok(Self::AtStart);
        }
        if let Some((_, fields)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Fields::read(fields).map(Self::Fields);
        }
        if text.starts_with('@') {
            let names = NAMED.map(|(name, _)| name).into_iter().chain(["@reboot"]);
            let near = mainstay_kernel::nearest(text, names).unwrap_or("@daily");
            return Err(Unreadable::new(0, format!("unknown name `{text}`, did you mean `{near}`?")));
        }
        match text.strip_prefix("rate(") {
            Some(rest) => rate(rest).map(Self::Every),
            None => Fields::read(text).map(Self::Fields),
        }
    }
}

/// `10 minutes)`
fn rate(text: &str) -> Result<Duration, Unreadable> {
    const START: usize = "rate(".len();
    const UNITS: [(&str, u64); 4] = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)];
    let wanted = |at| Unreadable::new(at, "expected a rate such as `rate(10 minutes)`".to_owned());
    let inner = text.strip_suffix(')').ok_or_else(|| wanted(START + text.len()))?;
    let (count, unit) = inner.trim().split_once(' ').ok_or_else(|| wanted(START))?;
    let count: u64 = count.parse().ok().filter(|it| *it > 0).ok_or_else(|| wanted(START))?;
    let unit = unit.trim();
    let seconds = UNITS.iter().find(|(name, _)| unit.strip_suffix('s').unwrap_or(unit) == *name);
    let Some((_, seconds)) = seconds else {
        let at = START + inner.find(unit).unwrap_or_default();
        return Err(Unreadable::new(at, format!("expected seconds, minutes, hours or days, found `{unit}`")));
    };
    Ok(Duration::from_secs(count.saturating_mul(*seconds)))
}

impl Fields {
    fn read(text: &str) -> Result<Self, Unreadable> {
        const RANGES: [&Range; 5] = [&MINUTES, &HOURS, &DAYS, &MONTHS, &WEEKDAYS];
        let found = placed_words(text);
        if found.len() != RANGES.len() {
            let at = found.get(RANGES.len()).map_or(text.len(), |(at, _)| *at);
            let message =
                format!("expected five fields (minute hour day month weekday), found {}", found.len());
            return Err(Unreadable::new(at, message));
        }
        let field = |index: usize| Field::read(found[index].1, found[index].0, RANGES[index]);
        let fields = Self {
            minutes: field(0)?,
            hours: field(1)?,
            days: field(2)?,
            months: field(3)?,
            weekdays: field(4)?,
        };
        if fields.day_from(Date::constant(2024, 1, 1)).is_none() {
            return Err(Unreadable::new(found[2].0, "no month has such a day".to_owned()));
        }
        Ok(fields)
    }

    /// The first minute from this one on that it names, whatever the zone.
    pub(super) fn from(&self, start: DateTime) -> Option<DateTime> {
        let mut date = self.day_from(start.date())?;
        let mut earliest = if date == start.date() { (start.hour(), start.minute()) } else { (0, 0) };
        loop {
            for hour in (earliest.0..24).filter(|hour| self.hours.has(*hour)) {
                let least = if hour == earliest.0 { earliest.1 } else { 0 };
                if let Some(minute) = (least..60).find(|minute| self.minutes.has(*minute)) {
                    return Some(date.at(hour, minute, 0, 0));
                }
            }
            date = self.day_from(date.tomorrow().ok()?)?;
            earliest = (0, 0);
        }
    }

    /// Whether it names times in every hour of its days.
    pub(super) fn is_every_hour(&self) -> bool {
        self.hours.is_any
    }

    /// The first day from this one on that it names. The calendar repeats after 28 years, or 40 where it leaves a
    /// leap year out.
    fn day_from(&self, start: Date) -> Option<Date> {
        const LONGEST: usize = 40 * 366;
        start.series(jiff::Span::new().days(1)).take(LONGEST).find(|date| self.names(*date))
    }

    /// As in `crontab(5)`: where both fields of days choose, either is enough.
    fn names(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let chosen = if self.days.is_any || self.weekdays.is_any { day && weekday } else { day || weekday };
        chosen && self.months.has(date.month())
    }
}

/// The words of a text and where they begin.
fn placed_words(text: &str) -> Vec<(usize, &str)> {
    let start = text.as_ptr().addr();
    text.split_ascii_whitespace().map(|word| (word.as_ptr().addr() - start, word)).collect()
}
