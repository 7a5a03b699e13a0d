use darling::ast::NestedMeta;
use darling::{Error, FromMeta, Result};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{FnArg, Ident, ItemFn, Meta, Path, Type, Visibility};

use crate::facade::facade;
use crate::nearest::unknown;
use crate::report::at;

const AROUND: &str = "a middleware around routes is `async fn name(cx: &mut RequestCx, next: Next<'_>) -> Result<Response>`, and \
     one around operations is `async fn name(cx: &mut Cx<'_>) -> Result<Reply>`";
const BEFORE: &str = "a request hook before the handler is `async fn name(cx: &mut RequestCx) -> Result<()>`";
const AFTER: &str = "a request hook after the handler is `async fn name(cx: &mut RequestCx, response: &mut Response) -> Result<()>`";

const MOMENTS: [&str; 3] = ["before_auth", "before_handler", "after_handler"];

#[derive(FromMeta)]
struct Named {
    #[darling(rename = "crate")]
    facade: Option<Path>,
}

/// The expansion of `#[middleware]`.
pub(crate) fn around(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let named = Named::from_list(&NestedMeta::parse_meta_list(options)?)?;
    if item.sig.inputs.first().and_then(name_of).is_some_and(|it| it == "Cx") {
        return around_operations(&item, named);
    }
    takes(&item, &["RequestCx", "Next"], AROUND)?;
    let endpoint = of_web(named);
    let (ident, run) = (&item.sig.ident, body(&item, &quote!(cx, next)));
    let spec = name_and_place(ident, &endpoint);
    let unit = unit(&item);
    Ok(quote! {
        #unit

        impl #endpoint::Middleware for #ident {
            #spec

            fn run<'a>(
                cx: &'a mut #endpoint::RequestCx,
                next: #endpoint::Next<'a>,
            ) -> #endpoint::Boxed<'a, #endpoint::Result<#endpoint::Response>> {
                #run
            }
        }
    })
}

/// The expansion of `#[middleware]` over a function that takes the context of an operation.
fn around_operations(item: &ItemFn, named: Named) -> Result<TokenStream> {
    takes(item, &["Cx"], AROUND)?;
    let facade = named.facade.unwrap_or_else(facade);
    let (operation, kernel) = (quote!(#facade::queue::operation), quote!(#facade::kernel));
    let (ident, run) = (&item.sig.ident, body(item, &quote!(cx)));
    let (spec, unit) = (name_and_place(ident, &kernel), unit(item));
    Ok(quote! {
        #unit

        impl #operation::Middleware for #ident {
            #spec

            fn run<'a>(
                cx: &'a mut #operation::Cx<'_>,
            ) -> #kernel::Boxed<'a, #kernel::Result<#operation::Reply>> {
                #run
            }
        }
    })
}

/// The expansion of `#[request_hook(before_auth)]`.
pub(crate) fn hook(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let all = NestedMeta::parse_meta_list(options)?;
    let (moment, named) = moment(&all)?;
    let is_after = moment == "AfterHandler";
    let (arguments, expected) =
        if is_after { (&["RequestCx", "Response"][..], AFTER) } else { (&["RequestCx"][..], BEFORE) };
    takes(&item, arguments, expected)?;
    let endpoint = of_web(Named::from_list(named)?);
    let ident = &item.sig.ident;
    let (spec, unit) = (name_and_place(ident, &endpoint), unit(&item));
    let (given, run) = if is_after {
        let run = body(&item, &quote!(cx, response));
        (
            quote!(response),
            quote!(match response {
                ::core::option::Option::Some(response) => { #run }
                ::core::option::Option::None => ::std::boxed::Box::pin(::core::future::ready(::core::result::Result::Ok(()))),
            }),
        )
    } else {
        (quote!(_), body(&item, &quote!(cx)))
    };
    Ok(quote! {
        #unit

        impl #endpoint::RequestHook for #ident {
            const MOMENT: #endpoint::Moment = #endpoint::Moment::#moment;
            #spec

            fn run<'a>(
                cx: &'a mut #endpoint::RequestCx,
                #given: ::core::option::Option<&'a mut #endpoint::Response>,
            ) -> #endpoint::Boxed<'a, #endpoint::Result<()>> {
                #run
            }
        }
    })
}

fn moment(all: &[NestedMeta]) -> Result<(Ident, &[NestedMeta])> {
    let message = format!("expected one of `{}`, as in `#[request_hook(before_auth)]`", MOMENTS.join("`, `"));
    let Some((NestedMeta::Meta(Meta::Path(path)), rest)) = all.split_first() else {
        return Err(Error::custom(message).with_span(&Span::call_site()));
    };
    let name = path.get_ident().map(Ident::to_string).unwrap_or_default();
    let variant = match name.as_str() {
        "before_auth" => "BeforeAuth",
        "before_handler" => "BeforeHandler",
        "after_handler" => "AfterHandler",
        _ => return Err(at(path, unknown("word", &name, &MOMENTS))),
    };
    Ok((Ident::new(variant, path.span()), rest))
}

/// Checks that the function takes these, each by its last name.
fn takes(item: &ItemFn, names: &[&str], expected: &str) -> Result<()> {
    let mut errors = Error::accumulator();
    if item.sig.asyncness.is_none() {
        errors.push(at(&item.sig.fn_token, format!("expected `async fn {}`", item.sig.ident)));
    }
    if item.sig.inputs.len() < names.len() {
        errors.push(at(&item.sig.ident, expected));
    }
    for (index, argument) in item.sig.inputs.iter().enumerate() {
        let name = name_of(argument);
        if name.is_none() || name.as_deref() != names.get(index).copied() {
            errors.push(at(argument, expected));
        }
    }
    errors.finish()
}

fn name_of(argument: &FnArg) -> Option<String> {
    match argument {
        FnArg::Typed(it) => last(&it.ty),
        FnArg::Receiver(_) => None,
    }
}

fn last(ty: &Type) -> Option<String> {
    if let Type::Reference(it) = ty {
        return last(&it.elem);
    }
    let Type::Path(it) = ty else { return None };
    it.path.segments.last().map(|it| it.ident.to_string())
}

fn of_web(named: Named) -> TokenStream {
    let facade = named.facade.unwrap_or_else(facade);
    quote!(#facade::web::endpoint)
}

fn name_and_place(ident: &Ident, path: &TokenStream) -> TokenStream {
    let name = ident.unraw().to_string();
    let place = quote_spanned!(ident.span()=> #path::Place::at(::core::file!(), ::core::line!()));
    quote! {
        const NAME: &'static str = #name;
        const PLACE: #path::Place = #place;
    }
}

fn unit(item: &ItemFn) -> TokenStream {
    let (vis, ident, attrs) = (&item.vis, &item.sig.ident, &item.attrs);
    quote! {
        #(#attrs)*
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #vis struct #ident;
    }
}

fn body(item: &ItemFn, arguments: &TokenStream) -> TokenStream {
    let mut function = item.clone();
    function.attrs.clear();
    function.vis = Visibility::Inherited;
    let ident = &item.sig.ident;
    let ran = quote_spanned!(item.sig.output.span()=> ::std::boxed::Box::pin(#ident(#arguments)));
    quote!(#function #ran)
}
