use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{ItemFn, Type};

use super::arguments::{Argument, Database, Signature};
use super::options::Options;
use crate::facade::facade;
use crate::handle::{callable, unit_struct};
use crate::model::docs;
use crate::rate::Rate;

/// The struct, its `Endpoint`, and the function as it can still be called.
pub(super) fn endpoint(options: &Options, signature: &Signature, item: &ItemFn) -> TokenStream {
    let facade = options.facade.clone().unwrap_or_else(facade);
    let (endpoint, kernel) = (quote!(#facade::web::endpoint), quote!(#facade::kernel));
    let ident = &item.sig.ident;
    let spec = spec(options, item, &endpoint, &kernel);
    let described = described(signature, &endpoint);
    let handle = unit_struct(item);
    let run = callable(item, &arguments(signature, &kernel), &signature.gives, &kernel);
    let call = call(signature, ident, &endpoint);
    quote! {
        #handle

        impl #endpoint::Endpoint for #ident {
            const SPEC: #endpoint::Spec = #spec;

            fn document(of: &mut #endpoint::Describing<'_>) {
                #described
            }

            fn call(cx: &mut #endpoint::RequestCx) -> #endpoint::Boxed<'_, #facade::axum::response::Response> {
                #call
            }
        }

        #run
    }
}

fn spec(options: &Options, item: &ItemFn, endpoint: &TokenStream, kernel: &TokenStream) -> TokenStream {
    let ident = &item.sig.ident;
    let name = ident.unraw().to_string();
    let place = quote_spanned!(ident.span()=> #kernel::Place::at(::core::file!(), ::core::line!()));
    let route = match (&options.method, &options.path) {
        (Some(method), Some(path)) => {
            quote!(::core::option::Option::Some((#endpoint::Method::#method, #path)))
        }
        _ => quote!(::core::option::Option::None),
    };
    let admits = options.admits.emit(kernel);
    let replay = if options.never_replayed { quote!(Never) } else { quote!(Kept) };
    let output = if options.always_checked { quote!(Always) } else { quote!(InDebug) };
    let stands = if options.overrides { quote!(Instead) } else { quote!(Alone) };
    let (summary, description) =
        docs::told(&item.attrs, options.summary.as_ref(), options.description.as_ref());
    let (tags, middleware) = (&options.tags, &options.middleware);
    let rate = Rate::emit(options.rate.as_ref(), kernel);
    quote! {
        #endpoint::Spec {
            name: #name,
            place: #place,
            route: #route,
            admits: #admits,
            rate: #rate,
            replay: #endpoint::Replay::#replay,
            output: #endpoint::Checked::#output,
            stands: #endpoint::Stands::#stands,
            summary: #summary,
            description: #description,
            tags: &[#(#tags),*],
            middleware: &[#(#endpoint::MiddlewareEntry::of::<#middleware>()),*],
        }
    }
}

fn described(signature: &Signature, endpoint: &TokenStream) -> TokenStream {
    let types = signature.extracted();
    let gives = &signature.gives;
    let answer = quote_spanned!(gives.span()=> <#gives as #endpoint::Answer<_>>::document(of););
    quote! {
        #[allow(unused_imports)]
        use #endpoint::{Known as _, Undocumented as _};
        #((&#endpoint::Probe::<#types>(::core::marker::PhantomData)).describe(of);)*
        #answer
    }
}

/// Reads the arguments, gives them to the function and makes a response of what it gives.
fn call(signature: &Signature, ident: &Ident, endpoint: &TokenStream) -> TokenStream {
    let types: Vec<&Type> = signature.extracted().collect();
    let names: Vec<Ident> = (0..types.len()).map(|at| format_ident!("argument_{at}")).collect();
    let read = types.iter().map(|ty| quote_spanned!(ty.span()=> #endpoint::argument::<#ty, _>(cx).await?));
    let extract = quote! {
        |cx| ::std::boxed::Box::pin(async move { ::core::result::Result::Ok((#(#read,)*)) })
    };
    let mut extracted = names.iter();
    let given = signature.arguments.iter().filter_map(|it| match it {
        Argument::Database => Some(quote!(database)),
        Argument::Extracted(_) => extracted.next().map(|name| quote!(#name)),
    });
    let answer = quote_spanned!(signature.gives.span()=> #endpoint::answer(given, <#ident as #endpoint::Endpoint>::SPEC.output));
    let handle = quote! {
        ::std::boxed::Box::pin(async move {
            let given = #ident::run(#(#given),*).await;
            #answer
        })
    };
    let spec = quote!(const { &<#ident as #endpoint::Endpoint>::SPEC });
    match signature.database {
        Some(Database::Tx) => {
            quote!(#endpoint::writes(cx, #spec, #extract, |database, (#(#names,)*)| #handle))
        }
        Some(Database::Reader) => {
            quote!(#endpoint::reads(cx, #spec, #extract, |database, (#(#names,)*)| #handle))
        }
        None => quote!(#endpoint::plain(cx, #spec, #extract, |(#(#names,)*)| #handle)),
    }
}

/// The function's arguments, with the lifetime of what it is lent.
fn arguments(signature: &Signature, kernel: &TokenStream) -> Vec<TokenStream> {
    let argument = |it: &Argument| match it {
        Argument::Extracted(ty) => quote!(#ty),
        Argument::Database => signature.database.map(|it| it.handle(kernel)).unwrap_or_default(),
    };
    signature.arguments.iter().map(argument).collect()
}
