use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type, parse_quote};

/// What a type is, as far as its tokens tell. A type alias hides it; everything that must be right
/// for any type is asked of the `Field` trait instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Id,
    Ref,
    Text,
    Bytes,
    Uuid,
    Timestamp,
    Date,
    Int64,
    Overflow,
    Other,
}

impl Shape {
    /// The shape of a type, `Option` aside.
    pub(super) fn of(ty: &Type) -> Self {
        let ty = without_option(ty);
        let Some(name) = last(ty).map(|it| it.ident.to_string()) else { return Self::Other };
        match name.as_str() {
            "Id" => Self::Id,
            "Ref" => Self::Ref,
            "String" => Self::Text,
            "Vec" if argument(ty, "Vec").and_then(last).is_some_and(|it| it.ident == "u8") => Self::Bytes,
            "Uuid" => Self::Uuid,
            "Timestamp" => Self::Timestamp,
            "Date" => Self::Date,
            "i64" => Self::Int64,
            "Overflow" => Self::Overflow,
            _ => Self::Other,
        }
    }

    /// Whether only the application can name a value, so that none can be made up.
    pub(super) fn names_something(self) -> bool {
        match self {
            Self::Id | Self::Ref | Self::Uuid | Self::Timestamp | Self::Date => true,
            Self::Text | Self::Bytes | Self::Int64 | Self::Overflow | Self::Other => false,
        }
    }
}

/// The last segment of a plain path.
fn last(ty: &Type) -> Option<&PathSegment> {
    if let Type::Group(it) = ty {
        return last(&it.elem);
    }
    let Type::Path(it) = ty else { return None };
    it.qself.is_none().then(|| it.path.segments.last()).flatten()
}

/// `T` of `name<T>`.
pub(super) fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last(ty).filter(|it| it.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(it)) if arguments.args.len() == 1 => Some(it),
        _ => None,
    }
}

/// Whether the type is an `Option`.
pub(super) fn is_option(ty: &Type) -> bool {
    argument(ty, "Option").is_some()
}

/// `T` of `Option<T>`, or the type itself.
pub(super) fn without_option(ty: &Type) -> &Type {
    argument(ty, "Option").unwrap_or(ty)
}

/// The name of a type that is one, `Option` aside.
pub(super) fn plain(ty: &Type) -> Option<String> {
    last(without_option(ty)).filter(|it| it.arguments.is_none()).map(|it| it.ident.to_string())
}

/// What garde's `inner` goes down to: `T` of `Option<T>`, `Vec<T>` or `Json<Vec<T>>`.
pub(super) fn element(ty: &Type) -> Option<&Type> {
    let ty = argument(ty, "Json").unwrap_or(ty);
    argument(ty, "Option").or_else(|| argument(ty, "Vec"))
}

/// The type with `Self` spelt out, so that it means the same in another struct.
pub(super) fn named(ty: &Type, name: &Ident) -> Type {
    let tokens = replaced(ty.to_token_stream(), name);
    parse_quote!(#tokens)
}

fn replaced(tokens: TokenStream, name: &Ident) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(it) if it == "Self" => TokenTree::Ident(Ident::new(&name.to_string(), it.span())),
        TokenTree::Group(it) => {
            let mut group = Group::new(it.delimiter(), replaced(it.stream(), name));
            group.set_span(it.span());
            TokenTree::Group(group)
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => token,
    };
    tokens.into_iter().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_last_name_and_without_its_option() {
        let shapes = [
            (parse_quote!(Option<mainstay::Ref<User>>), Shape::Ref),
            (parse_quote!(Vec<u8>), Shape::Bytes),
            (parse_quote!(Vec<String>), Shape::Other),
            (parse_quote!(std::option::Option<String>), Shape::Text),
            (parse_quote!((i64, i64)), Shape::Other),
        ];
        for (ty, shape) in shapes {
            assert_eq!(Shape::of(&ty), shape);
        }
    }

    #[test]
    fn self_is_spelt_out_at_any_depth() {
        let ty = named(&parse_quote!(Option<Ref<Self>>), &parse_quote!(Post));
        assert_eq!(ty.to_token_stream().to_string().replace(' ', ""), "Option<Ref<Post>>");
    }
}
