use heck::ToKebabCase as _;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{ItemFn, LitStr};

use super::options::{CronOptions, Options};
use super::signature::{Argument, Signature};
use crate::facade::facade;
use crate::handle::{callable, unit_struct};
use crate::model::docs;
use crate::place::place;
use crate::span::Span;

/// What a kind of task has where its author says nothing.
struct Usual {
    queue: TokenStream,
    /// None where the queue says.
    retries: Option<u32>,
    timeout: TokenStream,
}

/// The struct, its `Job` and its `Worker`.
pub(crate) fn worker(options: &Options, signature: &Signature, item: &ItemFn) -> TokenStream {
    let queue = queue(options);
    let usual = Usual {
        queue: quote!(#queue::WorkerSpec::QUEUE),
        retries: None,
        timeout: quote!(#queue::WorkerSpec::TIMEOUT),
    };
    task(options, signature, item, &usual)
}

/// The struct, its `Job`, its `Worker` and its `Cron`.
pub(super) fn cron(options: &CronOptions, signature: &Signature, item: &ItemFn) -> TokenStream {
    let ident = &item.sig.ident;
    let queue = queue(&options.worker);
    let cron = quote!(#queue::cron);
    let usual =
        Usual { queue: quote!(#cron::QUEUE), retries: Some(0), timeout: quote!(#cron::CronSpec::TIMEOUT) };
    let worker = task(&options.worker, signature, item, &usual);
    let expression = &options.expression;
    let usual = |field: TokenStream| quote!(#cron::CronSpec::new(#expression).#field);
    let timezone = options.timezone.as_ref().map_or_else(|| usual(quote!(timezone)), |it| quote!(#it));
    let overlap =
        options.overlap.as_ref().map_or_else(|| usual(quote!(overlap)), |it| quote!(#cron::Overlap::#it));
    let missed =
        options.missed.as_ref().map_or_else(|| usual(quote!(missed)), |it| quote!(#cron::Missed::#it));
    quote! {
        #worker

        impl #cron::Cron for #ident {
            const CRON: #cron::CronSpec = #cron::CronSpec {
                expression: #expression,
                timezone: #timezone,
                overlap: #overlap,
                missed: #missed,
            };
        }
    }
}

fn queue(options: &Options) -> TokenStream {
    let facade = options.facade.clone().unwrap_or_else(facade);
    quote!(#facade::queue)
}

fn task(options: &Options, signature: &Signature, item: &ItemFn, usual: &Usual) -> TokenStream {
    let facade = options.facade.clone().unwrap_or_else(facade);
    let (queue, kernel) = (quote!(#facade::queue), quote!(#facade::kernel));
    let ident = &item.sig.ident;
    let input = signature.input().map_or_else(|| quote!(()), |it| quote!(#it));
    let name = options.name.as_ref().map_or_else(|| ident.unraw().to_string().to_kebab_case(), LitStr::value);
    let waits = options.queue.as_ref().map_or_else(|| usual.queue.clone(), |it| quote!(#it));
    let version = options.versioning.version();
    let spec = spec(options, item, usual, [&queue, &kernel]);
    let run = run(options, signature, &queue);
    let handle = unit_struct(item);
    let types: Vec<_> = signature.arguments.iter().map(|it| it.ty(&queue, &kernel)).collect();
    let callable = callable(item, &types, &signature.gives, &kernel);
    quote! {
        #handle

        impl #queue::Job for #ident {
            type Input = #input;

            const JOB: #queue::JobName = #queue::JobName { queue: #waits, name: #name, version: #version };
        }

        impl #queue::Worker for #ident {
            const SPEC: #queue::WorkerSpec = #spec;

            const RUN: #queue::Run = #run;
        }

        #callable
    }
}

fn spec(options: &Options, item: &ItemFn, usual: &Usual, [queue, kernel]: [&TokenStream; 2]) -> TokenStream {
    let place = place(&item.sig.ident, kernel);
    let retry = options.retrying.emit(usual.retries, queue);
    let timeout = options.timeout.as_ref().map_or_else(|| usual.timeout.clone(), Span::emit);
    let concurrency = match options.concurrency {
        Some(most) => quote!(::core::option::Option::Some(#most)),
        None => quote!(::core::option::Option::None),
    };
    let batch = options.batch.unwrap_or(1);
    let subscribe = match &options.subscribe {
        Some(subjects) => quote!(::core::option::Option::Some(#subjects)),
        None => quote!(::core::option::Option::None),
    };
    let keep = match &options.keep {
        Some(keep) => {
            let keep = keep.emit();
            quote!(::core::option::Option::Some(#keep))
        }
        None => quote!(::core::option::Option::None),
    };
    let upgrade = options.versioning.upgrade();
    let (summary, _) = docs::told(&item.attrs, None, None);
    quote! {
        #queue::WorkerSpec {
            name: <Self as #queue::Job>::JOB.name,
            queue: <Self as #queue::Job>::JOB.queue,
            retry: #retry,
            timeout: #timeout,
            concurrency: #concurrency,
            batch: #batch,
            subscribe: #subscribe,
            keep: #keep,
            version: <Self as #queue::Job>::JOB.version,
            upgrade: #upgrade,
            summary: #summary,
            place: #place,
        }
    }
}

/// Reads the input, gives it to the function and writes what it gave.
fn run(options: &Options, signature: &Signature, queue: &TokenStream) -> TokenStream {
    let given = signature.arguments.iter().map(|it| match it {
        Argument::Tx => quote!(tx),
        Argument::Cx | Argument::Cxs => quote!(cx),
        Argument::Input(ty) => quote_spanned!(ty.span()=> cx.input::<#ty>()?),
        Argument::Inputs(ty) => quote_spanned!(ty.span()=> #queue::TaskCx::inputs::<#ty>(cx)?),
    });
    let gives = &signature.gives;
    let gave = match options.keep {
        Some(_) => quote_spanned!(gives.span()=> <#gives as #queue::Keeps>::worked(gave)),
        None => quote_spanned!(gives.span()=> <#gives as #queue::Gives>::worked(gave)),
    };
    let run = quote! {
        ::std::boxed::Box::pin(async move {
            let gave = Self::run(#(#given),*).await;
            #gave
        })
    };
    let cx = if signature.asks_the_task() { quote!(cx) } else { quote!(_) };
    match (signature.is_in_tx(), options.batch) {
        (true, None) => quote!(#queue::Run::InTx(|tx, #cx| #run)),
        (true, Some(_)) => quote!(#queue::Run::BatchInTx(|tx, #cx| #run)),
        (false, None) => quote!(#queue::Run::Free(|#cx| #run)),
        (false, Some(_)) => quote!(#queue::Run::Batch(|#cx| #run)),
    }
}
