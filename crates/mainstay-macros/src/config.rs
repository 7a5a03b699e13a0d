//! `#[derive(Config)]`: the variables as data, and one call for each field.

use darling::ast::Data;
use darling::util::Ignored;
use darling::{Error, FromDeriveInput, FromField, FromMeta, Result};
use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, DeriveInput, Expr, ExprLit, ExprUnary, Ident, Lit, LitStr, Meta, Path, Type, UnOp};

use crate::facade::facade;
use crate::model::docs;
use crate::report::at;

#[derive(FromDeriveInput)]
#[darling(attributes(config), supports(struct_named))]
struct ConfigAttributes {
    ident: Ident,
    data: Data<Ignored, ConfigField>,
    prefix: Option<LitStr>,
    #[darling(default, rename = "crate")]
    facade: Option<Path>,
}

#[derive(FromField)]
#[darling(attributes(config), forward_attrs(doc))]
struct ConfigField {
    ident: Option<Ident>,
    ty: Type,
    attrs: Vec<Attribute>,
    name: Option<LitStr>,
    default: Option<Default>,
}

/// A default as it stands in the code: darling would read a text as code.
struct Default(Expr);

impl FromMeta for Default {
    fn from_meta(item: &Meta) -> Result<Self> {
        Ok(Self(item.require_name_value()?.value.clone()))
    }
}

/// The expansion of `#[derive(Config)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    if let Some(parameter) = input.generics.params.first() {
        return Err(at(parameter, "a configuration is read into one type: it cannot be generic"));
    }
    let ConfigAttributes { ident, data, prefix, facade: written } =
        ConfigAttributes::from_derive_input(&input)?;
    let facade = written.unwrap_or_else(facade);
    let config = quote!(#facade::config);
    let mut errors = Error::accumulator();
    let text = errors.handle(prefix.as_ref().map_or(Ok(String::new()), variable)).unwrap_or_default();
    let fields = data.take_struct().map(|it| it.fields).unwrap_or_default();
    let mut variables: Vec<TokenStream> = Vec::new();
    for field in &fields {
        variables.extend(errors.handle(setting(field, &text, &config)));
    }
    errors.finish()?;
    let names: Vec<_> = fields.iter().filter_map(|it| it.ident.as_ref()).collect();
    let types = fields.iter().map(|it| &it.ty);
    let places = 0..fields.len();
    Ok(quote! {
        #[automatically_derived]
        impl #config::Settings for #ident {
            const PREFIX: &'static str = #text;
            const VARIABLES: &'static [#config::Setting] = &[#(#variables),*];

            fn read(values: &mut #config::Values<'_>) -> ::core::option::Option<Self> {
                // Each, whatever is wrong with those before it.
                let read = (#(#config::Values::take::<#types>(values, #places),)*);
                let (#(#names,)*) = read;
                ::core::option::Option::Some(Self { #(#names: #names?),* })
            }
        }
    })
}

fn setting(field: &ConfigField, prefix: &str, config: &TokenStream) -> Result<TokenStream> {
    let Some(ident) = &field.ident else { return Ok(TokenStream::new()) };
    let name = match &field.name {
        Some(name) => variable(name)?,
        None => format!("{prefix}{}", ident.unraw().to_string().to_shouty_snake_case()),
    };
    let default = match &field.default {
        Some(Default(value)) => {
            let text = written(value)?;
            quote!(::core::option::Option::Some(#text))
        }
        None => quote!(::core::option::Option::None),
    };
    let (ty, meaning) = (&field.ty, meaning(&field.attrs));
    Ok(quote!(#config::Setting::of::<#ty>(#name, #meaning, #default)))
}

/// The name of a variable, or the beginning of one.
fn variable(name: &LitStr) -> Result<String> {
    let text = name.value();
    let plain = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with(|it: char| it.is_ascii_digit()) {
        return Ok(text);
    }
    let near = text.to_shouty_snake_case();
    let ending = if text.ends_with('_') { "_" } else { "" };
    Err(at(
        name,
        format!("a variable's name has capital letters, digits and `_`: write `\"{near}{ending}\"`"),
    ))
}

/// A default as the variable would be written: `10`, `"10s"`, `true`.
fn written(value: &Expr) -> Result<String> {
    if let Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) = value {
        return Ok(format!("-{}", written(expr)?));
    }
    let Expr::Lit(ExprLit { lit, .. }) = value else { return Err(no_text(value)) };
    if let Lit::Str(text) = lit {
        Ok(text.value())
    } else if let Lit::Int(number) = lit {
        Ok(number.base10_digits().to_owned())
    } else if let Lit::Float(number) = lit {
        Ok(number.base10_digits().to_owned())
    } else if let Lit::Bool(truth) = lit {
        Ok(truth.value.to_string())
    } else {
        Err(no_text(value))
    }
}

fn no_text(value: &Expr) -> Error {
    at(value, "a default is written as the variable would be: `10`, `true`, `\"10s\"`")
}

/// The field's documentation, on one line.
fn meaning(attributes: &[Attribute]) -> String {
    docs::text(attributes).split_whitespace().collect::<Vec<_>>().join(" ")
}
