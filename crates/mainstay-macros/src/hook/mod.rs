mod spawn;

use darling::ast::NestedMeta;
use darling::{Error, FromMeta, Result};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{FnArg, GenericArgument, Ident, ItemFn, Meta, Path, PathArguments, Type};

use crate::facade::facade;
use crate::items::{Item, items};
use crate::nearest::unknown;
use crate::place::place;
use crate::report::at;

const WHEN: [&str; 3] = ["before", "after", "spawn"];
const EVENTS: [&str; 5] = ["save", "create", "update", "patch", "remove"];

/// `#[hook(after, save, priority = 200)]`
struct Options {
    when: Ident,
    event: Ident,
    named: Named,
}

/// What is said by name.
#[derive(FromMeta)]
struct Named {
    #[darling(default = usual)]
    priority: i32,
    #[darling(rename = "crate")]
    facade: Option<Path>,
}

/// The priority of a hook that names none.
fn usual() -> i32 {
    100
}

/// The expansion of `#[hook]`: a unit struct of the function's name that is a `Hook`, and that can be
/// called as the function could.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    if let Ok([Item::Word(when), ..]) = items(options.clone()).as_deref()
        && when == "spawn"
    {
        return spawn::expand(options, &item);
    }
    let mut errors = Error::accumulator();
    let options = errors.handle(Options::read(options));
    let model = errors.handle(model(&item));
    errors.finish()?;
    Ok(options.zip(model).map(|(options, model)| emit(&options, &model, &item)).unwrap_or_default())
}

impl Options {
    fn read(options: TokenStream) -> Result<Self> {
        let all = NestedMeta::parse_meta_list(options)?;
        let words = all.iter().take_while(|it| matches!(it, NestedMeta::Meta(Meta::Path(_)))).count();
        let (words, named) = all.split_at(words);
        let mut errors = Error::accumulator();
        let when = errors.handle(word(words.first(), &WHEN));
        let event = errors.handle(word(words.get(1), &EVENTS));
        for surplus in words.iter().skip(2) {
            errors.push(at(surplus, "a hook waits for one event: write another hook for this one"));
        }
        let named = errors.handle(Named::from_list(named));
        errors.finish()?;
        match (when, event, named) {
            (Some(when), Some(event), Some(named)) => Ok(Self { when, event, named }),
            _ => Err(Error::custom("`#[hook]` could not be read")),
        }
    }
}

/// One of these words, as the variant that it stands for.
fn word(written: Option<&NestedMeta>, words: &[&str]) -> Result<Ident> {
    let Some(NestedMeta::Meta(Meta::Path(path))) = written else {
        let message = format!("expected one of `{}`, as in `#[hook(after, save)]`", words.join("`, `"));
        return Err(Error::custom(message).with_span(&Span::call_site()));
    };
    let name = path.get_ident().map(Ident::to_string).unwrap_or_default();
    if !words.contains(&name.as_str()) {
        return Err(at(path, unknown("word", &name, words)));
    }
    Ok(variant(&name, path.span()))
}

/// `Save` of `save`.
fn variant(name: &str, span: Span) -> Ident {
    let (first, rest) = name.split_at(1);
    format_ident!("{}{rest}", first.to_uppercase(), span = span)
}

/// The model of a hook, from its one argument.
fn model(item: &ItemFn) -> Result<Type> {
    const EXPECTED: &str = "a hook takes one argument: `cx: &mut HookCx<'_, Post>`";
    let mut errors = Error::accumulator();
    let name = &item.sig.ident;
    if item.sig.asyncness.is_none() {
        errors.push(at(&item.sig.fn_token, format!("expected `async fn {name}`")));
    }
    if !item.sig.generics.params.is_empty() {
        errors.push(at(&item.sig.generics, "a hook is of one model: it has no parameters of its own"));
    }
    for surplus in item.sig.inputs.iter().skip(1) {
        errors.push(at(surplus, EXPECTED));
    }
    let model = match item.sig.inputs.first() {
        Some(FnArg::Typed(argument)) => {
            let model = of_context(&argument.ty);
            if model.is_none() {
                errors.push(at(&argument.ty, EXPECTED));
            }
            model
        }
        Some(receiver @ FnArg::Receiver(_)) => {
            errors.push(at(receiver, EXPECTED));
            None
        }
        None => {
            errors.push(at(name, EXPECTED));
            None
        }
    };
    errors.finish()?;
    model.ok_or_else(|| at(name, EXPECTED))
}

/// `Post` of `&mut HookCx<'_, Post>`.
fn of_context(ty: &Type) -> Option<Type> {
    let Type::Reference(reference) = ty else { return None };
    reference.mutability?;
    let Type::Path(path) = &*reference.elem else { return None };
    let last = path.path.segments.last().filter(|it| it.ident == "HookCx")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|it| {
        let GenericArgument::Type(model) = it else { return None };
        Some(model.clone())
    })
}

fn emit(options: &Options, model: &Type, item: &ItemFn) -> TokenStream {
    let Options { when, event, named: Named { priority, facade: written } } = options;
    let facade = written.clone().unwrap_or_else(facade);
    let hook = quote!(#facade::model::hook);
    let (vis, ident, attrs) = (&item.vis, &item.sig.ident, &item.attrs);
    let plain = ident.unraw().to_string();
    let place = place(ident, &hook);
    let mut function = item.clone();
    function.attrs.clear();
    function.vis = syn::Visibility::Inherited;
    let handle =
        quote!(for<'a, 't> fn(&'a mut #hook::HookCx<'t, #model>) -> #hook::Boxed<'a, #hook::Result<()>>);
    let ran = quote_spanned!(item.sig.output.span()=> ::std::boxed::Box::pin(#ident(cx)));
    quote! {
        #(#attrs)*
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #vis struct #ident;

        impl #hook::Hook for #ident {
            type Model = #model;

            const POINT: #hook::HookPoint = #hook::HookPoint {
                when: #hook::When::#when,
                event: #hook::Event::#event,
                priority: #priority,
                name: #plain,
                place: #place,
            };

            fn run<'a>(cx: &'a mut #hook::HookCx<'_, #model>) -> #hook::Boxed<'a, #hook::Result<()>> {
                #function
                #ran
            }
        }

        impl #facade::Hooked for #ident {
            const WORKER: ::core::option::Option<#facade::queue::WorkerEntry> = ::core::option::Option::None;
        }

        impl ::core::ops::Deref for #ident {
            type Target = #handle;

            fn deref(&self) -> &Self::Target {
                const RUN: #handle = <#ident as #hook::Hook>::run;
                &RUN
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_a_struct_of_the_functions_name_with_its_point() {
        let hook = quote!(
            pub async fn index_post(cx: &mut HookCx<'_, Post>) -> Result<()> {
                Ok(())
            }
        );
        let tokens = expand(quote!(after, save, priority = 200), hook.clone()).unwrap().to_string();
        for part in [
            "pub struct index_post ;",
            "type Model = Post",
            "When :: After",
            "Event :: Save",
            "priority : 200i32",
        ] {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
        assert!(expand(quote!(before, remove), hook).unwrap().to_string().contains("priority : 100i32"));
    }
}
