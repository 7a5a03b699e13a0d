use darling::ast::NestedMeta;
use darling::util::Flag;
use darling::{Error, FromMeta, Result};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, Ident, ItemFn, Path, ReturnType, Type, parse_quote};

use crate::facade::harness;
use crate::report::at;

/// `#[mainstay::test(app = blog::app)]`, `#[mainstay::test(sqlite)]`
#[derive(FromMeta)]
struct Options {
    app: Option<Path>,
    sqlite: Flag,
    postgres: Flag,
}

impl Options {
    /// The stores that it runs on, each by the name of its test and of its variant: both unless some are named.
    fn stores(&self) -> Vec<(Ident, Ident)> {
        let all = [("sqlite", "Sqlite", self.sqlite), ("postgres", "Postgres", self.postgres)];
        let is_any_named = all.iter().any(|(_, _, named)| named.is_present());
        let chosen = all.into_iter().filter(|(_, _, named)| !is_any_named || named.is_present());
        chosen.map(|(test, store, _)| (format_ident!("{test}"), format_ident!("{store}"))).collect()
    }
}

/// What the author's function is given.
enum Given {
    App,
    Database,
    Nothing,
}

/// The expansion of `#[mainstay::test]`: the author's function as it is, and a module of the same
/// name with one test per store that calls it.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::from_list(&NestedMeta::parse_meta_list(options)?)?;
    let mut item: ItemFn = syn::parse2(item)?;
    let given = given(&item)?;
    let moved: Vec<_> = item.attrs.extract_if(.., |it| is_of_test(it)).collect();
    let shared: Vec<_> = item.attrs.iter().filter(|it| it.path().is_ident("cfg")).collect();
    let name = &item.sig.ident;
    let tests = options.stores().into_iter().map(|(test, store)| {
        let call = call(&item, &given, &store, options.app.as_ref());
        quote! {
            #(#moved)*
            #[::core::prelude::v1::test]
            fn #test() { #call }
        }
    });
    Ok(quote! {
        #item

        #(#shared)*
        mod #name {
            #[allow(unused_imports)]
            use super::*;

            #(#tests)*
        }
    })
}

fn given(item: &ItemFn) -> Result<Given> {
    let mut errors = Error::accumulator();
    if item.sig.asyncness.is_none() {
        errors.push(at(&item.sig.fn_token, format!("expected `async fn {}`", item.sig.ident)));
    }
    for surplus in item.sig.inputs.iter().skip(1) {
        errors.push(at(surplus, "a test takes one argument: `app: TestApp` or `db: Db`"));
    }
    let given = match item.sig.inputs.first() {
        None => Given::Nothing,
        Some(FnArg::Typed(it)) if is_database(&it.ty) => Given::Database,
        Some(FnArg::Typed(_)) => Given::App,
        Some(it @ FnArg::Receiver(_)) => {
            errors.push(at(it, "a test is a function of its own, not a method"));
            Given::Nothing
        }
    };
    errors.finish_with(given)
}

fn is_database(ty: &Type) -> bool {
    let Type::Path(it) = ty else { return false };
    it.path.segments.last().is_some_and(|it| it.ident == "Db")
}

/// Attributes that mean something on a test only.
fn is_of_test(attribute: &Attribute) -> bool {
    ["ignore", "should_panic"].iter().any(|it| attribute.path().is_ident(it))
}

fn call(item: &ItemFn, given: &Given, store: &Ident, app: Option<&Path>) -> TokenStream {
    let name = &item.sig.ident;
    let plain = name.unraw().to_string();
    let harness = harness();
    let app = app.map_or_else(|| parse_quote!(crate::app), from_within);
    let start = quote!(#harness::TestStore::#store, ::core::module_path!());
    let argument = match given {
        Given::App | Given::Database => Some(quote!(it)),
        Given::Nothing => None,
    };
    let test = quote!(super::#name(#argument).await);
    let test = match &item.sig.output {
        ReturnType::Default => test,
        ReturnType::Type(..) => quote!(::core::result::Result::expect(#test, #plain)),
    };
    let it = argument.unwrap_or_else(|| quote!(_));
    let body = quote!(|#it| ::std::boxed::Box::pin(async move { #test }));
    match given {
        Given::App => quote!(#harness::run(#start, #app, #body)),
        Given::Database | Given::Nothing => quote!(#harness::run_db(#start, #body)),
    }
}

/// The path as the module inside sees it: `self::app` is `super::app` there.
fn from_within(path: &Path) -> Path {
    let first = path.segments.first().map(|it| it.ident.to_string()).unwrap_or_default();
    match first.as_str() {
        "super" => parse_quote!(super::#path),
        "self" => {
            let rest = path.segments.iter().skip(1);
            parse_quote!(super::#(#rest)::*)
        }
        _ => path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(options: TokenStream, item: TokenStream) -> String {
        expand(options, item).unwrap().to_string().replace(' ', "")
    }

    #[test]
    fn a_test_runs_once_per_store_and_the_function_stays() {
        let tokens = expanded(
            quote!(),
            quote!(
                async fn a_fact(app: TestApp) {
                    check(app)
                }
            ),
        );
        assert!(tokens.starts_with("asyncfna_fact(app:TestApp){check(app)}moda_fact{"));
        assert!(tokens.contains("run(::mainstay_test::TestStore::Sqlite,::core::module_path!(),crate::app,"));
        assert!(tokens.contains("run(::mainstay_test::TestStore::Postgres,"));
    }

    #[test]
    fn a_test_may_name_its_store() {
        let item = quote!(
            async fn a_fact(db: Db) {}
        );
        let tokens = expanded(quote!(sqlite), item.clone());
        assert!(tokens.contains("TestStore::Sqlite") && !tokens.contains("TestStore::Postgres"));
        let tokens = expanded(quote!(postgres, app = blog::app), item);
        assert!(!tokens.contains("TestStore::Sqlite") && tokens.contains("TestStore::Postgres"));
    }

    #[test]
    fn a_database_or_nothing_needs_no_application() {
        let tokens = expanded(
            quote!(),
            quote!(
                async fn a_fact(db: Db) {}
            ),
        );
        assert!(tokens.contains("run_db(") && tokens.contains("|it|") && !tokens.contains("crate::app"));
        let tokens = expanded(
            quote!(),
            quote!(
                async fn a_fact() {}
            ),
        );
        assert!(tokens.contains("run_db(") && tokens.contains("|_|"));
    }

    #[test]
    fn a_relative_path_to_the_application_still_leads_there() {
        let item = quote!(
            async fn a_fact(app: TestApp) {}
        );
        for (written, seen) in [
            (quote!(app = self::app), ",super::app,"),
            (quote!(app = super::app), ",super::super::app,"),
            (quote!(app = blog::app), ",blog::app,"),
        ] {
            assert!(expanded(written, item.clone()).contains(seen));
        }
    }

    #[test]
    fn ignoring_a_test_ignores_it_on_both_stores() {
        let tokens = expanded(
            quote!(),
            quote!(
                #[ignore]
                #[cfg(unix)]
                async fn a_fact() {}
            ),
        );
        assert!(tokens.starts_with("#[cfg(unix)]async"));
        assert!(tokens.contains("#[cfg(unix)]moda_fact"));
        assert_eq!(tokens.matches("#[ignore]").count(), 2);
    }
}
