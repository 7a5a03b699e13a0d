use darling::{Error, Result};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

use crate::nearest::unknown;
use crate::report::at;

/// The arguments of `length` and `range`.
#[derive(Default)]
pub(super) struct Bounds {
    pub(super) mode: Option<Mode>,
    pub(super) min: Option<Expr>,
    pub(super) max: Option<Expr>,
}

/// What `length` counts.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Simple,
    Bytes,
    Chars,
    Utf16,
}

struct Argument {
    name: Ident,
    value: Option<Expr>,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let equals: Option<Token![=]> = input.parse()?;
        Ok(Self { name, value: equals.map(|_| input.parse()).transpose()? })
    }
}

/// `length(chars, min = 1, max = 200)`.
pub(super) fn length(rule: &Ident, arguments: TokenStream) -> Result<Bounds> {
    read(rule, arguments, &["min", "max", "equal", "simple", "bytes", "chars", "utf16"])
}

/// `range(min = 1, max = 10)`.
pub(super) fn range(rule: &Ident, arguments: TokenStream) -> Result<Bounds> {
    read(rule, arguments, &["min", "max", "equal"])
}

fn read(rule: &Ident, arguments: TokenStream, known: &[&str]) -> Result<Bounds> {
    let arguments = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(arguments)?;
    let mut errors = Error::accumulator();
    let mut bounds = Bounds::default();
    for argument in arguments {
        errors.handle(bounds.take(argument, known));
    }
    errors = errors.checkpoint()?;
    if bounds.min.is_none() && bounds.max.is_none() {
        errors.push(at(rule, format!("`{rule}` needs `min = …`, `max = …` or `equal = …`")));
    }
    errors.finish_with(bounds)
}

impl Bounds {
    fn take(&mut self, argument: Argument, known: &[&str]) -> Result<()> {
        let Argument { name, value } = argument;
        let word = name.to_string();
        if word == "graphemes" {
            return Err(at(
                &name,
                "counting graphemes is behind a feature of garde that is off here: use `chars`",
            ));
        }
        if !known.contains(&word.as_str()) {
            return Err(at(&name, unknown("argument", &word, known)));
        }
        match (word.as_str(), value) {
            ("min", Some(it)) => put(&mut self.min, it, &name),
            ("max", Some(it)) => put(&mut self.max, it, &name),
            ("equal", Some(it)) => {
                put(&mut self.min, it.clone(), &name)?;
                put(&mut self.max, it, &name)
            }
            ("min" | "max" | "equal", None) => Err(at(&name, format!("expected a value: `{word} = …`"))),
            (_, Some(it)) => Err(at(&it, format!("`{word}` takes no value"))),
            ("simple", None) => put(&mut self.mode, Mode::Simple, &name),
            ("bytes", None) => put(&mut self.mode, Mode::Bytes, &name),
            ("utf16", None) => put(&mut self.mode, Mode::Utf16, &name),
            (_, None) => put(&mut self.mode, Mode::Chars, &name),
        }
    }
}

fn put<T>(place: &mut Option<T>, value: T, name: &Ident) -> Result<()> {
    if place.replace(value).is_some() {
        return Err(at(name, format!("`{name}` is said twice")));
    }
    Ok(())
}
