use std::fmt;
use std::str::FromStr;

use mainstay_kernel::{Fixed, FixedFault, FromValue, IntoValue, Kind, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Field, Operand};

/// An exact decimal number with `SCALE` digits after the point, such as a price: `Decimal<2>`.
///
/// It is kept as a 64-bit count of its smallest unit, so sums of it are exact, and written as a text,
/// because readers of JSON take numbers for floats. Read from a text or a number; digits that it
/// cannot hold are refused, never rounded.
///
/// ```
/// use mainstay_model::Decimal;
///
/// let price: Decimal<2> = "12.5".parse().unwrap();
/// assert_eq!(price.to_string(), "12.50");
/// assert_eq!(price, Decimal::from_units(1250));
/// assert_eq!(price.checked_add(Decimal::from_units(50)).unwrap().to_string(), "13.00");
/// assert!("12.505".parse::<Decimal<2>>().is_err());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const SCALE: u8>(i64);

impl<const SCALE: u8> Decimal<SCALE> {
    const FITS: () = assert!(SCALE <= Fixed::MOST_SCALE, "a decimal has at most 18 digits after the point");

    /// Nothing.
    pub const ZERO: Self = Self::from_units(0);
    /// The least.
    pub const MIN: Self = Self::from_units(i64::MIN);
    /// The greatest.
    pub const MAX: Self = Self::from_units(i64::MAX);

    /// So many of the smallest unit: 1250 of `Decimal<2>` are 12.50.
    pub const fn from_units(units: i64) -> Self {
        let () = Self::FITS;
        Self(units)
    }

    /// How many of the smallest unit.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The sum, unless it is out of range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it is out of range.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// So many of it, unless that is out of range.
    #[must_use]
    pub fn checked_mul(self, times: i64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    const fn fixed(self) -> Fixed {
        Fixed { units: self.0, scale: SCALE }
    }
}

impl<const SCALE: u8> fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed().fmt(f)
    }
}

impl<const SCALE: u8> fmt::Debug for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const SCALE: u8> FromStr for Decimal<SCALE> {
    type Err = FixedFault;

    fn from_str(text: &str) -> Result<Self, FixedFault> {
        Fixed::parse(text, SCALE).map(|it| Self::from_units(it.units))
    }
}

impl<const SCALE: u8> IntoValue for Decimal<SCALE> {
    fn into_value(self) -> Value {
        Value::Decimal(self.fixed())
    }
}

impl<const SCALE: u8> FromValue for Decimal<SCALE> {
    const KIND: Kind = Kind::Decimal(SCALE);

    fn from_value(value: Value) -> Option<Self> {
        Field::from_value(value).ok()
    }
}

impl<const SCALE: u8> Field for Decimal<SCALE> {
    const KIND: Kind = Kind::Decimal(SCALE);

    fn into_value(self) -> Value {
        IntoValue::into_value(self)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        if let Value::Decimal(Fixed { units, scale }) = value
            && scale == SCALE
        {
            return Ok(Self::from_units(units));
        }
        Err(format!("expected a decimal number with {SCALE} digits after the point"))
    }
}

impl<const SCALE: u8> Operand<Self> for Decimal<SCALE> {
    fn operand(self) -> Option<Value> {
        Some(IntoValue::into_value(self))
    }
}

impl<const SCALE: u8> Serialize for Decimal<SCALE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const SCALE: u8> Deserialize<'de> for Decimal<SCALE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let fixed = read(&json, SCALE).map_err(|(_, expected)| de::Error::custom(expected))?;
        Ok(Self::from_units(fixed.units))
    }
}

impl<const SCALE: u8> garde::rules::range::Bounds for Decimal<SCALE> {
    type Size = Self;

    const MIN: Self = Self::MIN;
    const MAX: Self = Self::MAX;

    fn validate_bounds(&self, lower: Self, upper: Self) -> Result<(), garde::rules::range::OutOfBounds> {
        if *self < lower {
            Err(garde::rules::range::OutOfBounds::Lower)
        } else if *self > upper {
            Err(garde::rules::range::OutOfBounds::Upper)
        } else {
            Ok(())
        }
    }
}

/// The digits that a float surely keeps: a number in JSON with more may have lost some on its way.
const SURE_DIGITS: usize = 15;

/// A decimal number from a JSON text or number; else the code and what was expected.
pub(crate) fn read(json: &serde_json::Value, scale: u8) -> Result<Fixed, (&'static str, String)> {
    let text = match json {
        serde_json::Value::String(text) => Ok(text.clone()),
        serde_json::Value::Number(number) => written(number),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => Err(("wrong_type", expected(scale))),
    };
    Fixed::parse(&text?, scale).map_err(|fault| match fault {
        FixedFault::Form => ("wrong_type", expected(scale)),
        FixedFault::TooPrecise => {
            ("too_precise", format!("must not have more than {scale} digits after the point"))
        }
        FixedFault::OutOfRange => {
            let (least, most) = (Fixed { units: i64::MIN, scale }, Fixed { units: i64::MAX, scale });
            ("out_of_range", format!("must be from {least} to {most}"))
        }
    })
}

/// A number as it was written, as far as that can still be told.
fn written(number: &serde_json::Number) -> Result<String, (&'static str, String)> {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return Ok(number.to_string()) };
    // Without an exponent, and in the fewest digits that name this float.
    let text = float.to_string();
    if text.bytes().filter(u8::is_ascii_digit).skip_while(|it| *it == b'0').count() > SURE_DIGITS {
        return Err((
            "too_precise",
            "has more digits than a JSON number keeps: send it as a text".to_owned(),
        ));
    }
    Ok(text)
}

fn expected(scale: u8) -> String {
    format!("expected a decimal number such as \"{}\"", Fixed { units: 1250, scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<String, &'static str> {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        read(&json, 2).map(|it| it.to_string()).map_err(|(code, _)| code)
    }

    #[test]
    fn a_number_and_a_text_mean_the_same() {
        for (given, read) in [
            ("12.5", "12.50"),
            ("\"12.5\"", "12.50"),
            ("0.1", "0.10"),
            ("-0.0", "0.00"),
            ("12.50", "12.50"),
            ("1e3", "1000.00"),
            ("123456789012345", "123456789012345.00"),
            ("9999999999999.99", "9999999999999.99"),
        ] {
            assert_eq!(json(given).as_deref(), Ok(read), "{given}");
        }
    }

    #[test]
    fn a_number_that_may_have_lost_digits_is_refused() {
        assert_eq!(json("12345678901234567.25"), Err("too_precise"), "it is 12345678901234568 by now");
        assert_eq!(json("\"12345678901234567.25\"").as_deref(), Ok("12345678901234567.25"));
        assert_eq!(json("0.125"), Err("too_precise"));
        assert_eq!(json("1e-7"), Err("too_precise"));
        assert_eq!(json("1e300"), Err("too_precise"));
        assert_eq!(json("92233720368547759"), Err("out_of_range"));
        assert_eq!(json("\"1e3\""), Err("wrong_type"));
        assert_eq!(json("true"), Err("wrong_type"));
    }
}
