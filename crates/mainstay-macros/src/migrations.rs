//! `migrations!`: a folder of migrations as data that the program carries.

use std::fs;
use std::io;
use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, LitStr, Result};

/// Where migrations are, unless told.
const FOLDER: &str = "migrations";

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let (folder, span) = match input.is_empty() {
        true => (FOLDER.to_owned(), Span::call_site()),
        false => {
            let given: LitStr = syn::parse2(input)?;
            (given.value(), given.span())
        }
    };
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let entries =
        names(&Path::new(&root).join(&folder)).map_err(|error| unreadable(&folder, span, &error))?;
    let mut migrations = Vec::new();
    for name in entries {
        let path = format!("{folder}/{name}");
        if !Path::new(&root).join(&path).is_dir() {
            let said = format!(
                "`{path}` is not the folder of a migration: put its SQL into `{folder}/<time>_<name>/up.sql`"
            );
            return Err(Error::new(span, said));
        }
        let files = names(&Path::new(&root).join(&path)).map_err(|error| unreadable(&path, span, &error))?;
        let texts = files.iter().map(|file| {
            let within = format!("/{path}/{file}");
            // `include_str!` has Cargo build again when the file changes.
            quote!((#file, ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #within))))
        });
        migrations.push(quote! {
            ::mainstay::model::migration::EmbeddedFolder { name: #name, files: &[#(#texts),*] }
        });
    }
    Ok(quote! {
        ::mainstay::model::migration::Embedded { folder: #folder, migrations: &[#(#migrations),*] }
    })
}

/// The names in a folder, without hidden ones, sorted: a build is the same wherever it is made.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string().map_err(|_| io::Error::other("a name is not text"))?;
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn unreadable(folder: &str, span: Span, error: &io::Error) -> Error {
    let said = if error.kind() == io::ErrorKind::NotFound {
        format!("there is no folder `{folder}` beside Cargo.toml: make it")
    } else {
        format!("the folder `{folder}` cannot be read: {error}")
    };
    Error::new(span, said)
}
