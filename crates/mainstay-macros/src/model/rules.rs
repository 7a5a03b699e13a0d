//! Garde's rules as data, for the description of the API. What is wrong with a rule is said where it is made
//! a check (`checks`); what is no data, such as a function of the author's, is left out here.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Lit, Type, UnOp};

use super::bounds::{self, Bounds, Mode};
use super::checks::{Rule, parse};
use super::{Paths, shape};

/// The rules of a field of this type, each an expression of the type `Rule`.
pub(super) fn described(attributes: &[Attribute], ty: &Type, paths: &Paths) -> Vec<TokenStream> {
    let garde = attributes.iter().filter(|it| it.path().is_ident("garde"));
    let lists = garde.filter_map(|it| it.meta.require_list().ok());
    let rules = lists.filter_map(|it| parse(it.tokens.clone()).ok()).flatten();
    rules.filter_map(|rule| data(rule, Some(ty), &paths.model)).collect()
}

fn data(rule: Rule, ty: Option<&Type>, path: &TokenStream) -> Option<TokenStream> {
    let name = rule.name.to_string();
    let arguments = rule.arguments.clone().unwrap_or_default();
    let kind = match name.as_str() {
        "alphanumeric" => quote!(Alphanumeric),
        "ascii" => quote!(Ascii),
        "email" => quote!(Email),
        "ip" => quote!(Ip),
        "ipv4" => quote!(Ipv4),
        "ipv6" => quote!(Ipv6),
        "contains" => text(arguments, &quote!(Contains))?,
        "pattern" => text(arguments, &quote!(Pattern))?,
        "prefix" => text(arguments, &quote!(Prefix))?,
        "suffix" => text(arguments, &quote!(Suffix))?,
        "length" => length(bounds::length(&rule.name, arguments).ok()?, ty, path)?,
        "range" => range(bounds::range(&rule.name, arguments).ok()?, ty?, path)?,
        "inner" => {
            let element = ty.and_then(shape::element);
            let inner = parse(arguments).ok()?.into_iter().filter_map(|it| data(it, element, path));
            quote!(Inner(&[#(#inner),*]))
        }
        _ => return None,
    };
    Some(quote!(#path::Rule::#kind))
}

fn text(arguments: TokenStream, kind: &TokenStream) -> Option<TokenStream> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = syn::parse2(arguments).ok()? else { return None };
    Some(quote!(#kind(#text)))
}

fn length(bounds: Bounds, ty: Option<&Type>, path: &TokenStream) -> Option<TokenStream> {
    let is_text = ty.is_some_and(|it| shape::Shape::of(it) == shape::Shape::Text);
    let of = match bounds.mode {
        Some(Mode::Simple) => quote!(Simple),
        Some(Mode::Bytes) => quote!(Bytes),
        Some(Mode::Chars) => quote!(Chars),
        Some(Mode::Utf16) => quote!(Utf16),
        None if is_text => quote!(Chars),
        None => quote!(Simple),
    };
    let min = bounds.min.map_or(Some(quote!(0)), |it| constant(&it))?;
    let max = bounds.max.map_or(Some(quote!(usize::MAX)), |it| constant(&it))?;
    Some(quote!(Length { of: #path::Measure::#of, min: #min, max: #max }))
}

/// Of the types whose numbers JSON Schema compares.
fn range(bounds: Bounds, ty: &Type, path: &TokenStream) -> Option<TokenStream> {
    let (kind, number) = match shape::plain(ty)?.as_str() {
        "i64" | "i32" | "i16" | "u32" | "u16" => (quote!(Int), quote!(i64)),
        "f64" => (quote!(Float), quote!(f64)),
        _ => return None,
    };
    let bound = |it: Option<Expr>| match it {
        None => Some(quote!(::core::option::Option::None)),
        Some(it) => {
            let value = constant(&it)?;
            Some(quote!(::core::option::Option::Some(#path::Bound::#kind(#value as #number))))
        }
    };
    let (min, max) = (bound(bounds.min)?, bound(bounds.max)?);
    Some(quote!(Range { min: #min, max: #max }))
}

/// The expression, where it is surely a constant: a literal, a name, or one of them negated.
fn constant(expr: &Expr) -> Option<TokenStream> {
    if let Expr::Lit(_) | Expr::Path(_) = expr {
        return Some(quote!(#expr));
    }
    let Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) = expr else { return None };
    constant(expr).map(|inner| quote!((-#inner)))
}
