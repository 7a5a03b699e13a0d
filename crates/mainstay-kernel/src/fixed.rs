use std::fmt;

/// A decimal number as the stores keep it: a count of units, of which `10^scale` make one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fixed {
    /// How many units.
    pub units: i64,
    /// Digits after the point, at most 18.
    pub scale: u8,
}

/// Why a text is not a decimal number of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedFault {
    /// It is not of the form `-12.50`.
    Form,
    /// It has more digits after the point than the scale.
    TooPrecise,
    /// It has more digits than fit in 64 bits.
    OutOfRange,
}

impl Fixed {
    /// The most digits after the point.
    pub const MOST_SCALE: u8 = 18;

    /// Reads `-12.50`: digits, with a point between digits at most once. Nothing is rounded.
    ///
    /// # Errors
    /// Another form; more digits than the scale or 64 bits hold.
    pub fn parse(text: &str, scale: u8) -> Result<Self, FixedFault> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(FixedFault::Form),
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|it| it.is_ascii_digit()) {
            return Err(FixedFault::Form);
        }
        let missing = usize::from(scale).checked_sub(fraction.len()).ok_or(FixedFault::TooPrecise)?;
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
        let units = digits.map(|it| i64::from(it - b'0')).try_fold(0_i64, |units, digit| {
            // Downwards, since there is one more number below zero than above.
            units.checked_mul(10)?.checked_sub(digit)
        });
        let units = if negative { units } else { units.and_then(i64::checked_neg) };
        units.map(|units| Self { units, scale }).ok_or(FixedFault::OutOfRange)
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.units < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FixedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a decimal number such as -12.50",
            Self::TooPrecise => "too many digits after the point",
            Self::OutOfRange => "more digits than fit",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_reads_back_as_it_is_written() {
        for (text, scale, units, shown) in [
            ("12.50", 2, 1250, "12.50"),
            ("12.5", 2, 1250, "12.50"),
            ("12", 2, 1200, "12.00"),
            ("-0.07", 2, -7, "-0.07"),
            ("-0", 2, 0, "0.00"),
            ("007", 0, 7, "7"),
            ("-9.223372036854775808", 18, i64::MIN, "-9.223372036854775808"),
            ("9223372036854775807", 0, i64::MAX, "9223372036854775807"),
        ] {
            let read = Fixed::parse(text, scale).unwrap();
            assert_eq!((read, read.to_string().as_str()), (Fixed { units, scale }, shown), "{text}");
        }
    }

    #[test]
    fn what_would_have_to_be_rounded_or_cut_is_refused() {
        for text in ["", "-", ".5", "5.", "1.2.3", "1e2", "+1", " 1", "1 ", "0x1", "NaN", "١", "--1", "1,5"]
        {
            assert_eq!(Fixed::parse(text, 2), Err(FixedFault::Form), "{text}");
        }
        assert_eq!(Fixed::parse("1.500", 2), Err(FixedFault::TooPrecise));
        assert_eq!(Fixed::parse("9223372036854775808", 0), Err(FixedFault::OutOfRange));
        assert_eq!(Fixed::parse("92233720368547758.08", 2), Err(FixedFault::OutOfRange));
    }
}
