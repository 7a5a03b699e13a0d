//! `#[derive(ModelEnum)]`: the variants' names as data, and calls of the trait's own functions.

use darling::ast::Data;
use darling::{Error, FromDeriveInput, FromVariant, Result};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, LitStr, Path};

use crate::facade::facade;
use crate::model::names::chosen_snake;
use crate::report::at;

/// What the author wrote on the enum.
#[derive(FromDeriveInput)]
#[darling(attributes(model))]
struct EnumAttributes {
    ident: Ident,
    data: Data<VariantAttributes, darling::util::Ignored>,
    name: Option<LitStr>,
    #[darling(rename = "crate")]
    facade: Option<Path>,
}

/// What the author wrote on one variant.
#[derive(FromVariant)]
#[darling(attributes(model))]
struct VariantAttributes {
    ident: Ident,
    fields: darling::ast::Fields<darling::util::Ignored>,
    rename: Option<LitStr>,
}

/// The expansion of `#[derive(ModelEnum)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    if let Some(parameter) = input.generics.params.first() {
        return Err(at(parameter, "an enum stands for one set of names: it cannot be generic"));
    }
    if !matches!(input.data, syn::Data::Enum(_)) {
        return Err(at(&input.ident, "`ModelEnum` is for an enum whose variants hold nothing"));
    }
    let written = EnumAttributes::from_derive_input(&input)?;
    let mut errors = Error::accumulator();
    let name = errors.handle(name(&written)).unwrap_or_default();
    let variants = errors.handle(variants(&written)).unwrap_or_default();
    errors.finish()?;
    let facade = written.facade.unwrap_or_else(facade);
    Ok(implementations(&written.ident, &name, &variants, &facade))
}

fn name(written: &EnumAttributes) -> Result<String> {
    match &written.name {
        Some(name) => chosen_snake(name),
        None => Ok(written.ident.unraw().to_string().to_snake_case()),
    }
}

/// The variants and their names, which no two share.
fn variants(written: &EnumAttributes) -> Result<Vec<(Ident, String)>> {
    let mut errors = Error::accumulator();
    let mut named: Vec<(Ident, String)> = Vec::new();
    for variant in written.data.as_ref().take_enum().unwrap_or_default() {
        if !variant.fields.is_unit() {
            errors.push(at(&variant.ident, "a variant of a model's enum holds nothing: drop its fields"));
        }
        let name = match &variant.rename {
            Some(name) => errors.handle(chosen_snake(name)).unwrap_or_default(),
            None => variant.ident.unraw().to_string().to_snake_case(),
        };
        if named.iter().any(|(_, other)| *other == name) {
            errors.push(at(&variant.ident, format!("two variants are named `{name}`")));
        }
        named.push((variant.ident.clone(), name));
    }
    if named.is_empty() {
        errors.push(at(&written.ident, "an enum without variants has no values: add one"));
    }
    errors.finish_with(named)
}

fn implementations(ident: &Ident, name: &str, variants: &[(Ident, String)], facade: &Path) -> TokenStream {
    let (path, kernel) = (quote!(#facade::model), quote!(#facade::kernel));
    let (idents, names): (Vec<_>, Vec<_>) = variants.iter().map(|(ident, name)| (ident, name)).unzip();
    let positions: Vec<_> = (0..variants.len()).collect();
    let of = quote!(<Self as #path::ModelEnum>);
    let values = values(ident, &path, &kernel, &of);
    let serde = serde(ident, &path, &of);
    quote! {
        #[automatically_derived]
        impl #path::ModelEnum for #ident {
            const TYPE: &'static #kernel::EnumType =
                &#kernel::EnumType { name: #name, variants: &[#(#names),*] };

            fn index(&self) -> usize {
                match self { #(Self::#idents => #positions),* }
            }

            fn at(index: usize) -> ::core::option::Option<Self> {
                match index {
                    #(#positions => ::core::option::Option::Some(Self::#idents),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
        #values
        #serde

        #[automatically_derived]
        impl #path::schemars::JsonSchema for #ident {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::stringify!(#ident))
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident)))
            }

            fn json_schema(_: &mut #path::schemars::SchemaGenerator) -> #path::schemars::Schema {
                #path::json_schema::of_enum(#of::TYPE)
            }
        }
    }
}

/// As a field, as an operand, and in raw SQL.
fn values(ident: &Ident, path: &TokenStream, kernel: &TokenStream, of: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #path::Field for #ident {
            const KIND: #kernel::Kind = #kernel::Kind::Enum(#of::TYPE);

            fn into_value(self) -> #kernel::Value {
                #of::to_value(&self)
            }

            fn from_value(value: #kernel::Value) -> ::core::result::Result<Self, ::std::string::String> {
                #of::of_value(&value)
            }
        }

        #[automatically_derived]
        impl #path::Operand<#ident> for #ident {
            fn operand(self) -> ::core::option::Option<#kernel::Value> {
                ::core::option::Option::Some(#of::to_value(&self))
            }
        }

        #[automatically_derived]
        impl #kernel::IntoValue for #ident {
            fn into_value(self) -> #kernel::Value {
                #of::to_value(&self)
            }
        }

        #[automatically_derived]
        impl #kernel::FromValue for #ident {
            const KIND: #kernel::Kind = #kernel::Kind::Enum(#of::TYPE);

            fn from_value(value: #kernel::Value) -> ::core::option::Option<Self> {
                #of::of_value(&value).ok()
            }
        }
    }
}

fn serde(ident: &Ident, path: &TokenStream, of: &TokenStream) -> TokenStream {
    let serde = quote!(#path::serde);
    quote! {
        #[automatically_derived]
        impl #serde::Serialize for #ident {
            fn serialize<S: #serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(#of::name(self))
            }
        }

        #[automatically_derived]
        impl<'de> #serde::Deserialize<'de> for #ident {
            fn deserialize<D: #serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let name = <::std::string::String as #serde::Deserialize>::deserialize(deserializer)?;
                #of::named(&name).map_err(#serde::de::Error::custom)
            }
        }
    }
}
