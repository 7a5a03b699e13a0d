use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit};

use super::attributes::{DefaultValue, OnDelete};
use super::columns::{Column, Declared, Part, Read, Writer};
use super::index_syntax::Is;
use super::indexes::{Index, Only};
use super::{Model, docs, shape};
use crate::place::place;

/// `Post::TITLE` and its like.
pub(super) fn columns(model: &Model) -> TokenStream {
    let Model { ident, vis, paths, columns, .. } = model;
    let tokens = columns.iter().enumerate().filter_map(|(position, column)| {
        let Declared { ident: field, .. } = column.field.as_ref()?;
        let name = column.field_name();
        let constant = format_ident!("{}", name.to_shouty_snake_case(), span = field.span());
        let holds = shape::without_option(&column.ty);
        let docs = format!("The column of `{name}`.");
        let path = &paths.model;
        Some(quote! {
            #[doc = #docs]
            #vis const #constant: #path::Column<#ident, #holds> = #path::Column::new(#position);
        })
    });
    let search = search(model);
    quote! {
        #[allow(dead_code, unreachable_pub)]
        impl #ident { #(#tokens)* #search }
    }
}

/// `Post::search`, where something is searched.
fn search(model: &Model) -> Option<TokenStream> {
    let Model { vis, paths, columns, .. } = model;
    let (path, kernel) = (&paths.model, &paths.kernel);
    columns.iter().any(|it| it.searched).then(|| {
        quote! {
            /// The rows that a search finds, such as `words "a phrase" -without or prefix*`.
            ///
            /// # Errors
            /// Bad request, when the text holds no word to be found, or more than a search may have.
            #vis fn search(text: &str) -> #kernel::Result<#path::Filter<Self>> {
                #path::search::<Self>(text)
            }
        }
    })
}

/// The model as data.
pub(super) fn schema(model: &Model) -> TokenStream {
    let Model { ident, paths, names, columns, indexes, live, docs, .. } = model;
    let undeclared =
        columns.iter().enumerate().filter(|(_, it)| it.field.is_none()).map(|(position, _)| position);
    let super::Names { name, plural, list_key, table } = names;
    let search = columns.iter().enumerate().filter_map(|(at, it)| it.searched.then_some(at));
    let search: Vec<_> = search.collect();
    let indexes = indexes.iter().map(|it| index(it, columns, &paths.model));
    let columns = columns.iter().map(|it| definition(it, &paths.model));
    let path = &paths.model;
    let place = place(ident, path);
    quote! {
        #path::Schema {
            name: #name,
            plural: #plural,
            list_key: #list_key,
            docs: #docs,
            table: #table,
            columns: &[#(#columns),*],
            indexes: &[#(#indexes),*],
            search: &[#(#search),*],
            live: #live,
            undeclared: &[#(#undeclared),*],
            place: #place,
        }
    }
}

fn definition(column: &Column, path: &TokenStream) -> TokenStream {
    let Column { ty, name, json, write, .. } = column;
    let (create, update) = (writer(&write.create, path), writer(&write.update, path));
    let (part, read) = (part(column.part, path), read(&column.read, path));
    let references = references(column, path);
    let default = default(column, path);
    let about = about(column, path);
    let field = quote_spanned!(ty.span()=> <#ty as #path::Field>);
    quote! {
        #path::ColumnDef {
            name: #name,
            field: #json,
            kind: #field::KIND,
            optional: #field::OPTIONAL,
            part: #part,
            write: #path::Write { create: #create, update: #update },
            read: #read,
            references: #references,
            default: #default,
            about: #about,
        }
    }
}

/// What readers of the API's description are told of a column.
fn about(column: &Column, path: &TokenStream) -> TokenStream {
    let docs = column.field.as_ref().map(|it| docs::text(&it.docs)).unwrap_or_default();
    let (ty, described) = (&column.ty, &column.described);
    let json = match shape::argument(shape::without_option(ty), "Json") {
        Some(held) => quote! {
            ::core::option::Option::Some(|generator| {
                use #path::json_schema::{Described as _, Undescribed as _};
                (&#path::json_schema::Probe::<#held>::NEW).schema(generator)
            })
        },
        None => quote!(::core::option::Option::None),
    };
    let range = quote_spanned!(ty.span()=> <#ty as #path::Field>::RANGE);
    quote! {
        #path::About { docs: #docs, rules: &[#(#described),*], range: #range, json: #json }
    }
}

/// `impl JsonSchema for Post`: its rows as clients read them.
pub(super) fn described(model: &Model) -> TokenStream {
    let Model { ident, paths, .. } = model;
    let path = &paths.model;
    let rows = quote!(<#path::json_schema::Declared<Self> as #path::schemars::JsonSchema>);
    quote! {
        #[automatically_derived]
        impl #path::schemars::JsonSchema for #ident {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                #rows::schema_name()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                #rows::schema_id()
            }

            fn json_schema(generator: &mut #path::schemars::SchemaGenerator) -> #path::schemars::Schema {
                #rows::json_schema(generator)
            }
        }
    }
}

fn part(part: Part, path: &TokenStream) -> TokenStream {
    match part {
        Part::Id => quote!(#path::Part::Id),
        Part::CreatedAt => quote!(#path::Part::CreatedAt),
        Part::UpdatedAt => quote!(#path::Part::UpdatedAt),
        Part::Version => quote!(#path::Part::Version),
        Part::Overflow => quote!(#path::Part::Overflow),
        Part::Plain => quote!(#path::Part::Plain),
    }
}

fn writer(writer: &Writer, path: &TokenStream) -> TokenStream {
    match writer {
        Writer::Nobody => quote!(#path::Writer::Nobody),
        Writer::Everyone => quote!(#path::Writer::Everyone),
        Writer::Role(role) => quote!(#path::Writer::Role(#role)),
    }
}

fn read(read: &Read, path: &TokenStream) -> TokenStream {
    match read {
        Read::Everyone => quote!(#path::Read::Everyone),
        Read::Role(role) => quote!(#path::Read::Role(#role)),
        Read::Private => quote!(#path::Read::Private),
    }
}

fn references(column: &Column, path: &TokenStream) -> TokenStream {
    let Some((target, on_delete)) = &column.references else { return quote!(::core::option::Option::None) };
    let on_delete = match on_delete {
        OnDelete::NoAction => quote!(NoAction),
        OnDelete::Restrict => quote!(Restrict),
        OnDelete::Cascade => quote!(Cascade),
        OnDelete::SetNull => quote!(SetNull),
    };
    quote! {
        ::core::option::Option::Some(#path::Reference {
            table: || <#target as #path::Model>::SCHEMA.table,
            on_delete: #path::OnDelete::#on_delete,
        })
    }
}

fn default(column: &Column, path: &TokenStream) -> TokenStream {
    let ty = &column.ty;
    let value = match &column.default {
        None => return quote!(::core::option::Option::None),
        Some(DefaultValue::OfType) => {
            quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default())
        }
        Some(DefaultValue::Expr(it)) => written(it),
    };
    quote! {
        ::core::option::Option::Some(|| {
            let value: #ty = #value;
            #path::Field::into_value(value)
        })
    }
}

/// The author's expression; a plain text stands for a `String`.
fn written(expr: &Expr) -> TokenStream {
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = expr {
        quote_spanned!(text.span()=> ::core::convert::Into::into(#text))
    } else {
        quote!(#expr)
    }
}

fn index(index: &Index, columns: &[Column], path: &TokenStream) -> TokenStream {
    let Index { columns: positions, unique, descending, only } = index;
    let only = only.iter().map(|it| self::only(it, columns, path));
    quote! {
        #path::Index {
            columns: &[#(#positions),*],
            unique: #unique,
            descending: &[#(#descending),*],
            only: &[#(#only),*],
        }
    }
}

/// A condition of an index. Of which kinds a value can be asked for is known once the type is.
fn only(only: &Only, columns: &[Column], path: &TokenStream) -> TokenStream {
    let Only { column, field, is } = only;
    let ty = shape::without_option(&columns[*column].ty);
    let value = |expr: &Expr| {
        let (value, span) = (written(expr), field.span());
        let message = format!("an index cannot compare `{field}` with a value: ask whether it is null");
        quote_spanned! {span=> {
            const { assert!(#path::Index::may_ask_for(<#ty as #path::Field>::KIND), #message) };
            || {
                let value: #ty = #value;
                #path::Field::into_value(value)
            }
        }}
    };
    let is = match is {
        Is::Missing => quote!(Missing),
        Is::There => quote!(There),
        Is::Equal(it) => {
            let value = value(it);
            quote!(Equal(#value))
        }
        Is::NotEqual(it) => {
            let value = value(it);
            quote!(NotEqual(#value))
        }
    };
    quote!(#path::Only { column: #column, is: #path::Is::#is })
}
