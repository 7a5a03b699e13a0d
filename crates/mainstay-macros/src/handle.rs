use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, Ident, ItemFn, Type, Visibility};

/// The unit struct of a function's name, with its documentation and its attributes.
pub(crate) fn unit_struct(item: &ItemFn) -> TokenStream {
    let (vis, ident, attrs) = (&item.vis, &item.sig.ident, &item.attrs);
    quote! {
        #(#attrs)*
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #vis struct #ident;
    }
}

/// The function under the struct's name, and the struct callable as the function. What it is lent lives for `'t`.
///
/// The function keeps its name within `run`, where it stands before the struct: else an argument or a variable of that
/// name would be taken for a pattern of the struct.
pub(crate) fn callable(
    item: &ItemFn,
    types: &[TokenStream],
    gives: &Type,
    kernel: &TokenStream,
) -> TokenStream {
    let ident = &item.sig.ident;
    let is_lent = item
        .sig
        .inputs
        .iter()
        .any(|it| matches!(it, FnArg::Typed(it) if matches!(*it.ty, Type::Reference(_))));
    let (life, generics, higher) = if is_lent {
        (quote!('t), quote!(<'t>), quote!(for<'t>))
    } else {
        (quote!('static), quote!(), quote!())
    };
    let mut function = item.clone();
    function.attrs.retain(|it| !it.path().is_ident("doc"));
    function.vis = Visibility::Inherited;
    let names: Vec<Ident> = (0..types.len()).map(|at| format_ident!("argument_{at}")).collect();
    let boxed = quote!(#kernel::Boxed<#life, #gives>);
    let pointer = quote!(#higher fn(#(#types),*) -> #boxed);
    quote! {
        impl #ident {
            fn run #generics(#(#names: #types),*) -> #boxed {
                #function
                ::std::boxed::Box::pin(#ident(#(#names),*))
            }
        }

        impl ::core::ops::Deref for #ident {
            type Target = #pointer;

            fn deref(&self) -> &Self::Target {
                const RUN: #pointer = #ident::run;
                &RUN
            }
        }
    }
}
