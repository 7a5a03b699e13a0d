//! `#[hook(spawn, save)]`: a worker whose tasks are left when a row is written.

use darling::{Error, Result};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Ident, ItemFn, Lit, Type};

use super::{EVENTS, variant};
use crate::facade::facade;
use crate::function::within;
use crate::items::{Item, items_once};
use crate::nearest::unknown;
use crate::place::place;
use crate::report::at;
use crate::task::{Options, Signature, worker_of};

/// What stands beside the event.
const WORDS: [&str; 11] = [
    "name",
    "queue",
    "retry",
    "timeout",
    "backoff",
    "base",
    "concurrency",
    "batch",
    "priority",
    "ordered",
    "crate",
];

const EXPECTED: &str =
    "a hook that spawns takes what was written: `async fn mirror(cx: &TaskCx, written: Written<Post>)`";

/// `#[hook(spawn, save, queue = "search", ordered)]`
struct Spawn {
    event: Ident,
    priority: i16,
    /// Whether the tasks of one row run one after the other.
    ordered: Option<Ident>,
    worker: Options,
}

pub(super) fn expand(options: TokenStream, item: &ItemFn) -> Result<TokenStream> {
    let mut errors = Error::accumulator();
    let spawn = errors.handle(Spawn::read(options));
    let batch = spawn.as_ref().and_then(|it| it.worker.batch);
    let signature = errors.handle(Signature::of_spawn(item, batch));
    let model = signature.as_ref().and_then(|it| errors.handle(model(it, item)));
    errors.finish()?;
    Ok(spawn
        .zip(signature)
        .zip(model)
        .map(|((spawn, it), model)| emit(&spawn, &it, &model, item))
        .unwrap_or_default())
}

impl Spawn {
    fn read(options: TokenStream) -> Result<Self> {
        let mut errors = Error::accumulator();
        let mut items = items_once(options)?.into_iter().skip(1);
        let event = errors.handle(event(items.next()));
        let (mut priority, mut ordered, mut worker) = (100, None, Options::default());
        for item in items {
            match item {
                Item::Word(word) if word == "ordered" => ordered = Some(word),
                Item::Named(word, _) if word == "ordered" => {
                    errors.push(at(
                        &word,
                        "`ordered` stands alone: the tasks of one row run one after the other",
                    ));
                }
                Item::Named(name, value) if name == "priority" => {
                    priority = errors.handle(number(&value)).unwrap_or(priority);
                }
                Item::Word(word) if EVENTS.contains(&word.to_string().as_str()) => {
                    errors.push(at(&word, "a hook waits for one event: write another hook for this one"));
                }
                other @ (Item::Text(_) | Item::Word(_) | Item::Named(..) | Item::List(..)) => {
                    errors.handle(worker.take(other, &WORDS));
                }
            }
        }
        errors.finish()?;
        let event = event.unwrap_or_else(|| variant("save", Span::call_site()));
        Ok(Self { event, priority, ordered, worker })
    }
}

/// What it waits for, as the variant of `Event`.
fn event(item: Option<Item>) -> Result<Ident> {
    match item {
        Some(Item::Word(word)) if EVENTS.contains(&word.to_string().as_str()) => {
            Ok(variant(&word.to_string(), word.span()))
        }
        Some(Item::Word(word)) => Err(at(&word, unknown("word", &word.to_string(), &EVENTS))),
        Some(Item::Text(_) | Item::Named(..) | Item::List(..)) | None => {
            let message = format!("expected one of `{}`, as in `#[hook(spawn, save)]`", EVENTS.join("`, `"));
            Err(Error::custom(message).with_span(&Span::call_site()))
        }
    }
}

fn number(value: &Expr) -> Result<i16> {
    let wrong = || at(value, "expected a number such as `priority = 50`: lower runs first");
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = value else { return Err(wrong()) };
    number.base10_parse().map_err(|_| wrong())
}

/// `Post` of `Written<Post>`.
fn model(signature: &Signature, item: &ItemFn) -> Result<Type> {
    match signature.input() {
        Some(input) => within(input, "Written").cloned().ok_or_else(|| at(input, EXPECTED)),
        None => Err(at(&item.sig.ident, EXPECTED)),
    }
}

/// The worker, and the hook that leaves a task for it.
fn emit(spawn: &Spawn, signature: &Signature, model: &Type, item: &ItemFn) -> TokenStream {
    let Spawn { event, priority, ordered, worker: options } = spawn;
    let facade = options.facade.clone().unwrap_or_else(facade);
    let (hook, queue) = (quote!(#facade::model::hook), quote!(#facade::queue));
    let worker = worker_of(options, signature, item);
    let ident = &item.sig.ident;
    let (plain, place) = (ident.unraw().to_string(), place(ident, &hook));
    let (key, keyed) = match ordered {
        Some(_) => (
            quote!(let key = ::std::format!("{}:{}", <Self as #queue::Job>::JOB.name, written.id());),
            quote!(.key(key)),
        ),
        None => (quote!(), quote!()),
    };
    quote! {
        #worker

        impl #hook::Hook for #ident {
            type Model = #model;

            const POINT: #hook::HookPoint = #hook::HookPoint {
                when: #hook::When::Spawn,
                event: #hook::Event::#event,
                priority: #priority as i32,
                name: #plain,
                place: #place,
            };

            fn run<'a>(cx: &'a mut #hook::HookCx<'_, #model>) -> #hook::Boxed<'a, #hook::Result<()>> {
                ::std::boxed::Box::pin(async move {
                    let written = #hook::Written::of(cx);
                    #key
                    let left = #queue::Scheduler::enqueue(&mut **cx, Self, written).priority(#priority);
                    left #keyed.await.map(|_| ())
                })
            }
        }

        impl #facade::Hooked for #ident {
            const WORKER: ::core::option::Option<#queue::WorkerEntry> =
                ::core::option::Option::Some(#queue::WorkerEntry::of::<Self>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_spawns_is_a_worker_and_leaves_its_task() {
        let item = syn::parse_quote!(
            pub async fn mirror(cx: &TaskCx, written: Written<Post>) -> Result<()> {
                Ok(())
            }
        );
        let options = quote!(spawn, save, queue = "search", retry = 5, priority = 50, ordered);
        let tokens = expand(options, &item).unwrap().to_string();
        for part in [
            "pub struct mirror ;",
            "type Input = Written < Post >",
            "queue : \"search\" , name : \"mirror\"",
            "type Model = Post",
            "When :: Spawn",
            "Event :: Save",
            ". priority (50i16)",
            "left . key (key) . await",
            "WorkerEntry :: of :: < Self > ()",
        ] {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
        let plain = expand(quote!(spawn, remove), &item).unwrap().to_string();
        assert!(plain.contains(". priority (100i16)") && !plain.contains("left . key"), "{plain}");
    }
}
