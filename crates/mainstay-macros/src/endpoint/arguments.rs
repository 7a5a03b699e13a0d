use darling::{Error, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn, ReturnType, Type, TypeReference};

use crate::function::{is_owned, is_plain_async, last, typed};
use crate::report::at;

/// What may stand among the arguments, for messages.
const ALLOWED: &str = "an endpoint takes `&mut Tx` or `&Reader`, and by value `User`, `Path<T>`, `Query<T>`, `Json<T>`, \
                       `Headers` and other extractors";

/// Extractors that read the body while it comes.
const STREAMS: [&str; 5] = ["Body", "BodyStream", "Multipart", "Request", "Upload"];
/// Extractors that read the whole body.
const WHOLE: [&str; 4] = ["Json", "Bytes", "String", "Form"];

/// A function's arguments and what it gives.
pub(super) struct Signature {
    pub(super) database: Option<Database>,
    pub(super) arguments: Vec<Argument>,
    pub(super) gives: Type,
}

/// Which handle on the database it asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Tx,
    Reader,
}

/// One argument in its place.
pub(super) enum Argument {
    Database,
    Extracted(Box<Type>),
}

impl Signature {
    pub(super) fn of(item: &ItemFn) -> Result<Self> {
        let mut errors = Error::accumulator();
        is_plain_async(item, "an endpoint", &mut errors);
        let read = item.sig.inputs.iter().filter_map(|it| errors.handle(argument(it))).collect::<Vec<_>>();
        let (databases, arguments): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let mut databases =
            databases.into_iter().zip(&item.sig.inputs).filter_map(|(it, at)| Some((it?, at)));
        let database = databases.next().map(|(it, _)| it);
        if let Some((_, second)) = databases.next() {
            errors.push(at(second, "one handle on the database is enough: `&mut Tx` reads too"));
        }
        errors.handle(bodies(&arguments, database));
        let gives = errors.handle(gives(&item.sig.output));
        errors.finish()?;
        let gives = gives.unwrap_or_else(|| syn::parse_quote!(()));
        Ok(Self { database, arguments, gives })
    }

    /// The types of what is read from the request.
    pub(super) fn extracted(&self) -> impl Iterator<Item = &Type> {
        self.arguments.iter().filter_map(|it| match it {
            Argument::Extracted(ty) => Some(&**ty),
            Argument::Database => None,
        })
    }
}

fn argument(written: &FnArg) -> Result<(Option<Database>, Argument)> {
    let ty = &*typed(written, "an endpoint", ALLOWED)?.ty;
    let Type::Reference(reference) = ty else {
        is_owned(ty, &[("Tx", "&mut Tx"), ("Reader", "&Reader")], ALLOWED)?;
        return Ok((None, Argument::Extracted(Box::new(ty.clone()))));
    };
    let database = database(reference)?;
    Ok((Some(database), Argument::Database))
}

fn database(reference: &TypeReference) -> Result<Database> {
    match (last(&reference.elem).as_deref(), reference.mutability) {
        (Some("Tx"), Some(_)) => Ok(Database::Tx),
        (Some("Reader"), None) => Ok(Database::Reader),
        (Some("Tx"), None) => Err(at(reference, "`&Tx` cannot write: write `&mut Tx`, or `&Reader` to read")),
        (Some("Reader"), Some(_)) => Err(at(reference, "a reader changes nothing: write `&Reader`")),
        (Some("Db"), _) => Err(at(reference, "write `&mut Tx` to write and `&Reader` to read")),
        _ => Err(at(reference, format!("an endpoint cannot be lent this: {ALLOWED}"))),
    }
}

/// A body is read once, and beside a transaction not while it comes.
fn bodies(arguments: &[Argument], database: Option<Database>) -> Result<()> {
    let mut errors = Error::accumulator();
    let mut first = None;
    for argument in arguments {
        let Argument::Extracted(ty) = argument else { continue };
        let Some(name) = last(ty) else { continue };
        let streams = STREAMS.contains(&name.as_str());
        if streams && database == Some(Database::Tx) {
            errors.push(at(
                ty,
                format!("a `{name}` comes while it is read, and with `&mut Tx` the endpoint may run again: take `Json<T>`, `Bytes` or `String`"),
            ));
        } else if streams || WHOLE.contains(&name.as_str()) {
            match &first {
                None => first = Some(name),
                Some(first) => {
                    errors.push(at(ty, format!("the body was read as `{first}` already: take it once")))
                }
            }
        }
    }
    errors.finish()
}

fn gives(output: &ReturnType) -> Result<Type> {
    match output {
        ReturnType::Default => Ok(syn::parse_quote!(())),
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => Err(at(
            ty,
            "name what the endpoint gives: `Json<T>`, `Created<T>`, `Response`, or a `Result` of one of them",
        )),
        ReturnType::Type(_, ty) => Ok((**ty).clone()),
    }
}

impl Database {
    /// The handle's type, with its lifetime.
    pub(super) fn handle(self, kernel: &TokenStream) -> TokenStream {
        match self {
            Self::Tx => quote!(&'t mut #kernel::Tx),
            Self::Reader => quote!(&'t #kernel::Reader),
        }
    }
}
