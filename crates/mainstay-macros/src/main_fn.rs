use darling::{Error, Result};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

use crate::facade::facade;
use crate::report::at;

/// The expansion of `#[mainstay::main]`: a `main` that runs the author's on the framework's runtime.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let mut errors = Error::accumulator();
    if !options.is_empty() {
        errors.push(at(&options, "`#[mainstay::main]` takes no arguments"));
    }
    if item.sig.ident != "main" {
        errors.push(at(&item.sig.ident, format!("expected `main`, found `{}`", item.sig.ident)));
    }
    if item.sig.asyncness.is_none() {
        errors.push(at(&item.sig.fn_token, "expected `async fn main`"));
    }
    if let Some(argument) = item.sig.inputs.first() {
        errors.push(at(argument, "`main` takes no arguments: the command line is the application's `run`"));
    }
    errors.finish()?;
    let facade = facade();
    Ok(quote! {
        fn main() -> ::std::process::ExitCode {
            #item
            #facade::runtime::run(main())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_main_is_named() {
        let item = quote!(
            fn start(argument: u8) {}
        );
        let errors = expand(quote!(flavor), item).unwrap_err();
        assert_eq!(errors.len(), 4);
    }
}
