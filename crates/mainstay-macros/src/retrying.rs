//! `retry = 5`, `retry(max = 10, backoff = "exponential", base = "5s")`.

use darling::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Ident, Path};

use crate::items::{self, Item, items_once, number, text};
use crate::nearest::{nearest, unknown};
use crate::report::at;
use crate::span::Span;

const WORDS: [&str; 3] = ["max", "backoff", "base"];
/// How often something is tried again that says how long to wait, and not how often.
const MAX: u32 = 3;
const BACKOFFS: [&str; 3] = ["exponential", "linear", "fixed"];

/// When what failed is tried again, as far as the author says.
#[derive(Default)]
pub(crate) struct Retrying {
    max: Option<u32>,
    backoff: Option<Backoff>,
    base: Option<Span>,
}

/// How waits grow.
enum Backoff {
    /// As the constructor of `Retry` of this name says.
    Named(Ident),
    /// As this function says.
    By(Path),
}

impl Retrying {
    /// Takes `retry = 5`, `backoff = …`, `base = …`; whether it was one of them.
    pub(crate) fn take(&mut self, name: &Ident, value: &Expr) -> Result<bool> {
        match name.to_string().as_str() {
            "retry" => self.max = Some(number(value, 0)?),
            "backoff" => self.backoff = Some(Backoff::read(value)?),
            "base" => self.base = Some(Span::read(value)?),
            _ => return Ok(false),
        }
        self.is_sound(name).map(|()| true)
    }

    /// Takes what stands in `retry(…)`.
    pub(crate) fn take_list(&mut self, list: TokenStream) -> Result<()> {
        for item in items_once(list)? {
            match item {
                Item::Named(key, value) if key == "max" => self.max = Some(number(&value, 0)?),
                Item::Named(key, value) if WORDS.contains(&key.to_string().as_str()) => {
                    let _ = self.take(&key, &value)?;
                }
                Item::Named(key, _) | Item::Word(key) | Item::List(key, _) => {
                    return Err(at(&key, unknown("word", &key.to_string(), &WORDS)));
                }
                Item::Text(text) => {
                    return Err(at(
                        &text,
                        "expected `retry(max = 10, backoff = \"exponential\", base = \"5s\")`",
                    ));
                }
            }
        }
        Ok(())
    }

    fn is_sound(&self, name: &Ident) -> Result<()> {
        match (&self.backoff, &self.base) {
            (Some(Backoff::By(_)), Some(_)) => {
                Err(at(name, "the function of `backoff` says every wait: leave `base` away"))
            }
            _ => Ok(()),
        }
    }

    /// An `Option<Retry>`, with `usual` as the number where none is said: none where nothing is.
    pub(crate) fn emit(&self, usual: Option<u32>, queue: &TokenStream) -> TokenStream {
        let is_silent = self.max.is_none() && self.backoff.is_none() && self.base.is_none();
        if is_silent && usual.is_none() {
            return quote!(::core::option::Option::None);
        }
        let max = self.max.or(usual).unwrap_or(MAX);
        let base = self.base.as_ref().map(Span::emit).map(|it| quote!(.base(#it)));
        let retry = match &self.backoff {
            None => quote!(#queue::Retry::exponential(#max)#base),
            Some(Backoff::Named(name)) => quote!(#queue::Retry::#name(#max)#base),
            Some(Backoff::By(wait)) => quote!(#queue::Retry::by(#max, #wait)),
        };
        quote!(::core::option::Option::Some(#retry))
    }
}

impl Backoff {
    fn read(value: &Expr) -> Result<Self> {
        if let Some(path) = items::path(value) {
            let word = path.get_ident().map(Ident::to_string).unwrap_or_default();
            if nearest(&word, &BACKOFFS) == Some(&*word) {
                return Err(at(path, format!("`{word}` stands in quotes: `backoff = \"{word}\"`")));
            }
            return Ok(Self::By(path.clone()));
        }
        let named = text(value).map_err(|_| {
            at(value, "expected `\"exponential\"`, `\"linear\"`, `\"fixed\"` or the name of a function `fn(u32) -> Duration`")
        })?;
        let word = named.value();
        if !BACKOFFS.contains(&word.as_str()) {
            return Err(at(&named, unknown("backoff", &word, &BACKOFFS)));
        }
        Ok(Self::Named(Ident::new(&word, named.span())))
    }
}
