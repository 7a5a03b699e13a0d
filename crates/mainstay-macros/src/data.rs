//! `#[data]`: what goes over the wire, and `#[derive(Validate)]`, which looks into it.

use darling::{Error, Result};
use heck::{
    ToKebabCase as _, ToLowerCamelCase as _, ToShoutySnakeCase as _, ToSnakeCase as _, ToUpperCamelCase as _,
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Path, parse_quote};

use crate::facade::facade;
use crate::model::checks;
use crate::nearest::unknown;
use crate::report::at;

/// What is said in `#[data(…)]`.
#[derive(Default)]
struct Options {
    open: bool,
    facade: Option<Path>,
}

/// The expansion of `#[data]`: the item with the derives and names that the wire asks for.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut item: DeriveInput = syn::parse2(item)?;
    let options = Options::read(options)?;
    let facade = options.facade.unwrap_or_else(facade);
    let text = |path: &str| format!("{}{path}", quote!(#facade).to_string().replace(' ', ""));
    let (serde, schemars, own) = (text("::serde"), text("::schemars"), text(""));
    let mut names = names(&item, options.open);
    let mut attributes: Vec<Attribute> = vec![
        parse_quote!(#[derive(#facade::serde::Serialize, #facade::serde::Deserialize, #facade::schemars::JsonSchema, #facade::Validate)]),
        parse_quote!(#[serde(crate = #serde)]),
        parse_quote!(#[schemars(crate = #schemars)]),
        parse_quote!(#[validate_data(crate = #own)]),
    ];
    attributes.append(&mut names);
    attributes.append(&mut item.attrs);
    item.attrs = attributes;
    Ok(quote!(#item))
}

impl Options {
    fn read(tokens: TokenStream) -> Result<Self> {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("open") {
                options.open = true;
            } else if meta.path.is_ident("crate") {
                options.facade = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            } else {
                let word = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
                return Err(meta.error(unknown("word", &word, &["open", "crate"])));
            }
            Ok(())
        });
        parser.parse2(tokens)?;
        Ok(options)
    }
}

/// The names that the wire knows, unless the author says otherwise.
fn names(item: &DeriveInput, open: bool) -> Vec<Attribute> {
    let written = written(&item.attrs);
    let mut attributes = Vec::new();
    let says = |word: &str| written.contains(word);
    match &item.data {
        Data::Enum(_) => {
            if !says("rename_all ") {
                attributes.push(parse_quote!(#[serde(rename_all = "snake_case")]));
            }
            if !says("rename_all_fields") {
                attributes.push(parse_quote!(#[serde(rename_all_fields = "camelCase")]));
            }
        }
        Data::Struct(of) => {
            let named = matches!(of.fields, Fields::Named(_));
            if named && !says("rename_all") {
                attributes.push(parse_quote!(#[serde(rename_all = "camelCase")]));
            }
            let flat = of.fields.iter().any(|it| self::written(&it.attrs).contains("flatten"));
            if named && !open && !flat && !says("deny_unknown_fields") {
                attributes.push(parse_quote!(#[serde(deny_unknown_fields)]));
            }
        }
        Data::Union(_) => {}
    }
    attributes
}

/// What the author says to serde.
fn written(attrs: &[Attribute]) -> String {
    let lists =
        attrs.iter().filter(|it| it.path().is_ident("serde")).filter_map(|it| it.meta.require_list().ok());
    lists.map(|it| it.tokens.to_string()).collect()
}

/// The expansion of `#[derive(Validate)]`.
pub(crate) fn validate(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let facade = named_facade(&input.attrs)?;
    let paths = Paths { kernel: quote!(#facade::kernel), garde: quote!(#facade::model::garde) };
    let style = value(&input.attrs, "rename_all");
    let looked = match &input.data {
        Data::Struct(of) => {
            let (pattern, looks) = fields(&of.fields, style.as_deref(), &paths)?;
            quote!(let Self #pattern = self; #looks)
        }
        Data::Enum(of) => {
            let style = value(&input.attrs, "rename_all_fields");
            let mut errors = Error::accumulator();
            let arms = of.variants.iter().filter_map(|it| {
                let (pattern, looks) = errors.handle(fields(&it.fields, style.as_deref(), &paths))?;
                let name = &it.ident;
                Some(quote!(Self::#name #pattern => { #looks }))
            });
            let arms: Vec<_> = arms.collect();
            errors.finish()?;
            quote!(match self { #(#arms)* })
        }
        Data::Union(_) => return Err(at(&input.ident, "a union cannot be looked into")),
    };
    let (ident, kernel) = (&input.ident, &paths.kernel);
    let (generics, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #kernel::Validate for #ident #types #bounds {
            #[allow(unused_variables, unused_imports)]
            fn validate(&self, flaws: &mut #kernel::Flaws) {
                use #kernel::{LookPast as _, LookWithin as _};
                #looked
            }
        }
    })
}

fn named_facade(attrs: &[Attribute]) -> Result<Path> {
    let mut named = None;
    for attribute in attrs.iter().filter(|it| it.path().is_ident("validate_data")) {
        attribute.parse_nested_meta(|meta| {
            named = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            Ok(())
        })?;
    }
    Ok(named.unwrap_or_else(facade))
}

/// The crates that the expansion calls.
struct Paths {
    kernel: TokenStream,
    garde: TokenStream,
}

/// A pattern that names the fields, and what looks into each.
fn fields(fields: &Fields, style: Option<&str>, paths: &Paths) -> Result<(TokenStream, TokenStream)> {
    let mut errors = Error::accumulator();
    let mut looks = TokenStream::new();
    let mut names = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        // Not the field's own name: a unit struct may be called like it, and would be taken for a pattern.
        let name = format_ident!("field_{index}");
        looks.extend(errors.handle(look(field, &name, style, paths)));
        names.push(name);
    }
    errors.finish()?;
    let pattern = match fields {
        Fields::Named(fields) => {
            let known = fields.named.iter().map(|it| &it.ident);
            quote!({ #(#known: #names),* })
        }
        Fields::Unnamed(_) => quote!((#(#names),*)),
        Fields::Unit => TokenStream::new(),
    };
    Ok((pattern, looks))
}

/// The rules of one field and what its own type finds, at its name; those of a nameless field stand for the whole.
fn look(field: &Field, name: &Ident, style: Option<&str>, paths: &Paths) -> Result<TokenStream> {
    let Paths { kernel, garde } = paths;
    let rules = checks::rules(&field.attrs, &field.ty, garde)?;
    let failed = rules.map(|rules| quote!({ let it = #name; flaws.add_failed(#rules); }));
    let looks = quote!(#failed (&#kernel::Nested(#name)).look_within(flaws););
    let Some(ident) = &field.ident else { return Ok(looks) };
    let known = known_as(field, ident, style);
    Ok(quote!(flaws.of(#known, |flaws| { #looks });))
}

/// The name that clients know a field by.
fn known_as(field: &Field, name: &Ident, style: Option<&str>) -> String {
    let plain = name.unraw().to_string();
    if let Some(renamed) = value(&field.attrs, "rename") {
        return renamed;
    }
    match style {
        Some("camelCase") => plain.to_lower_camel_case(),
        Some("snake_case") => plain.to_snake_case(),
        Some("kebab-case") => plain.to_kebab_case(),
        Some("PascalCase") => plain.to_upper_camel_case(),
        Some("SCREAMING_SNAKE_CASE") => plain.to_shouty_snake_case(),
        Some(_) | None => plain,
    }
}

/// `"camelCase"` of `#[serde(rename_all = "camelCase")]`.
fn value(attrs: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attrs.iter().filter(|it| it.path().is_ident("serde")) {
        // What is not a pair of a name and a text is serde's to judge.
        let _ = attribute.parse_nested_meta(|meta| {
            let text = meta.value().and_then(|it| it.parse::<LitStr>());
            if let (true, Ok(text)) = (meta.path.is_ident(key), text) {
                found = Some(text.value());
            }
            Ok(())
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_the_names_of_the_wire_unless_it_says_otherwise() {
        let expanded = |tokens| expand(TokenStream::new(), tokens).unwrap().to_string();
        let plain = expanded(quote!(
            struct Input {
                first_name: String,
            }
        ));
        assert!(
            plain.contains("rename_all = \"camelCase\"") && plain.contains("deny_unknown_fields"),
            "{plain}"
        );
        let own = expanded(quote!(
            #[serde(rename_all = "snake_case")]
            struct Input {
                first_name: String,
            }
        ));
        assert!(!own.contains("camelCase"), "{own}");
        let flat = expanded(quote!(
            struct Input {
                #[serde(flatten)]
                rest: Rest,
            }
        ));
        assert!(!flat.contains("deny_unknown_fields"), "{flat}");
    }

    #[test]
    fn a_field_is_looked_into_by_the_name_that_clients_know() {
        let looked = validate(quote! {
            #[serde(rename_all = "camelCase")]
            struct Input {
                #[garde(length(min = 1))]
                first_name: String,
                #[serde(rename = "kind")]
                sort: u8,
            }
        });
        let looked = looked.unwrap().to_string();
        assert!(
            looked.contains("flaws . of (\"firstName\"") && looked.contains("flaws . of (\"kind\""),
            "{looked}"
        );
    }
}
