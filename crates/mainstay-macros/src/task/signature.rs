use darling::{Error, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, GenericArgument, ItemFn, PathArguments, ReturnType, Type, TypeReference, parse_quote};

use crate::function::{is_owned, is_plain_async, last, typed};
use crate::report::at;

/// What a function can be lent, and how.
const LENT: [(&str, &str); 2] = [("Tx", "&mut Tx"), ("TaskCx", "&TaskCx")];

/// A function's arguments and what it gives.
pub(crate) struct Signature {
    pub(super) arguments: Vec<Argument>,
    pub(super) gives: Type,
}

/// One argument in its place.
pub(super) enum Argument {
    Tx,
    Cx,
    /// Each task that runs together with the others.
    Cxs,
    Input(Box<Type>),
    /// The inputs of tasks that run together: of each this type.
    Inputs(Box<Type>),
}

/// What is said of a worker, or of a cron.
struct Words {
    what: &'static str,
    allowed: &'static str,
    runs: Runs,
}

/// Whether tasks run alone or together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Alone,
    Together,
}

const WORKER: Words = Words {
    what: "a worker",
    allowed: "a worker takes `tx: &mut Tx`, `cx: &TaskCx` and, by value, its input",
    runs: Runs::Alone,
};
const BATCH: Words = Words {
    what: "a worker",
    allowed: "a worker with `batch` takes `tx: &mut Tx`, `tasks: &[TaskCx]` and its inputs as a `Vec`",
    runs: Runs::Together,
};
const SPAWN: Words = Words {
    what: "a hook that spawns",
    allowed: "a hook that spawns takes `cx: &TaskCx`, `tx: &mut Tx` and, by value, `written: Written<Post>`",
    runs: Runs::Alone,
};
const SPAWN_BATCH: Words = Words {
    what: "a hook that spawns",
    allowed: "a hook that spawns with `batch` takes `tx: &mut Tx`, `tasks: &[TaskCx]` and `written: Vec<Written<Post>>`",
    runs: Runs::Together,
};
const CRON: Words = Words {
    what: "a cron",
    allowed: "a cron takes `tx: &mut Tx` and `cx: &TaskCx`, or nothing",
    runs: Runs::Alone,
};

impl Signature {
    pub(super) fn of_worker(item: &ItemFn, batch: Option<u32>) -> Result<Self> {
        Self::of(item, if batch.is_some() { &BATCH } else { &WORKER })
    }

    pub(crate) fn of_spawn(item: &ItemFn, batch: Option<u32>) -> Result<Self> {
        Self::of(item, if batch.is_some() { &SPAWN_BATCH } else { &SPAWN })
    }

    pub(super) fn of_cron(item: &ItemFn) -> Result<Self> {
        let signature = Self::of(item, &CRON)?;
        match signature.input() {
            Some(input) => Err(at(input, format!("nobody gives a cron an input: {}", CRON.allowed))),
            None => Ok(signature),
        }
    }

    fn of(item: &ItemFn, words: &Words) -> Result<Self> {
        let mut errors = Error::accumulator();
        is_plain_async(item, words.what, &mut errors);
        let mut arguments: Vec<Argument> = Vec::new();
        for written in &item.sig.inputs {
            let Some(argument) = errors.handle(argument(written, words)) else { continue };
            if arguments.iter().any(|it| it.is_like(&argument)) {
                errors.push(at(written, argument.twice()));
            }
            arguments.push(argument);
        }
        let gives = errors.handle(gives(&item.sig.output, words));
        errors.finish()?;
        Ok(Self { arguments, gives: gives.unwrap_or_else(|| parse_quote!(())) })
    }

    /// The input's type, if it has one.
    pub(crate) fn input(&self) -> Option<&Type> {
        self.arguments.iter().find_map(|it| match it {
            Argument::Input(ty) | Argument::Inputs(ty) => Some(&**ty),
            Argument::Tx | Argument::Cx | Argument::Cxs => None,
        })
    }

    /// Whether it takes something from the task.
    pub(super) fn asks_the_task(&self) -> bool {
        self.arguments.iter().any(|it| !matches!(it, Argument::Tx))
    }

    /// Whether it runs in a transaction.
    pub(super) fn is_in_tx(&self) -> bool {
        self.arguments.iter().any(|it| matches!(it, Argument::Tx))
    }
}

impl Argument {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    fn twice(&self) -> &'static str {
        match self {
            Self::Tx => "one transaction is enough",
            Self::Cx => "one `&TaskCx` is enough",
            Self::Cxs => "one `&[TaskCx]` is enough",
            Self::Input(_) | Self::Inputs(_) => {
                "a task has one input: put both into a struct under `#[data]`"
            }
        }
    }

    /// Its type, with the lifetime of what is lent.
    pub(super) fn ty(&self, queue: &TokenStream, kernel: &TokenStream) -> TokenStream {
        match self {
            Self::Tx => quote!(&'t mut #kernel::Tx),
            Self::Cx => quote!(&'t #queue::TaskCx),
            Self::Cxs => quote!(&'t [#queue::TaskCx]),
            Self::Input(ty) => quote!(#ty),
            Self::Inputs(ty) => quote!(::std::vec::Vec<#ty>),
        }
    }
}

fn argument(written: &FnArg, words: &Words) -> Result<Argument> {
    let ty = &*typed(written, words.what, words.allowed)?.ty;
    if let Type::Reference(reference) = ty {
        return lent(reference, words);
    }
    is_owned(ty, &LENT, words.allowed)?;
    match words.runs {
        Runs::Alone => Ok(Argument::Input(Box::new(ty.clone()))),
        Runs::Together => {
            let each =
                element(ty).ok_or_else(|| at(ty, format!("one input of many tasks: {}", words.allowed)));
            each.map(|ty| Argument::Inputs(Box::new(ty.clone())))
        }
    }
}

/// The `T` of a `Vec<T>`.
fn element(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(given) =
        &path.path.segments.last().filter(|it| it.ident == "Vec")?.arguments
    else {
        return None;
    };
    given.args.iter().find_map(|it| if let GenericArgument::Type(ty) = it { Some(ty) } else { None })
}

fn lent(reference: &TypeReference, words: &Words) -> Result<Argument> {
    if let Type::Slice(slice) = &*reference.elem
        && last(&slice.elem).as_deref() == Some("TaskCx")
    {
        return match words.runs {
            Runs::Together => Ok(Argument::Cxs),
            Runs::Alone => {
                Err(at(reference, "tasks that run together are a batch: `#[worker(batch = 100)]`"))
            }
        };
    }
    match (last(&reference.elem).as_deref(), reference.mutability) {
        (Some("Tx"), Some(_)) => Ok(Argument::Tx),
        (Some("TaskCx"), None) if words.runs == Runs::Together => Err(at(reference, words.allowed)),
        (Some("TaskCx"), None) => Ok(Argument::Cx),
        (Some("Tx"), None) => Err(at(reference, "`&Tx` cannot write: write `&mut Tx`")),
        (Some("TaskCx"), Some(_)) => Err(at(reference, "a `TaskCx` is not changed: write `&TaskCx`")),
        (Some("Reader" | "Db"), _) => Err(at(
            reference,
            "write `&mut Tx` for a transaction that ends with the task, or take `cx: &TaskCx` and use `cx.db()`",
        )),
        _ => Err(at(reference, format!("{} cannot be lent this: {}", words.what, words.allowed))),
    }
}

fn gives(output: &ReturnType, words: &Words) -> Result<Type> {
    match output {
        ReturnType::Default => Ok(parse_quote!(())),
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => {
            Err(at(ty, format!("name what {} gives: `Result<T>`, or nothing", words.what)))
        }
        ReturnType::Type(_, ty) => Ok((**ty).clone()),
    }
}
