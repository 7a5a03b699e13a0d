//! What stands between the commas of an attribute.

use darling::{Error, Result};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprArray, ExprLit, ExprPath, Lit, LitStr, Path, Token, parenthesized, token};

use crate::report::at;

/// One thing between two commas.
pub(crate) enum Item {
    Text(LitStr),
    Word(Ident),
    Named(Ident, Expr),
    List(Ident, TokenStream),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Text(input.parse()?));
        }
        let name = Ident::parse_any(input)?;
        if input.peek(Token![=]) {
            let _: Token![=] = input.parse()?;
            return Ok(Self::Named(name, input.parse()?));
        }
        if input.peek(token::Paren) {
            let list;
            parenthesized!(list in input);
            return Ok(Self::List(name, list.parse()?));
        }
        Ok(Self::Word(name))
    }
}

/// All of them.
pub(crate) fn items(tokens: TokenStream) -> syn::Result<Vec<Item>> {
    Ok(Punctuated::<Item, Token![,]>::parse_terminated.parse2(tokens)?.into_iter().collect())
}

/// All of them, of which no two say the same thing.
pub(crate) fn items_once(tokens: TokenStream) -> Result<Vec<Item>> {
    let items = items(tokens)?;
    let mut errors = Error::accumulator();
    let names: Vec<_> = items.iter().filter_map(Item::name).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            errors.push(at(name, format!("`{name}` is said twice: leave one of the two away")));
        }
    }
    errors.finish_with(items)
}

impl Item {
    fn name(&self) -> Option<&Ident> {
        match self {
            Self::Text(_) => None,
            Self::Word(name) | Self::Named(name, _) | Self::List(name, _) => Some(name),
        }
    }
}

pub(crate) fn text(value: &Expr) -> Result<LitStr> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else {
        return Err(at(value, "expected a text in quotes"));
    };
    Ok(text.clone())
}

pub(crate) fn texts(value: &Expr) -> Result<Vec<LitStr>> {
    let Expr::Array(ExprArray { elems, .. }) = value else {
        return Err(at(value, "expected a list of texts: `[\"…\"]`"));
    };
    elems.iter().map(text).collect()
}

/// A number from `least` on.
pub(crate) fn number(value: &Expr, least: u32) -> Result<u32> {
    let wrong = || at(value, format!("expected a number from {least} on"));
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = value else { return Err(wrong()) };
    number.base10_parse().ok().filter(|it| *it >= least).ok_or_else(wrong)
}

/// The name of a function, such as `mail::wait`.
pub(crate) fn path(value: &Expr) -> Option<&Path> {
    let Expr::Path(ExprPath { path, qself: None, .. }) = value else { return None };
    Some(path)
}

/// Names of functions under `#[middleware]`: `[with_org, logged]`.
pub(crate) fn middleware(value: &Expr) -> Result<Vec<Path>> {
    let Expr::Array(ExprArray { elems, .. }) = value else {
        return Err(at(value, "expected a list of middleware: `[logger]`"));
    };
    let name = |it: &Expr| {
        path(it).cloned().ok_or_else(|| at(it, "expected the name of a function under `#[middleware]`"))
    };
    elems.iter().map(name).collect()
}
