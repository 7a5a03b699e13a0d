use darling::{Error, Result};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprArray, ExprLit, ExprPath, Lit, LitStr, Path, Token, parenthesized, token};

use crate::nearest::unknown;
use crate::report::at;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const WORDS: [&str; 15] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "auth",
    "middleware",
    "replay",
    "overrides",
    "validate_output",
    "summary",
    "description",
    "tags",
    "crate",
    "path",
];

/// `#[endpoint(post, "/posts/{id}/publish", auth(role = "editor"), replay = never)]`
#[derive(Default)]
pub(super) struct Options {
    pub(super) method: Option<Ident>,
    pub(super) path: Option<LitStr>,
    pub(super) admits: Admits,
    pub(super) middleware: Vec<Path>,
    pub(super) never_replayed: bool,
    pub(super) overrides: bool,
    pub(super) always_checked: bool,
    pub(super) summary: Option<LitStr>,
    pub(super) description: Option<LitStr>,
    pub(super) tags: Vec<LitStr>,
    pub(super) facade: Option<Path>,
}

#[derive(Default)]
pub(super) enum Admits {
    #[default]
    Everyone,
    SignedIn,
    Roles(Vec<LitStr>),
}

/// One thing between two commas.
enum Item {
    Text(LitStr),
    Word(Ident),
    Named(Ident, Expr),
    List(Ident, TokenStream),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Text(input.parse()?));
        }
        let name = Ident::parse_any(input)?;
        if input.peek(Token![=]) {
            let _: Token![=] = input.parse()?;
            return Ok(Self::Named(name, input.parse()?));
        }
        if input.peek(token::Paren) {
            let list;
            parenthesized!(list in input);
            return Ok(Self::List(name, list.parse()?));
        }
        Ok(Self::Word(name))
    }
}

fn items(tokens: TokenStream) -> syn::Result<Vec<Item>> {
    Ok(Punctuated::<Item, Token![,]>::parse_terminated.parse2(tokens)?.into_iter().collect())
}

impl Options {
    pub(super) fn read(tokens: TokenStream) -> Result<Self> {
        let mut options = Self::default();
        let mut errors = Error::accumulator();
        for item in items(tokens)? {
            errors.handle(options.take(item));
        }
        errors = errors.checkpoint()?;
        errors.handle(options.route_is_whole());
        errors.finish_with(options)
    }

    fn take(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Text(path) => self.path = Some(path_of(path)?),
            Item::Word(word) => self.take_word(word)?,
            Item::Named(name, value) => self.take_named(&name, value)?,
            Item::List(name, list) if name == "auth" => self.admits = roles(&name, list)?,
            Item::List(name, _) => return Err(at(&name, misplaced(&name))),
        }
        Ok(())
    }

    fn take_word(&mut self, word: Ident) -> Result<()> {
        let name = word.to_string();
        match name.as_str() {
            "auth" => self.admits = Admits::SignedIn,
            "overrides" => self.overrides = true,
            "validate_output" => self.always_checked = true,
            method if METHODS.contains(&method.to_ascii_lowercase().as_str()) => {
                self.method = Some(format_ident!("{}", capital(method), span = word.span()));
            }
            _ => return Err(at(&word, misplaced(&word))),
        }
        Ok(())
    }

    fn take_named(&mut self, name: &Ident, value: Expr) -> Result<()> {
        match name.to_string().as_str() {
            "middleware" => self.middleware = paths(&value)?,
            "replay" => self.never_replayed = never(&value)?,
            "summary" => self.summary = Some(text(&value)?),
            "description" => self.description = Some(text(&value)?),
            "tags" => self.tags = texts(&value)?,
            "crate" => self.facade = Some(text(&value)?.parse()?),
            "path" => self.path = Some(path_of(text(&value)?)?),
            _ => return Err(at(name, misplaced(name))),
        }
        Ok(())
    }

    fn route_is_whole(&self) -> Result<()> {
        match (&self.method, &self.path) {
            (Some(method), None) => {
                let method = method.to_string().to_lowercase();
                let message = format!("a method wants its path: `#[endpoint({method}, \"/hello\")]`");
                Err(Error::custom(message).with_span(&Span::call_site()))
            }
            (None, Some(path)) => {
                Err(at(path, format!("a path wants its method: `#[endpoint(get, {})]`", path.token())))
            }
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }
}

fn misplaced(word: &Ident) -> String {
    let name = word.to_string();
    match name.as_str() {
        "middleware" | "tags" => format!("expected `{name} = […]`"),
        "summary" | "description" | "path" => format!("expected `{name} = \"…\"`"),
        "replay" => "expected `replay = never`".to_owned(),
        "auth" => "expected `auth` or `auth(role = \"…\")`".to_owned(),
        "overrides" | "validate_output" => format!("`{name}` stands alone, without a value"),
        _ => unknown("word", &name, &WORDS),
    }
}

fn capital(method: &str) -> String {
    let lower = method.to_ascii_lowercase();
    let (first, rest) = lower.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

fn path_of(path: LitStr) -> Result<LitStr> {
    let text = path.value();
    if !text.starts_with('/') || (text.len() > 1 && text.ends_with('/')) {
        return Err(at(&path, format!("expected a path such as \"/posts/{{id}}\", found {text:?}")));
    }
    let colon = text.split('/').find_map(|segment| segment.strip_prefix(':'));
    if let Some(name) = colon {
        return Err(at(&path, format!("a parameter is written `{{{name}}}`, not `:{name}`")));
    }
    Ok(path)
}

fn roles(name: &Ident, list: TokenStream) -> Result<Admits> {
    let mut roles = Vec::new();
    for item in items(list)? {
        match item {
            Item::Named(key, value) if key == "role" => roles.push(text(&value)?),
            Item::Named(key, _) | Item::Word(key) | Item::List(key, _) => {
                return Err(at(&key, unknown("word", &key.to_string(), &["role"])));
            }
            Item::Text(role) => return Err(at(&role, format!("expected `role = {}`", role.token()))),
        }
    }
    if roles.is_empty() {
        return Err(at(name, "expected `auth` or `auth(role = \"…\")`"));
    }
    Ok(Admits::Roles(roles))
}

fn never(value: &Expr) -> Result<bool> {
    let said = value.to_token_stream().to_string();
    if said == "never" {
        Ok(true)
    } else {
        Err(at(value, format!("expected `replay = never`, found `{said}`")))
    }
}

fn text(value: &Expr) -> Result<LitStr> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else {
        return Err(at(value, "expected a text in quotes"));
    };
    Ok(text.clone())
}

fn texts(value: &Expr) -> Result<Vec<LitStr>> {
    let Expr::Array(ExprArray { elems, .. }) = value else {
        return Err(at(value, "expected a list of texts: `[\"…\"]`"));
    };
    elems.iter().map(text).collect()
}

fn paths(value: &Expr) -> Result<Vec<Path>> {
    let Expr::Array(ExprArray { elems, .. }) = value else {
        return Err(at(value, "expected a list of middleware: `[logger]`"));
    };
    let path = |it: &Expr| {
        let Expr::Path(ExprPath { path, .. }) = it else {
            return Err(at(it, "expected the name of a function under `#[middleware]`"));
        };
        Ok(path.clone())
    };
    elems.iter().map(path).collect()
}

impl Admits {
    pub(super) fn emit(&self, endpoint: &TokenStream) -> TokenStream {
        match self {
            Self::Everyone => quote!(#endpoint::Admits::Everyone),
            Self::SignedIn => quote!(#endpoint::Admits::SignedIn),
            Self::Roles(roles) => quote!(#endpoint::Admits::Roles(&[#(#roles),*])),
        }
    }
}
