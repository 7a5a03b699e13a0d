use super::Unreadable;

/// One of the five fields: which numbers it names, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// Whether it begins with `*`, which leaves the choice of days to the other field of days.
    pub(super) is_any: bool,
}

/// What a field may hold.
pub(super) struct Range {
    pub(super) what: &'static str,
    pub(super) least: u8,
    pub(super) most: u8,
    /// Names of its numbers, from the least.
    pub(super) names: &'static [&'static str],
}

pub(super) const MINUTES: Range = Range { what: "minutes", least: 0, most: 59, names: &[] };
pub(super) const HOURS: Range = Range { what: "hours", least: 0, most: 23, names: &[] };
pub(super) const DAYS: Range = Range { what: "days of the month", least: 1, most: 31, names: &[] };
pub(super) const MONTHS: Range = Range {
    what: "months",
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/// Seven is Sunday too.
pub(super) const WEEKDAYS: Range = Range {
    what: "days of the week",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Field {
    /// Reads a field that begins at `at` in its expression.
    pub(super) fn read(text: &str, at: usize, range: &Range) -> Result<Self, Unreadable> {
        let mut bits = 0;
        let mut from = at;
        for part in text.split(',') {
            bits |= range.part(part, from)?;
            from += part.len() + 1;
        }
        if range.most == 7 && bits & (1 << 7) != 0 {
            bits |= 1;
        }
        Ok(Self { bits, is_any: text.starts_with('*') })
    }

    pub(super) fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.bits & (1 << number) != 0)
    }
}

impl Range {
    /// `*`, `5`, `1-5`, each with a step `/2`.
    fn part(&self, text: &str, at: usize) -> Result<u64, Unreadable> {
        let (span, step) = match text.split_once('/') {
            Some((span, step)) => (span, Some((step, at + span.len() + 1))),
            None => (text, None),
        };
        let (first, last) = match span.split_once('-') {
            _ if span == "*" => (self.least, self.most.min(if self.most == 7 { 6 } else { self.most })),
            Some((first, last)) => (self.number(first, at)?, self.number(last, at + first.len() + 1)?),
            None => {
                let first = self.number(span, at)?;
                (first, if step.is_some() { self.most } else { first })
            }
        };
        if first > last {
            return Err(Unreadable::new(at, format!("`{span}` ends before it begins")));
        }
        let step = match step {
            Some((text, at)) => match text.parse::<u8>() {
                Ok(step @ 1..) => step,
                Ok(0) | Err(_) => {
                    return Err(Unreadable::new(at, format!("expected a step from 1, found `{text}`")));
                }
            },
            None => 1,
        };
        Ok((first..=last).step_by(step.into()).fold(0, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str, at: usize) -> Result<u8, Unreadable> {
        let named = self.names.iter().position(|it| it.eq_ignore_ascii_case(text));
        let number = match named {
            Some(index) => u8::try_from(index).ok().map(|index| index + self.least),
            None => text.parse().ok(),
        };
        number.filter(|it| (self.least..=self.most).contains(it)).ok_or_else(|| {
            let Self { what, least, most, .. } = self;
            Unreadable::new(at, format!("expected {what} from {least} to {most}, found `{text}`"))
        })
    }
}
