//! `#[derive(Model)]`: what the author wrote (`attributes`, `index_syntax`, `shape`), what it means (`columns`,
//! `indexes`, `names`, `checks`, `rules`), and what is emitted (`schema`, `record`, `new`).

mod attributes;
mod bounds;
pub(crate) mod checks;
mod columns;
pub(crate) mod docs;
mod identity;
mod index_syntax;
mod indexes;
pub(crate) mod names;
mod new;
mod record;
mod rules;
mod schema;
mod shape;

use darling::{Error, FromDeriveInput, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, Path, Visibility};

use self::attributes::ModelAttributes;
use self::columns::Column;
use self::indexes::Index;
use self::names::Names;
use crate::facade::facade;
use crate::report::at;

/// A model with everything decided.
struct Model {
    ident: Ident,
    vis: Visibility,
    paths: Paths,
    names: Names,
    columns: Vec<Column>,
    indexes: Vec<Index>,
    live: bool,
    docs: String,
    identity: bool,
}

/// The crates that the expansion calls.
struct Paths {
    facade: TokenStream,
    model: TokenStream,
    kernel: TokenStream,
    garde: TokenStream,
}

impl Paths {
    fn under(facade: &Path) -> Self {
        Self {
            facade: quote!(#facade),
            model: quote!(#facade::model),
            kernel: quote!(#facade::kernel),
            garde: quote!(#facade::model::garde),
        }
    }
}

/// The expansion of `#[derive(Model)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    struct_with_names(&input)?;
    let model = Model::of(ModelAttributes::from_derive_input(&input)?)?;
    let parts = [
        schema::columns(&model),
        record::implementation(&model),
        schema::described(&model),
        record::serialization(&model),
        new::row(&model),
        identity::extractor(&model),
    ];
    Ok(parts.into_iter().collect())
}

fn struct_with_names(input: &DeriveInput) -> Result<()> {
    let named = matches!(&input.data, Data::Struct(it) if matches!(it.fields, Fields::Named(_)));
    if !named {
        return Err(at(&input.ident, "a model is a struct with named fields"));
    }
    if let Some(parameter) = input.generics.params.first() {
        return Err(at(parameter, "a model stands for one table: it cannot be generic"));
    }
    Ok(())
}

impl Model {
    fn of(written: ModelAttributes) -> Result<Self> {
        let mut errors = Error::accumulator();
        let paths = Paths::under(written.facade.as_ref().unwrap_or(&facade()));
        let names = errors.handle(Names::chosen(&written)).unwrap_or_default();
        let columns = columns::all(&written, &paths, &mut errors);
        errors = errors.checkpoint()?;
        errors.handle(columns::distinct(&columns, &written.ident));
        errors.handle(indexes::identity(&written, &columns));
        let indexes = errors.handle(indexes::all(&written, &columns)).unwrap_or_default();
        errors.finish()?;
        let docs = docs::text(&written.attrs);
        let (live, identity) = (written.live.is_present(), written.identity.is_present());
        Ok(Self {
            ident: written.ident,
            vis: written.vis,
            paths,
            names,
            columns,
            indexes,
            live,
            identity,
            docs,
        })
    }
}
