use darling::{Error, Result};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Token, Type, parenthesized, token};

use super::bounds::{self, Bounds, Mode};
use super::shape;
use crate::nearest::unknown;
use crate::report::at;

/// One of garde's rules as it is written: `length(min = 1)`.
pub(super) struct Rule {
    pub(super) name: Ident,
    pub(super) arguments: Option<TokenStream>,
}

impl Parse for Rule {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        if !input.peek(token::Paren) {
            return Ok(Self { name, arguments: None });
        }
        let arguments;
        parenthesized!(arguments in input);
        Ok(Self { name, arguments: Some(arguments.parse()?) })
    }
}

pub(super) fn parse(tokens: TokenStream) -> syn::Result<Vec<Rule>> {
    Ok(Punctuated::<Rule, Token![,]>::parse_terminated.parse2(tokens)?.into_iter().collect())
}

const KNOWN: [&str; 15] = [
    "alphanumeric",
    "ascii",
    "contains",
    "custom",
    "email",
    "inner",
    "ip",
    "ipv4",
    "ipv6",
    "length",
    "pattern",
    "prefix",
    "range",
    "skip",
    "suffix",
];

/// The garde rules of a field of this type, as an expression over `it`.
pub(crate) fn rules(attributes: &[Attribute], ty: &Type, garde: &TokenStream) -> Result<Option<TokenStream>> {
    let mut errors = Error::accumulator();
    let mut rules = Vec::new();
    for attribute in attributes.iter().filter(|it| it.path().is_ident("garde")) {
        let list = attribute.meta.require_list().map(|it| it.tokens.clone());
        rules.extend(errors.handle(list.and_then(parse).map_err(Error::from)).unwrap_or_default());
    }
    let set = errors.handle(outcomes(rules, Some(ty), garde)).flatten();
    errors.finish_with(set)
}

/// The outcomes of rules on `it`, as a `Vec` expression; none when there is nothing to check.
fn outcomes(rules: Vec<Rule>, ty: Option<&Type>, garde: &TokenStream) -> Result<Option<TokenStream>> {
    let mut errors = Error::accumulator();
    let (mut own, mut inner) = (Vec::new(), Vec::new());
    for rule in rules {
        if rule.name == "inner" {
            inner.extend(errors.handle(of_elements(rule, ty, garde)).flatten());
        } else {
            own.extend(errors.handle(outcome(&rule, ty, garde)).flatten());
        }
    }
    errors.finish()?;
    Ok(match (own.is_empty(), inner.is_empty()) {
        (true, true) => None,
        (_, true) => Some(quote!(::std::vec![#(#own),*])),
        (_, false) => Some(quote! {{
            let mut outcomes = ::std::vec![#(#own),*];
            #(#garde::rules::inner::apply(it, |it, _| outcomes.extend(#inner));)*
            outcomes
        }}),
    })
}

fn of_elements(rule: Rule, ty: Option<&Type>, garde: &TokenStream) -> Result<Option<TokenStream>> {
    let rules = parse(rule.arguments.unwrap_or_default())?;
    outcomes(rules, ty.and_then(shape::element), garde)
}

/// `("length", garde::rules::length::chars::apply(it, (1, 200)))`; none for `skip`.
fn outcome(rule: &Rule, ty: Option<&Type>, garde: &TokenStream) -> Result<Option<TokenStream>> {
    let code = rule.name.to_string();
    let span = rule.name.span();
    let module = &rule.name;
    let apply = match code.as_str() {
        "skip" => return no_arguments(rule).map(|()| None),
        "ascii" | "alphanumeric" | "email" => {
            no_arguments(rule)?;
            quote_spanned!(span=> #garde::rules::#module::apply(it, ()))
        }
        "ip" | "ipv4" | "ipv6" => ip(rule, garde)?,
        "length" => length(rule, ty, garde)?,
        "range" => range(rule, garde)?,
        "contains" | "prefix" | "suffix" => {
            let text: Expr = argument(rule)?;
            quote_spanned!(span=> #garde::rules::#module::apply(it, (&#text,)))
        }
        "pattern" => pattern(rule, garde)?,
        "custom" => {
            let check: Expr = argument(rule)?;
            quote_spanned!(span=> (#check)(it, &()))
        }
        other => return Err(at(&rule.name, unsupported(other))),
    };
    Ok(Some(quote!((#code, #apply))))
}

/// Why a rule of garde's, or of nobody's, cannot be used on a model.
fn unsupported(rule: &str) -> String {
    match rule {
        "url" | "credit_card" | "phone_number" => {
            format!("the rule `{rule}` is behind a feature of garde that is off here: use `custom(…)`")
        }
        "required" => "an `Option` that must be given is no `Option`: change the field's type".to_owned(),
        "matches" | "if" => {
            format!("`{rule}` looks at several fields, and a model's rules see one at a time")
        }
        "dive" | "adapt" | "code" | "rename" => {
            format!("the rule `{rule}` is not for models: use `custom(…)`")
        }
        other => unknown("rule", other, &KNOWN),
    }
}

fn no_arguments(rule: &Rule) -> Result<()> {
    match &rule.arguments {
        Some(it) if !it.is_empty() => Err(at(it, format!("`{}` takes no arguments", rule.name))),
        Some(_) | None => Ok(()),
    }
}

fn argument<T: Parse>(rule: &Rule) -> Result<T> {
    match &rule.arguments {
        Some(it) if !it.is_empty() => Ok(syn::parse2(it.clone())?),
        Some(_) | None => Err(at(&rule.name, format!("expected an argument: `{}(…)`", rule.name))),
    }
}

fn ip(rule: &Rule, garde: &TokenStream) -> Result<TokenStream> {
    no_arguments(rule)?;
    let kind = match rule.name.to_string().as_str() {
        "ipv4" => quote!(V4),
        "ipv6" => quote!(V6),
        _ => quote!(Any),
    };
    Ok(quote_spanned!(rule.name.span()=> #garde::rules::ip::apply(it, (#garde::rules::ip::IpKind::#kind,))))
}

fn length(rule: &Rule, ty: Option<&Type>, garde: &TokenStream) -> Result<TokenStream> {
    let Bounds { mode, min, max } = bounds::length(&rule.name, rule.arguments.clone().unwrap_or_default())?;
    let text = ty.is_some_and(|it| shape::Shape::of(it) == shape::Shape::Text);
    let module = match mode {
        Some(Mode::Simple) => quote!(simple),
        Some(Mode::Bytes) => quote!(bytes),
        Some(Mode::Chars) => quote!(chars),
        Some(Mode::Utf16) => quote!(utf16),
        None if text => quote!(chars),
        None => quote!(simple),
    };
    let min = min.map_or_else(|| quote!(0usize), |it| quote!(#it));
    let max = max.map_or_else(|| quote!(usize::MAX), |it| quote!(#it));
    Ok(quote_spanned!(rule.name.span()=> #garde::rules::length::#module::apply(it, (#min, #max))))
}

fn range(rule: &Rule, garde: &TokenStream) -> Result<TokenStream> {
    let Bounds { min, max, .. } = bounds::range(&rule.name, rule.arguments.clone().unwrap_or_default())?;
    let bound = |it: Option<Expr>| match it {
        Some(it) => quote!(::core::option::Option::Some(#it)),
        None => quote!(::core::option::Option::None),
    };
    let (min, max) = (bound(min), bound(max));
    Ok(quote_spanned!(rule.name.span()=> #garde::rules::range::apply(it, (#min, #max))))
}

/// A text is compiled once; anything else is a matcher of the author's.
fn pattern(rule: &Rule, garde: &TokenStream) -> Result<TokenStream> {
    let span = rule.name.span();
    let matcher: Expr = argument(rule)?;
    let matcher = if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = matcher {
        sound(&text)?;
        quote_spanned!(span=> {
            static PATTERN: #garde::rules::pattern::regex::StaticPattern =
                #garde::rules::pattern::regex::init_pattern!(#text);
            &PATTERN
        })
    } else {
        quote!(&#matcher)
    };
    Ok(quote_spanned!(span=> #garde::rules::pattern::apply(it, (#matcher,))))
}

/// Refuses a pattern that would not compile when the first value is checked.
fn sound(pattern: &LitStr) -> Result<()> {
    let reason = match regex_syntax::parse(&pattern.value()) {
        Ok(_) => return Ok(()),
        Err(regex_syntax::Error::Parse(it)) => it.kind().to_string(),
        Err(regex_syntax::Error::Translate(_)) => {
            "classes are ASCII here: write `[0-9]` for `\\d`, `[A-Za-z0-9_]` for `\\w`, `[ \\t]` for `\\s`"
                .to_owned()
        }
        Err(other) => other.to_string(),
    };
    Err(at(pattern, format!("no regular expression: {reason}")))
}
