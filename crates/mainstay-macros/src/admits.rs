use darling::Result;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::items::{Item, items, text};
use crate::nearest::unknown;
use crate::report::at;

/// Whom an endpoint or an operation admits.
#[derive(Default)]
pub(crate) enum Admits {
    #[default]
    Everyone,
    SignedIn,
    Roles(Vec<LitStr>),
}

impl Admits {
    /// How it is written, for messages.
    pub(crate) const EXPECTED: &str = "expected `auth` or `auth(role = \"…\")`";

    /// Reads what stands in `auth(…)`.
    pub(crate) fn roles(name: &Ident, list: TokenStream) -> Result<Self> {
        let mut roles = Vec::new();
        for item in items(list)? {
            match item {
                Item::Named(key, value) if key == "role" => roles.push(text(&value)?),
                Item::Named(key, _) | Item::Word(key) | Item::List(key, _) => {
                    return Err(at(&key, unknown("word", &key.to_string(), &["role"])));
                }
                Item::Text(role) => return Err(at(&role, format!("expected `role = {}`", role.token()))),
            }
        }
        if roles.is_empty() {
            return Err(at(name, Self::EXPECTED));
        }
        Ok(Self::Roles(roles))
    }

    /// The value, of the type at `kernel::Admits`.
    pub(crate) fn emit(&self, kernel: &TokenStream) -> TokenStream {
        match self {
            Self::Everyone => quote!(#kernel::Admits::Everyone),
            Self::SignedIn => quote!(#kernel::Admits::SignedIn),
            Self::Roles(roles) => quote!(#kernel::Admits::Roles(&[#(#roles),*])),
        }
    }
}
