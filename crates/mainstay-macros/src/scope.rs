use darling::{Error, FromMeta, Result, ast::NestedMeta};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ImplItem, ItemImpl, Path};

use crate::facade::facade;
use crate::nearest::unknown;
use crate::report::at;

/// `#[scope(crate = "path")]`
#[derive(FromMeta)]
struct Options {
    #[darling(rename = "crate")]
    facade: Option<Path>,
}

/// Each method and the actions it grants by itself, in the order of `Action`.
const METHODS: [(&str, &[&str]); 5] = [
    ("can_read", &["Read"]),
    ("can_create", &["Create"]),
    ("can_update", &["Update", "Patch"]),
    ("can_patch", &["Patch"]),
    ("can_delete", &["Delete"]),
];

/// The expansion of `#[scope]`: the implementation, and `Granted`. An unknown method is left out, so
/// that the one error about it is ours.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::from_list(&NestedMeta::parse_meta_list(options)?)?;
    let mut item: ItemImpl = syn::parse2(item)?;
    if !is_scope(&item) {
        return Err(at(&item.self_ty, "expected `impl Scope for …`"));
    }
    let mut errors = Error::accumulator();
    item.items.retain(|it| errors.handle(known(it)).is_some());
    let granted = granted(&item, &options.facade.unwrap_or_else(facade));
    let errors = errors.finish().err().map(crate::report::compile_errors);
    Ok(quote!(#errors #item #granted))
}

fn is_scope(item: &ItemImpl) -> bool {
    let last = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
    last.is_some_and(|it| it.ident == "Scope")
}

fn known(item: &ImplItem) -> Result<()> {
    if let ImplItem::Const(it) = item
        && it.ident == "GRANTS"
    {
        return Err(at(&it.ident, "`#[scope]` writes `GRANTS` itself"));
    }
    let ImplItem::Fn(method) = item else { return Err(at(item, "a scope has methods only")) };
    let name = method.sig.ident.to_string();
    let names = METHODS.map(|(name, _)| name);
    if names.contains(&name.as_str()) {
        return Ok(());
    }
    Err(at(&method.sig.ident, unknown("scope method", &name, &names)))
}

fn granted(item: &ItemImpl, facade: &Path) -> TokenStream {
    let has = |name: &str| item.items.iter().any(|it| matches!(it, ImplItem::Fn(it) if it.sig.ident == name));
    let mut actions: Vec<_> = Vec::new();
    for action in METHODS.iter().filter(|(name, _)| has(name)).flat_map(|(_, actions)| *actions) {
        if !actions.contains(action) {
            actions.push(*action);
        }
    }
    let actions = actions.into_iter().map(|it| format_ident!("{it}"));
    let (model, conditions) = (&item.self_ty, item.attrs.iter().filter(|it| it.path().is_ident("cfg")));
    quote! {
        #(#conditions)*
        impl #facade::model::Granted for #model {
            const GRANTS: &'static [#facade::model::Action] = &[#(#facade::model::Action::#actions),*];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(methods: TokenStream) -> String {
        let item = quote!(impl Scope for Post { #methods });
        let tokens = expand(TokenStream::new(), item).unwrap().to_string();
        let list = tokens.rsplit_once("= & [").unwrap().1;
        list.split_once(']').unwrap().0.replace(":: mainstay :: model :: Action :: ", "")
    }

    #[test]
    fn only_written_methods_grant_their_action() {
        assert_eq!(granted(TokenStream::new()), "");
        let read = quote!(
            fn can_read(who: &Caller) -> Access<Post> {
                all()
            }
        );
        let delete = quote!(
            fn can_delete(who: &Caller) -> Access<Post> {
                all()
            }
        );
        assert_eq!(granted(quote!(#delete #read)), "Read , Delete");
    }

    #[test]
    fn an_update_grants_a_patch_once_and_a_patch_grants_no_update() {
        let update = quote!(
            fn can_update(who: &Caller) -> Access<Post> {
                all()
            }
        );
        let patch = quote!(
            fn can_patch(who: &Caller) -> Access<Post> {
                all()
            }
        );
        assert_eq!(granted(update.clone()), "Update , Patch");
        assert_eq!(granted(quote!(#update #patch)), "Update , Patch");
        assert_eq!(granted(patch), "Patch");
    }
}
