use darling::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

use crate::items::text;
use crate::report::at;

/// How long something takes, written like `"60s"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    millis: u64,
}

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Span {
    /// Reads `"500ms"`, `"60s"`, `"10m"`, `"2h"` or `"1d"`; no time is none.
    pub(crate) fn read(value: &Expr) -> Result<Self> {
        let text = text(value)?;
        Self::of(&text.value()).ok_or_else(|| {
            at(
                &text,
                format!(
                    "expected a time such as \"60s\", found {:?}: a number and one of `ms`, `s`, `m`, `h`, `d`",
                    text.value()
                ),
            )
        })
    }

    /// Reads what stands between the quotes.
    pub(crate) fn of(text: &str) -> Option<Self> {
        millis(text).filter(|it| *it > 0).map(|millis| Self { millis })
    }

    /// A `Duration`.
    pub(crate) fn emit(&self) -> TokenStream {
        let millis = self.millis;
        quote!(::core::time::Duration::from_millis(#millis))
    }
}

fn millis(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (count, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    count.parse::<u64>().ok()?.checked_mul(*millis)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_time_is_a_number_and_its_unit() {
        let millis = |value: Expr| Span::read(&value).map(|it| it.millis).ok();
        assert_eq!(millis(parse_quote!("500ms")), Some(500));
        assert_eq!(millis(parse_quote!("10 m")), Some(600_000));
        assert_eq!(millis(parse_quote!("1d")), Some(86_400_000));
        for wrong in [
            parse_quote!("60"),
            parse_quote!("s"),
            parse_quote!("1.5s"),
            parse_quote!("0s"),
            parse_quote!(60),
        ] {
            assert_eq!(millis(wrong), None);
        }
        assert_eq!(millis(parse_quote!("99999999999999999d")), None);
    }
}
