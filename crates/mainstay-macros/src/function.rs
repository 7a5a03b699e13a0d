use darling::Result;
use darling::error::Accumulator;
use syn::{FnArg, GenericArgument, ItemFn, PatType, PathArguments, Type};

use crate::report::at;

/// Notes what keeps a function from being `what`, such as `a worker`: it has to be async, and one function.
pub(crate) fn is_plain_async(item: &ItemFn, what: &str, errors: &mut Accumulator) {
    let name = &item.sig.ident;
    if item.sig.asyncness.is_none() {
        errors.push(at(&item.sig.fn_token, format!("expected `async fn {name}`")));
    }
    if !item.sig.generics.params.is_empty() {
        errors
            .push(at(&item.sig.generics, format!("{what} is one function: it has no parameters of its own")));
    }
}

/// An argument that is no receiver.
pub(crate) fn typed<'a>(written: &'a FnArg, what: &str, allowed: &str) -> Result<&'a PatType> {
    match written {
        FnArg::Typed(it) => Ok(it),
        FnArg::Receiver(it) => Err(at(it, format!("{what} is no method: {allowed}"))),
    }
}

/// Refuses `Tx` and its like by value.
pub(crate) fn is_owned(ty: &Type, lent: &[(&str, &str)], allowed: &str) -> Result<()> {
    let name = last(ty).unwrap_or_default();
    if let Some((_, right)) = lent.iter().find(|(borrowed, _)| *borrowed == name) {
        return Err(at(ty, format!("`{name}` is borrowed: write `{right}`")));
    }
    if matches!(ty, Type::ImplTrait(_)) {
        return Err(at(ty, format!("name the type: {allowed}")));
    }
    Ok(())
}

/// The last name of a path.
pub(crate) fn last(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|it| it.ident.to_string())
}

/// `T` of `Option<T>`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    within(ty, "Option")
}

/// `T` of `name<T>`.
pub(crate) fn within<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|it| it.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|it| {
        let GenericArgument::Type(within) = it else { return None };
        Some(within)
    })
}
