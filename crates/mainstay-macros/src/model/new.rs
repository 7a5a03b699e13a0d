use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Model;
use super::columns::{Column, Declared, Part};

/// `NewPost`: the application's own fields, and how they become a row.
pub(super) fn row(model: &Model) -> TokenStream {
    let Model { ident, vis, paths, .. } = model;
    let (path, kernel) = (&paths.model, &paths.kernel);
    let name = format_ident!("New{ident}");
    let (fields, values): (Vec<_>, Vec<_>) =
        own(model).map(|(at, it, field)| field_and_value(at, it, field, path)).unzip();
    let docs = format!("What a new [`{ident}`] is made of: all but its id, times and version.");
    quote! {
        #[doc = #docs]
        #[allow(dead_code, unreachable_pub)]
        #vis struct #name { #(#fields),* }

        #[automatically_derived]
        impl #path::Insert for #name {
            type Model = #ident;

            fn into_values(self) -> ::std::vec::Vec<(usize, #kernel::Value)> {
                ::std::vec![#(#values),*]
            }
        }
    }
}

fn own(model: &Model) -> impl Iterator<Item = (usize, &Column, &Declared)> {
    let columns =
        model.columns.iter().enumerate().filter(|(_, it)| matches!(it.part, Part::Plain | Part::Overflow));
    columns.filter_map(|(position, it)| Some((position, it, it.field.as_ref()?)))
}

fn field_and_value(
    at: usize,
    column: &Column,
    field: &Declared,
    path: &TokenStream,
) -> (TokenStream, TokenStream) {
    let Declared { ident, vis, docs } = field;
    let ty = &column.ty;
    let said = docs.is_empty().then(|| format!("`{}` of the new row.", column.field_name()));
    let said = said.map(|it| quote!(#[doc = #it]));
    (quote!(#(#docs)* #said #vis #ident: #ty), quote!((#at, #path::Field::into_value(self.#ident))))
}
