use darling::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

use crate::items::text;
use crate::report::at;
use crate::span::Span;

/// How many calls are admitted within a time, written like `"100/60s"`.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    limit: u32,
    per: Span,
}

impl Rate {
    /// How it is written, for messages.
    pub(crate) const EXPECTED: &str = "expected `rate_limit = \"100/60s\"`";

    /// Reads `"100/60s"`, also `"100/1m"`.
    pub(crate) fn read(value: &Expr) -> Result<Self> {
        let text = text(value)?;
        let written = text.value();
        let read = written.split_once('/').and_then(|(limit, per)| {
            let limit = limit.trim().parse().ok().filter(|it| *it > 0)?;
            Some(Self { limit, per: Span::of(per.trim())? })
        });
        read.ok_or_else(|| {
            let expected = "expected a number and a time such as \"100/60s\"";
            at(&text, format!("{expected}, found {written:?}: a time ends in `ms`, `s`, `m`, `h` or `d`"))
        })
    }

    /// An `Option<Rate>`.
    pub(crate) fn emit(rate: Option<&Self>, kernel: &TokenStream) -> TokenStream {
        let Some(Self { limit, per }) = rate else { return quote!(::core::option::Option::None) };
        let per = per.emit();
        quote!(::core::option::Option::Some(#kernel::Rate::new(#limit, #per)))
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        let rate = Rate::read(&parse_quote!("100/60s")).unwrap();
        assert_eq!(rate.limit, 100);
        let tokens = Rate::emit(Some(&rate), &quote!(k)).to_string();
        assert!(tokens.contains("k :: Rate :: new (100u32 ,") && tokens.contains("60000u64"), "{tokens}");
        for wrong in [
            parse_quote!("100"),
            parse_quote!("0/1s"),
            parse_quote!("a/1s"),
            parse_quote!("1/0s"),
            parse_quote!(1),
        ] {
            assert!(Rate::read(&wrong).is_err());
        }
    }
}
