use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ItemFn;
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;

use super::Kind;
use super::options::{Cache, Options, Said};
use super::signature::{Argument, Signature};
use crate::facade::facade;
use crate::handle::{callable, unit_struct};
use crate::model::docs;
use crate::place::place;
use crate::rate::Rate;

/// The struct, its `Job` and its `Operation`.
pub(super) fn operation(kind: Kind, options: &Options, signature: &Signature, item: &ItemFn) -> TokenStream {
    let facade = options.said.facade.clone().unwrap_or_else(facade);
    let (queue, kernel) = (quote!(#facade::queue), quote!(#facade::kernel));
    let (ident, gives) = (&item.sig.ident, &signature.gives);
    let input = signature.input().map_or_else(|| quote!(()), |it| quote!(#it));
    let outcome =
        |item: TokenStream| quote_spanned!(gives.span()=> <#gives as #queue::operation::Outcome>::#item);
    let (output, declared) = (outcome(quote!(Output)), outcome(quote!(DECLARED)));
    let waits =
        options.said.queue.as_ref().map_or_else(|| quote!(#queue::WorkerSpec::QUEUE), |it| quote!(#it));
    let (name, version) = (&options.path.written, options.said.versioning.version());
    let spec = spec(kind, &options.said, signature, item, [&queue, &kernel]);
    let perform = perform(kind, signature, &queue);
    let shapes = [input.clone(), quote!(Self::Output)];
    let handle = unit_struct(item);
    let types: Vec<_> = signature.arguments.iter().map(|it| it.ty(kind, &queue, &kernel)).collect();
    let callable = callable(item, &types, gives, &kernel);
    quote! {
        #handle

        impl #queue::Job for #ident {
            type Input = #input;

            const JOB: #queue::JobName = #queue::JobName { queue: #waits, name: #name, version: #version };
        }

        impl #queue::Operation for #ident {
            type Output = #output;

            const SPEC: #queue::operation::OperationSpec = #spec;

            const DECLARED: &'static [#kernel::DeclaredError] = #declared;

            const PERFORM: #queue::operation::Perform = #perform;

            fn shapes(schemas: &mut #facade::schemars::SchemaGenerator) -> [#facade::schemars::Schema; 2] {
                [#(schemas.subschema_for::<#shapes>()),*]
            }
        }

        #callable
    }
}

fn spec(
    kind: Kind,
    said: &Said,
    signature: &Signature,
    item: &ItemFn,
    [queue, kernel]: [&TokenStream; 2],
) -> TokenStream {
    let ident = &item.sig.ident;
    let name = ident.unraw().to_string();
    let place = place(ident, kernel);
    let operation = quote!(#queue::operation);
    let kind = match kind {
        Kind::Mutation => quote!(Mutation),
        Kind::Query => quote!(Query),
    };
    let admits = said.admits.emit(kernel);
    let retry = said.retrying.emit(None, queue);
    let upgrade = said.versioning.upgrade();
    let cache = cache(said.cache.as_ref(), signature, &operation);
    let rate = Rate::emit(said.rate.as_ref(), kernel);
    let (middleware, extensions) = (&said.middleware, signature.extensions());
    let metadata = said.metadata.iter().map(|(name, value)| quote!((#name, #value)));
    let (summary, description) = docs::told(&item.attrs, said.summary.as_ref(), said.description.as_ref());
    let tags = &said.tags;
    quote! {
        #operation::OperationSpec {
            name: #name,
            path: <Self as #queue::Job>::JOB.name,
            kind: #operation::OperationKind::#kind,
            queue: <Self as #queue::Job>::JOB.queue,
            admits: #admits,
            retry: #retry,
            version: <Self as #queue::Job>::JOB.version,
            upgrade: #upgrade,
            cache: #cache,
            rate: #rate,
            middleware: &[#(#operation::MiddlewareEntry::of::<#middleware>()),*],
            extensions: &[#(::core::any::type_name::<#extensions>),*],
            metadata: &[#(#metadata),*],
            summary: #summary,
            description: #description,
            tags: &[#(#tags),*],
            place: #place,
        }
    }
}

/// An `Option<Cache>`: its answers depend on what it takes.
fn cache(said: Option<&Cache>, signature: &Signature, operation: &TokenStream) -> TokenStream {
    let Some(Cache { time, shared }) = said else { return quote!(::core::option::Option::None) };
    let time = time.emit();
    let callers = if shared.is_some() { quote!(All) } else { quote!(Each) };
    let by = signature
        .extensions()
        .map(|ty| quote_spanned!(ty.span()=> |asked: &#operation::Asked| asked.value_as_json::<#ty>()));
    quote! {
        ::core::option::Option::Some(#operation::Cache {
            time: #time,
            callers: #operation::Callers::#callers,
            by: &[#(#by),*],
        })
    }
}

/// Takes the arguments from the call, gives them to the function and writes what it gave.
fn perform(kind: Kind, signature: &Signature, queue: &TokenStream) -> TokenStream {
    let (variant, database) = match kind {
        Kind::Mutation => (quote!(Mutation), quote!(tx)),
        Kind::Query => (quote!(Query), quote!(reader)),
    };
    let operation = quote!(#queue::operation);
    let given = signature.arguments.iter().map(|it| match it {
        Argument::Database => database.clone(),
        Argument::Asked => quote!(asked),
        Argument::Param(name, ty) => quote_spanned!(ty.span()=> asked.param::<#ty>(#name)?),
        Argument::Caller(ty) | Argument::Extension(ty, _) => {
            quote_spanned!(ty.span()=> <#ty as #operation::FromAsked>::from_asked(asked)?)
        }
        Argument::Input(ty) => quote_spanned!(ty.span()=> asked.input::<#ty>()?),
    });
    let nothing = signature.input().is_none().then(|| quote!(asked.input::<()>()?;));
    let gives = &signature.gives;
    let gave = quote_spanned!(gives.span()=> <#gives as #operation::Outcome>::written(gave));
    quote! {
        #operation::Perform::#variant(|#database, asked| ::std::boxed::Box::pin(async move {
            #nothing
            let gave = Self::run(#(#given),*).await;
            #gave
        }))
    }
}
