use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

/// Where `ident` stands, as a `Place` below `path`: the line of the name itself, not of an attribute.
pub(crate) fn place(ident: &Ident, path: &TokenStream) -> TokenStream {
    let (file, line) =
        (quote_spanned!(ident.span()=> ::core::file!()), quote_spanned!(ident.span()=> ::core::line!()));
    quote!(#path::Place::at(#file, #line))
}
