use darling::ast::Data;
use darling::util::Ignored;
use darling::{FromDeriveInput, FromField, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, LitStr, Path, Type};

use crate::facade::facade;
use crate::report::at;

#[derive(FromDeriveInput)]
#[darling(attributes(row), supports(struct_named))]
struct RowAttributes {
    ident: Ident,
    data: Data<Ignored, RowField>,
    #[darling(default, rename = "crate")]
    facade: Option<Path>,
}

#[derive(FromField)]
#[darling(attributes(row))]
struct RowField {
    ident: Option<Ident>,
    ty: Type,
    #[darling(default)]
    column: Option<LitStr>,
}

/// The expansion of `#[derive(FromRow)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    if let Some(parameter) = input.generics.params.first() {
        return Err(at(parameter, "a row is read into one type: it cannot be generic"));
    }
    let RowAttributes { ident, data, facade: written } = RowAttributes::from_derive_input(&input)?;
    let facade = written.unwrap_or_else(facade);
    let kernel = quote!(#facade::kernel);
    let fields = data.take_struct().map(|it| it.fields).unwrap_or_default();
    let reads = fields.iter().filter_map(|field| {
        let name = field.ident.as_ref()?;
        let ty = &field.ty;
        let column = field.column.as_ref().map_or_else(|| name.unraw().to_string(), LitStr::value);
        Some(quote!(#name: #kernel::Row::get::<#ty>(row, #column)?))
    });
    Ok(quote! {
        #[automatically_derived]
        impl #kernel::FromRow for #ident {
            fn from_row(row: &#kernel::Row) -> #kernel::Result<Self> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}
