use darling::{Error, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{FnArg, ItemFn, Pat, PatType, ReturnType, Type, TypeReference, parse_quote};

use super::Kind;
use super::options::Cache;
use super::path::{OperationPath, Param};
use crate::function::{is_owned, is_plain_async, last, optional, typed, within};
use crate::report::at;

/// What a function can be lent, and how.
const LENT: [(&str, &str); 3] = [("Tx", "&mut Tx"), ("Reader", "&Reader"), ("Asked", "&Asked")];

/// Types that come from the call itself.
const CALLERS: [&str; 2] = ["Caller", "Principal"];

/// The type of what a middleware put in.
const EXTENSION: &str = "Extension";

/// A function's arguments and what it gives.
pub(super) struct Signature {
    pub(super) arguments: Vec<Argument>,
    pub(super) gives: Type,
}

/// One argument in its place.
pub(super) enum Argument {
    /// The transaction or the reader.
    Database,
    Asked,
    /// The parameter of this name.
    Param(String, Box<Type>),
    /// Who asks.
    Caller(Box<Type>),
    /// `Extension<T>`, and the `T`.
    Extension(Box<Type>, Box<Type>),
    Input(Box<Type>),
}

impl Signature {
    pub(super) fn of(kind: Kind, params: &[Param], item: &ItemFn) -> Result<Self> {
        let mut errors = Error::accumulator();
        is_plain_async(item, kind.word(), &mut errors);
        let mut arguments: Vec<Argument> = Vec::new();
        for written in &item.sig.inputs {
            let Some(argument) = errors.handle(argument(written, params, kind)) else { continue };
            if let Some(message) =
                argument.once().filter(|_| arguments.iter().any(|it| it.is_like(&argument)))
            {
                errors.push(at(written, message));
            }
            arguments.push(argument);
        }
        let gives = errors.handle(gives(&item.sig.output, kind));
        errors = errors.checkpoint()?;
        if !arguments.iter().any(|it| matches!(it, Argument::Database)) {
            errors.push(at(&item.sig.ident, kind.without_its_handle()));
        }
        errors.finish()?;
        Ok(Self { arguments, gives: gives.unwrap_or_else(|| parse_quote!(())) })
    }

    /// The input's type, if it has one.
    pub(super) fn input(&self) -> Option<&Type> {
        self.arguments.iter().find_map(|it| {
            let Argument::Input(ty) = it else { return None };
            Some(&**ty)
        })
    }

    /// The types of what middleware put in that it takes.
    pub(super) fn extensions(&self) -> impl Iterator<Item = &Type> {
        self.arguments.iter().filter_map(|it| {
            let Argument::Extension(_, within) = it else { return None };
            Some(&**within)
        })
    }

    /// Refuses what an answer depends on that is given again without regard to it.
    pub(super) fn may_be_cached(&self, cache: &Cache, item: &ItemFn) -> Result<()> {
        let mut errors = Error::accumulator();
        for (argument, written) in self.arguments.iter().zip(&item.sig.inputs) {
            match argument {
                Argument::Asked => errors.push(at(
                    written,
                    "what a cached query gave is given again to calls with other headers: take what it depends on as \
                     input, in the path, or by `Extension<T>`",
                )),
                Argument::Caller(_) if cache.shared.is_some() => errors.push(at(
                    written,
                    "what is `shared` is given to whoever asks, so that it cannot depend on who: leave one of the two \
                     away",
                )),
                Argument::Database
                | Argument::Param(..)
                | Argument::Caller(_)
                | Argument::Extension(..)
                | Argument::Input(_) => {}
            }
        }
        errors.finish()
    }

    /// Refuses a parameter of the path that no argument takes; who takes `&Asked` may take it from there.
    pub(super) fn takes_all(&self, path: &OperationPath) -> Result<()> {
        let takes = |param: &Param| {
            self.arguments.iter().any(|it| match it {
                Argument::Param(name, _) => *name == param.name,
                Argument::Asked => true,
                Argument::Database | Argument::Caller(_) | Argument::Extension(..) | Argument::Input(_) => {
                    false
                }
            })
        };
        match path.params().iter().find(|it| !takes(it)) {
            None => Ok(()),
            Some(Param { name, argument }) => Err(at(
                &path.written,
                format!(
                    "no argument takes `${name}`: add one named `{argument}`, such as `{argument}: String`"
                ),
            )),
        }
    }
}

impl Kind {
    fn allowed(self) -> &'static str {
        match self {
            Self::Mutation => {
                "a mutation takes `tx: &mut Tx`, the parameters of its path by their names, `Caller`, `Principal`, \
                 `Extension<T>` or `&Asked`, and one input"
            }
            Self::Query => {
                "a query takes `reader: &Reader`, the parameters of its path by their names, `Caller`, `Principal`, \
                 `Extension<T>` or `&Asked`, and one input"
            }
        }
    }

    fn without_its_handle(self) -> &'static str {
        match self {
            Self::Mutation => "a mutation writes: it takes `tx: &mut Tx`",
            Self::Query => "a query reads: it takes `reader: &Reader`",
        }
    }

    /// The handle's type, with its lifetime.
    pub(super) fn handle(self, kernel: &TokenStream) -> TokenStream {
        match self {
            Self::Mutation => quote!(&'t mut #kernel::Tx),
            Self::Query => quote!(&'t #kernel::Reader),
        }
    }
}

impl Argument {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// What is said of a second one.
    fn once(&self) -> Option<&'static str> {
        match self {
            Self::Database => Some("one handle on the database is enough"),
            Self::Asked => Some("one `&Asked` is enough"),
            Self::Input(_) => Some(
                "an operation has one input: put both into a struct under `#[data]`, or name this one in the path: \
                 `path = \"….$name\"`",
            ),
            Self::Param(..) | Self::Caller(_) | Self::Extension(..) => None,
        }
    }

    /// Its type, with the lifetime of what is lent.
    pub(super) fn ty(&self, kind: Kind, queue: &TokenStream, kernel: &TokenStream) -> TokenStream {
        match self {
            Self::Database => kind.handle(kernel),
            Self::Asked => quote!(&'t #queue::Asked),
            Self::Param(_, ty) | Self::Caller(ty) | Self::Extension(ty, _) | Self::Input(ty) => quote!(#ty),
        }
    }
}

fn argument(written: &FnArg, params: &[Param], kind: Kind) -> Result<Argument> {
    let written = typed(written, kind.word(), kind.allowed())?;
    let ty = &*written.ty;
    if let Type::Reference(reference) = ty {
        return lent(reference, kind);
    }
    is_owned(ty, &LENT, kind.allowed())?;
    let owned = Box::new(ty.clone());
    if let Some(param) = named(written).and_then(|name| params.iter().find(|it| it.argument == name)) {
        return Ok(Argument::Param(param.name.clone(), owned));
    }
    if let Some(within) = within(ty, EXTENSION) {
        return Ok(Argument::Extension(owned, Box::new(within.clone())));
    }
    let name = last(optional(ty).unwrap_or(ty)).unwrap_or_default();
    Ok(if CALLERS.contains(&name.as_str()) { Argument::Caller(owned) } else { Argument::Input(owned) })
}

/// The name of an argument that has one.
fn named(written: &PatType) -> Option<String> {
    let Pat::Ident(pattern) = &*written.pat else { return None };
    Some(pattern.ident.unraw().to_string().trim_start_matches('_').to_owned())
}

fn lent(reference: &TypeReference, kind: Kind) -> Result<Argument> {
    match (last(&reference.elem).as_deref(), reference.mutability, kind) {
        (Some("Tx"), Some(_), Kind::Mutation) | (Some("Reader"), None, Kind::Query) => Ok(Argument::Database),
        (Some("Asked"), None, _) => Ok(Argument::Asked),
        (Some("Tx"), _, Kind::Query) => {
            Err(at(reference, "a query reads: write `&Reader`, or make it a `#[mutation]`"))
        }
        (Some("Reader"), _, Kind::Mutation) => {
            Err(at(reference, "a mutation writes: write `&mut Tx`, which reads too, or make it a `#[query]`"))
        }
        (Some("Tx"), None, Kind::Mutation) => Err(at(reference, "`&Tx` cannot write: write `&mut Tx`")),
        (Some("Reader"), Some(_), Kind::Query) => {
            Err(at(reference, "a reader changes nothing: write `&Reader`"))
        }
        (Some("Asked"), Some(_), _) => Err(at(reference, "what was asked is not changed: write `&Asked`")),
        (Some("Db"), ..) => Err(at(reference, kind.without_its_handle())),
        _ => Err(at(reference, format!("{} cannot be lent this: {}", kind.word(), kind.allowed()))),
    }
}

fn gives(output: &ReturnType, kind: Kind) -> Result<Type> {
    match output {
        ReturnType::Type(_, ty) if !matches!(**ty, Type::ImplTrait(_)) => Ok((**ty).clone()),
        ReturnType::Type(_, ty) => Err(at(ty, format!("name what {} gives: `Result<T>`", kind.word()))),
        ReturnType::Default => Ok(parse_quote!(())),
    }
}
