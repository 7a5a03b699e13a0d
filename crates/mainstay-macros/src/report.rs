use darling::Error;
use proc_macro2::TokenStream;
use syn::spanned::Spanned;

/// An error that points at a token of the author's.
pub(crate) fn at<T: Spanned>(token: &T, message: impl std::fmt::Display) -> Error {
    Error::custom(message).with_span(token)
}

/// All errors at once, each at its token.
pub(crate) fn compile_errors(error: Error) -> TokenStream {
    let errors = syn::Error::from(error).into_iter();
    errors.map(|it| syn::Error::new(it.span(), reworded(&it.to_string())).to_compile_error()).collect()
}

/// darling's messages in the project's words: lower case, no full stop, the nearest name.
fn reworded(message: &str) -> String {
    let message = message
        .replacen("Unknown field: ", "unknown attribute ", 1)
        .replacen("Unknown value: ", "unknown value ", 1)
        .replacen("Duplicate field ", "duplicate attribute ", 1)
        .replacen("Missing field ", "missing attribute ", 1)
        .replacen(". Did you mean ", ", did you mean ", 1)
        .replacen(". Available values: ", ", expected one of ", 1);
    let mut letters = message.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_parser_reads_like_ours() {
        let wrong = Error::unknown_field_with_alts("wirte", &["write", "read"]);
        assert_eq!(reworded(&wrong.to_string()), "unknown attribute `wirte`, did you mean `write`?");
        let wrong = Error::unknown_value_with_alts("x", &["cascade", "restrict"]);
        let message = "unknown value `x`, expected one of `cascade`, `restrict`";
        assert_eq!(reworded(&wrong.to_string()), message);
    }
}
