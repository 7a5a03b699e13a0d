use darling::{Error, Result};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::{Expr, LitStr, Path};

use crate::admits::Admits;
use crate::items::{self, Item, items, text, texts};
use crate::nearest::unknown;
use crate::rate::Rate;
use crate::report::at;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const WORDS: [&str; 16] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "auth",
    "rate_limit",
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
    pub(super) rate: Option<Rate>,
    pub(super) middleware: Vec<Path>,
    pub(super) never_replayed: bool,
    pub(super) overrides: bool,
    pub(super) always_checked: bool,
    pub(super) summary: Option<LitStr>,
    pub(super) description: Option<LitStr>,
    pub(super) tags: Vec<LitStr>,
    pub(super) facade: Option<Path>,
}

impl Options {
    pub(super) fn read(tokens: TokenStream) -> Result<Self> {
        let items = items(tokens)?;
        let mut options = Self::default();
        let mut errors = Error::accumulator();
        for item in items {
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
            Item::List(name, list) if name == "auth" => self.admits = Admits::roles(&name, list)?,
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
            "rate_limit" => self.rate = Some(Rate::read(&value)?),
            "middleware" => self.middleware = items::middleware(&value)?,
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
        "rate_limit" => Rate::EXPECTED.to_owned(),
        "replay" => "expected `replay = never`".to_owned(),
        "auth" => Admits::EXPECTED.to_owned(),
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

fn never(value: &Expr) -> Result<bool> {
    let said = value.to_token_stream().to_string();
    if said == "never" {
        Ok(true)
    } else {
        Err(at(value, format!("expected `replay = never`, found `{said}`")))
    }
}
