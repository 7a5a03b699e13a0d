use darling::{Error, Result};
use heck::{ToLowerCamelCase as _, ToSnakeCase as _};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Fields, LitInt, LitStr, Path, Token, Type, Variant};

use crate::facade::facade;
use crate::nearest::unknown;
use crate::report::at;

const WORDS: [&str; 4] = ["status", "code", "retry_after", "other"];

/// The expansion of `#[derive(ErrorSet)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Enum(data) = &input.data else {
        return Err(at(&input.ident, "errors are declared as the variants of an enum"));
    };
    let mut errors = Error::accumulator();
    let facade = errors.handle(named_facade(&input.attrs)).unwrap_or_else(facade);
    let read: Vec<_> = data.variants.iter().filter_map(|it| errors.handle(Case::of(it))).collect();
    errors = errors.checkpoint()?;
    let (others, cases): (Vec<_>, Vec<_>) = read.into_iter().partition(|it| it.written.is_none());
    errors.handle(distinct(&cases));
    if others.len() != 1 {
        let found = if others.is_empty() { "there is none" } else { "there are several" };
        errors.push(at(
            &input.ident,
            format!("one variant takes in what the framework refuses, for `?`: `#[error(other)] Other(Error)`; {found}"),
        ));
    }
    errors.finish()?;
    Ok(others.first().map(|other| emit(&input.ident, &facade, &cases, other)).unwrap_or_default())
}

fn named_facade(attrs: &[Attribute]) -> Result<Path> {
    let mut named = None;
    for attribute in attrs.iter().filter(|it| it.path().is_ident("error")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(
                    meta.error("expected `crate = \"path\"`; the errors are declared on the variants")
                );
            }
            named = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            Ok(())
        })?;
    }
    Ok(named.unwrap_or_else(facade))
}

/// One variant.
struct Case<'v> {
    variant: &'v Variant,
    /// What is declared; none for the variant that takes in everything else.
    written: Option<Written>,
}

/// `#[error(status = 409, code = "email_taken", "this email is already registered")]`
struct Written {
    status: LitInt,
    code: String,
    message: LitStr,
    retry_after: Option<Ident>,
}

impl<'v> Case<'v> {
    fn of(variant: &'v Variant) -> Result<Self> {
        let Some(attribute) = variant.attrs.iter().find(|it| it.path().is_ident("error")) else {
            let message =
                "expected `#[error(status = 409, code = \"…\", \"what is wrong\")]`, or `#[error(other)]`";
            return Err(at(&variant.ident, message));
        };
        let parsed: Parsed = attribute.parse_args()?;
        if let Some(other) = parsed.other {
            let is_one = matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
            let one = is_one.then_some(Self { variant, written: None });
            return one.ok_or_else(|| at(&other, "expected one field: `Other(Error)`"));
        }
        if let Fields::Unnamed(fields) = &variant.fields {
            return Err(at(fields, "data have names: write `{ name: Type }`"));
        }
        let (Some(status), Some(message)) = (parsed.status, parsed.message) else {
            return Err(at(attribute, "expected `status = 409` and a message in quotes"));
        };
        if !(400..=599).contains(&status.base10_parse::<u16>()?) {
            return Err(at(&status, "an error's status is from 400 to 599"));
        }
        let code = code(parsed.code, variant)?;
        Ok(Self {
            variant,
            written: Some(Written { status, code, message, retry_after: parsed.retry_after }),
        })
    }

    /// Its data, but for what only says when to try again.
    fn data(&self) -> Vec<(&Ident, &Type)> {
        let named = self.variant.fields.iter().filter_map(|it| Some((it.ident.as_ref()?, &it.ty)));
        named.collect()
    }
}

fn code(written: Option<LitStr>, variant: &Variant) -> Result<String> {
    let Some(code) = written else { return Ok(variant.ident.unraw().to_string().to_snake_case()) };
    let text = code.value();
    let is_snake = text.starts_with(|it: char| it.is_ascii_lowercase())
        && text.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_');
    if is_snake {
        Ok(text)
    } else {
        Err(at(&code, format!("a code is snake_case, such as `{}`", text.to_snake_case())))
    }
}

/// What stands between the parentheses.
#[derive(Default)]
struct Parsed {
    status: Option<LitInt>,
    code: Option<LitStr>,
    message: Option<LitStr>,
    retry_after: Option<Ident>,
    other: Option<Ident>,
}

impl Parse for Parsed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut parsed = Self::default();
        while !input.is_empty() {
            parsed.take(input)?;
            if !input.is_empty() {
                let _: Token![,] = input.parse()?;
            }
        }
        Ok(parsed)
    }
}

impl Parsed {
    fn take(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(LitStr) {
            self.message = Some(input.parse()?);
            return Ok(());
        }
        let name: Ident = input.parse()?;
        let word = name.to_string();
        if word == "other" {
            self.other = Some(name);
            return Ok(());
        }
        if !WORDS.contains(&word.as_str()) {
            return Err(syn::Error::new(name.span(), unknown("word", &word, &WORDS)));
        }
        let _: Token![=] = input.parse()?;
        match word.as_str() {
            "status" => self.status = Some(input.parse()?),
            "code" => self.code = Some(input.parse()?),
            _ => {
                let _: Option<Token![.]> = input.parse()?;
                self.retry_after = Some(input.parse()?);
            }
        }
        Ok(())
    }
}

fn distinct(cases: &[Case<'_>]) -> Result<()> {
    let mut errors = Error::accumulator();
    let code = |it: &Case<'_>| it.written.as_ref().map(|it| it.code.clone());
    for (index, case) in cases.iter().enumerate() {
        if cases[..index].iter().any(|it| code(it) == code(case)) {
            let message = format!("two errors have the code `{}`", code(case).unwrap_or_default());
            errors.push(at(&case.variant.ident, message));
        }
    }
    errors.finish()
}

fn emit(ident: &Ident, facade: &Path, cases: &[Case<'_>], other: &Case<'_>) -> TokenStream {
    let kernel = quote!(#facade::kernel);
    let declared = cases.iter().filter_map(|it| declared(it, facade));
    let answered = cases.iter().filter_map(|it| answered(it, facade));
    let other = &other.variant.ident;
    quote! {
        #[automatically_derived]
        impl #kernel::ErrorSet for #ident {
            const DECLARED: &'static [#kernel::DeclaredError] = &[#(#declared),*];

            fn into_error(self) -> #kernel::Error {
                match self {
                    #(#answered)*
                    Self::#other(error) => error,
                }
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#kernel::Error> for #ident {
            fn from(error: #kernel::Error) -> Self {
                Self::#other(error)
            }
        }
    }
}

fn declared(case: &Case<'_>, facade: &Path) -> Option<TokenStream> {
    let kernel = quote!(#facade::kernel);
    let Written { status, code, message, retry_after } = case.written.as_ref()?;
    let data = case.data().into_iter().map(|(name, ty)| {
        let name = name.unraw().to_string().to_lower_camel_case();
        quote_spanned!(ty.span()=> (#name, |schemas| schemas.subschema_for::<#ty>()))
    });
    let retry = if retry_after.is_some() { quote!(After) } else { quote!(Unsaid) };
    Some(quote! {
        #kernel::DeclaredError {
            status: #status,
            code: #code,
            message: #message,
            data: &[#(#data),*],
            retry: #kernel::Retry::#retry,
        }
    })
}

fn answered(case: &Case<'_>, facade: &Path) -> Option<TokenStream> {
    let kernel = quote!(#facade::kernel);
    let Written { status, code, message, retry_after } = case.written.as_ref()?;
    let variant = &case.variant.ident;
    let names: Vec<_> = case.data().into_iter().map(|(name, _)| name).collect();
    let keys = names.iter().map(|it| it.unraw().to_string().to_lower_camel_case());
    let data = (!names.is_empty()).then(|| quote!(.data(#facade::serde_json::json!({ #(#keys: #names),* }))));
    let retry = retry_after.as_ref().map(|it| quote_spanned!(it.span()=> .retry_after(#it)));
    let pattern =
        if names.is_empty() { quote!(Self::#variant { .. }) } else { quote!(Self::#variant { #(#names),* }) };
    Some(quote! {
        #pattern => #kernel::Error::http(#status, #code, ::std::format!(#message))#data #retry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_is_a_status_a_code_a_message_and_its_data() {
        let tokens = expand(quote! {
            enum Refused {
                #[error(status = 409, "taken")]
                EmailTaken,
                #[error(status = 423, code = "locked", "locked for {seconds} s", retry_after = seconds)]
                Locked { seconds: u32 },
                #[error(other)]
                Other(Error),
            }
        });
        let tokens = tokens.unwrap().to_string();
        for part in [
            "status : 409 , code : \"email_taken\" , message : \"taken\"",
            "code : \"locked\"",
            "Retry :: After",
            "retry_after (seconds)",
            "Self :: Other (error) => error",
        ] {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
    }
}
