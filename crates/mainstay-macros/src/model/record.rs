use proc_macro2::TokenStream;
use quote::quote;

use super::columns::{Column, Declared, Part};
use super::{Model, schema};

/// `impl Model for Post`.
pub(super) fn implementation(model: &Model) -> TokenStream {
    let Model { ident, paths, .. } = model;
    let (path, kernel) = (&paths.model, &paths.kernel);
    let schema = schema::schema(model);
    let (reads, values, checks) =
        (reads(model), values(model, &TokenStream::new(), &TokenStream::new()), checks(model));
    quote! {
        #[automatically_derived]
        impl #path::Model for #ident {
            const SCHEMA: &'static #path::Schema = &#schema;

            fn from_record(mut __record: #path::Record) -> #kernel::Result<Self> {
                let __schema = <Self as #path::Model>::SCHEMA;
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            fn into_record(self) -> #path::Record {
                #path::Record(::std::vec![#(#values),*])
            }

            fn check(column: usize, value: &#kernel::Value) -> ::std::vec::Vec<#path::Broken> {
                match column {
                    #(#checks,)*
                    _ => ::std::vec::Vec::new(),
                }
            }
        }
    }
}

// Names with underscores: what an author declares in the same module, such as a worker named `record`, would be taken for
// a pattern.

/// `impl Serialize for Post`: what everybody sees of a row who may read it, as far as the struct
/// declares it.
pub(super) fn serialization(model: &Model) -> TokenStream {
    let Model { ident, paths, .. } = model;
    let (path, facade) = (&paths.model, &paths.facade);
    let values = values(model, &quote!(::core::clone::Clone::clone), &quote!(&));
    quote! {
        #[automatically_derived]
        impl #facade::serde::Serialize for #ident {
            fn serialize<S: #facade::serde::Serializer>(&self, __serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                let __record = #path::Record(::std::vec![#(#values),*]);
                #path::serialize_row(<Self as #path::Model>::SCHEMA, &__record, __serializer)
            }
        }
    }
}

fn reads(model: &Model) -> Vec<TokenStream> {
    let read = |(position, column): (usize, &Column)| {
        let Declared { ident, .. } = column.field.as_ref()?;
        Some(quote!(#ident: __record.field(__schema, #position)?))
    };
    model.columns.iter().enumerate().filter_map(read).collect()
}

/// The fields' values, each as `get(borrow self.field)` gives it.
fn values(model: &Model, get: &TokenStream, borrow: &TokenStream) -> Vec<TokenStream> {
    let path = &model.paths.model;
    let kernel = &model.paths.kernel;
    let value = |column: &Column| match (&column.field, column.part) {
        (Some(Declared { ident, .. }), _) => quote!(#path::Field::into_value(#get(#borrow self.#ident))),
        // The struct does not know its version and its times: something of their kind stands there.
        (None, Part::Version) => quote!(#kernel::Value::Int(0)),
        (None, Part::CreatedAt | Part::UpdatedAt | Part::Id | Part::Overflow | Part::Plain) => {
            quote!(#kernel::Value::Timestamp(#kernel::Timestamp::EPOCH))
        }
    };
    model.columns.iter().map(value).collect()
}

fn checks(model: &Model) -> Vec<TokenStream> {
    let path = &model.paths.model;
    let check = |(position, column): (usize, &Column)| {
        let ty = &column.ty;
        match &column.rules {
            Some(rules) => quote!(#position => #path::broken::<#ty>(value, |it| #rules)),
            None => quote!(#position => #path::unfit::<#ty>(value)),
        }
    };
    model.columns.iter().enumerate().map(check).collect()
}
