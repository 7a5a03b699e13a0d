//! What an author writes of an index: `unique(slug, created_at desc, where(published = true))`.

use darling::{Error, FromMeta, Result};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprUnary, Ident, Meta, Token, UnOp, parenthesized};

use crate::report::at;

/// The fields of an index, and of which rows it is.
pub(super) struct WrittenIndex {
    pub(super) fields: Vec<WrittenField>,
    pub(super) only: Vec<Condition>,
}

/// `created_at`, `created_at desc`.
pub(super) struct WrittenField {
    pub(super) name: Ident,
    pub(super) order: Order,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// `published = true`, `deleted_at is null`.
pub(super) struct Condition {
    pub(super) field: Ident,
    pub(super) is: Is,
}

/// What the field must be like.
#[derive(Clone)]
pub(super) enum Is {
    Missing,
    There,
    Equal(Expr),
    NotEqual(Expr),
}

impl FromMeta for WrittenIndex {
    fn from_meta(item: &Meta) -> Result<Self> {
        const EXPECTED: &str = "an index names fields: `index(a, b)`";
        match item {
            Meta::List(list) if list.tokens.is_empty() => Err(at(item, EXPECTED)),
            Meta::List(list) => list.parse_args().map_err(Error::from),
            Meta::Path(_) | Meta::NameValue(_) => Err(at(item, EXPECTED)),
        }
    }
}

impl Parse for WrittenIndex {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut index = Self { fields: Vec::new(), only: Vec::new() };
        while !input.is_empty() {
            if input.peek(Token![where]) {
                input.parse::<Token![where]>()?;
                let conditions;
                parenthesized!(conditions in input);
                index.only = all(&conditions)?;
                break;
            }
            index.fields.push(input.parse()?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if !input.is_empty() {
            return Err(input.error("`where(…)` stands last in an index"));
        }
        if index.fields.is_empty() {
            return Err(input.error("an index names fields: `index(a, b)`"));
        }
        Ok(index)
    }
}

impl Parse for WrittenField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let order: Option<Ident> = if input.peek(Ident) { Some(input.parse()?) } else { None };
        let order = match order {
            None => Order::Ascending,
            Some(it) if it == "asc" => Order::Ascending,
            Some(it) if it == "desc" => Order::Descending,
            Some(it) => return Err(syn::Error::new(it.span(), "expected `asc` or `desc`, or a comma")),
        };
        Ok(Self { name, order })
    }
}

/// Conditions that all must hold.
fn all(input: ParseStream<'_>) -> syn::Result<Vec<Condition>> {
    let mut conditions = vec![input.parse()?];
    while !input.is_empty() {
        let and: Ident = Ident::parse_any(input)?;
        if and != "and" {
            return Err(syn::Error::new(and.span(), "conditions of an index are joined by `and`"));
        }
        conditions.push(input.parse()?);
    }
    Ok(conditions)
}

impl Parse for Condition {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let field = Ident::parse_any(input)?;
        let is = if input.peek(Token![!=]) {
            input.parse::<Token![!=]>()?;
            Is::NotEqual(value(input)?)
        } else if input.peek(Token![=]) && !input.peek(Token![==]) {
            input.parse::<Token![=]>()?;
            Is::Equal(value(input)?)
        } else if word(input, "is") {
            let there = word(input, "not");
            if !word(input, "null") {
                return Err(input.error("expected `is null` or `is not null`"));
            }
            if there { Is::There } else { Is::Missing }
        } else {
            return Err(input.error("expected `=`, `!=`, `is null` or `is not null`"));
        };
        Ok(Self { field, is })
    }
}

/// Takes this word, if it is next.
fn word(input: ParseStream<'_>, word: &str) -> bool {
    let fork = input.fork();
    let is_next = fork.call(Ident::parse_any).is_ok_and(|it| it == word);
    is_next && input.call(Ident::parse_any).is_ok()
}

/// A literal or a constant. What is computed could be another value tomorrow.
fn value(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    let is_negative = |it: &ExprUnary| matches!((&it.op, &*it.expr), (UnOp::Neg(_), Expr::Lit(_)));
    if matches!(&expr, Expr::Lit(_) | Expr::Path(_)) || matches!(&expr, Expr::Unary(it) if is_negative(it)) {
        return Ok(expr);
    }
    Err(syn::Error::new_spanned(&expr, "an index compares with a literal or a constant"))
}

impl Is {
    /// Its tokens, by which two conditions are the same.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Missing => "is null".to_owned(),
            Self::There => "is not null".to_owned(),
            Self::Equal(it) => format!("= {}", it.to_token_stream()),
            Self::NotEqual(it) => format!("!= {}", it.to_token_stream()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<String, String> {
        let index: WrittenIndex = syn::parse_str(text).map_err(|error| error.to_string())?;
        let fields = index.fields.iter().map(|it| match it.order {
            Order::Ascending => it.name.to_string(),
            Order::Descending => format!("-{}", it.name),
        });
        let only = index.only.iter().map(|it| format!("{} {}", it.field, it.is.text()));
        Ok(format!("{} | {}", fields.collect::<Vec<_>>().join(" "), only.collect::<Vec<_>>().join(" | ")))
    }

    #[test]
    fn an_index_is_read_as_it_is_written() {
        for (written, meant) in [
            ("slug", "slug | "),
            ("user, created_at desc, type asc,", "user -created_at type | "),
            ("slug, where(published = true)", "slug | published = true"),
            (
                "a, where(deleted_at is null and b is not null and c != -1 and d = State::Live)",
                "a | deleted_at is null | b is not null | c != - 1 | d = State :: Live",
            ),
        ] {
            assert_eq!(read(written).as_deref(), Ok(meant));
        }
        for (written, wrong) in [
            ("slug sideways", "`asc` or `desc`"),
            ("where(a = 1)", "names fields"),
            ("slug, where(a = 1), b", "stands last"),
            ("slug, where(a == 1)", "expected `=`"),
            ("slug, where(a is nothing)", "`is null`"),
            ("slug, where(a = 1 or b = 2)", "joined by `and`"),
            ("slug, where(a = now())", "a literal or a constant"),
            ("slug, where(a)", "expected `=`"),
        ] {
            let error = read(written).expect_err(written);
            assert!(error.contains(wrong), "{written}: {error}");
        }
    }
}
