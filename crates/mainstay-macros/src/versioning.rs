//! `version = 2, upgrade = upgrade_welcome`.

use darling::Result;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Path};

use crate::items::{number, path};
use crate::report::at;

/// In which version an input is written, as far as the author says.
#[derive(Default)]
pub(crate) struct Versioning {
    version: Option<u32>,
    upgrade: Option<Path>,
}

impl Versioning {
    /// Takes `version = 2` and `upgrade = …`; whether it was one of them.
    pub(crate) fn take(&mut self, name: &Ident, value: &Expr) -> Result<bool> {
        match name.to_string().as_str() {
            "version" => self.version = Some(number(value, 1)?),
            "upgrade" => self.upgrade = Some(function(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Refuses what brings inputs up to a version before which there was none.
    pub(crate) fn is_sound(&self) -> Result<()> {
        match &self.upgrade {
            Some(upgrade) if self.version.is_none_or(|it| it < 2) => Err(at(
                upgrade,
                "there is no earlier version to bring up: say `version = 2`, or leave `upgrade` away",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// The number.
    pub(crate) fn version(&self) -> u32 {
        self.version.unwrap_or(1)
    }

    /// An `Option<Upgrade>`.
    pub(crate) fn upgrade(&self) -> TokenStream {
        match &self.upgrade {
            Some(upgrade) => quote_spanned!(upgrade.span()=> ::core::option::Option::Some(#upgrade)),
            None => quote!(::core::option::Option::None),
        }
    }
}

fn function(value: &Expr) -> Result<Path> {
    path(value).cloned().ok_or_else(|| {
        at(value, "expected the name of a function `fn(from: u32, input: Value) -> Result<Value>`")
    })
}
