use darling::{Error, Result};
use proc_macro2::{Span as Source, TokenStream};
use syn::ext::IdentExt;
use syn::{Expr, Ident, LitStr, Path};

use super::Kind;
use super::path::OperationPath;
use crate::admits::Admits;
use crate::items::{Item, items_once, middleware, text, texts};
use crate::nearest::unknown;
use crate::rate::Rate;
use crate::report::at;
use crate::retrying::Retrying;
use crate::span::Span;
use crate::task::task_name;
use crate::versioning::Versioning;

const WORDS: [&str; 14] = [
    "path",
    "queue",
    "auth",
    "retry",
    "version",
    "upgrade",
    "cache",
    "rate_limit",
    "middleware",
    "metadata",
    "summary",
    "description",
    "tags",
    "crate",
];

const CACHE: &str =
    "expected `cache = \"10s\"`, or `cache(time = \"10s\", shared)` where all callers are given one answer";

/// `#[mutation(queue = "jobs", path = "users.create", auth(role = "admin"), retry = 5)]`
pub(super) struct Options {
    pub(super) path: OperationPath,
    pub(super) said: Said,
}

/// What is said beside the path.
#[derive(Default)]
pub(super) struct Said {
    pub(super) queue: Option<LitStr>,
    pub(super) admits: Admits,
    pub(super) retrying: Retrying,
    pub(super) versioning: Versioning,
    pub(super) cache: Option<Cache>,
    pub(super) rate: Option<Rate>,
    pub(super) middleware: Vec<Path>,
    pub(super) metadata: Vec<(String, LitStr)>,
    pub(super) summary: Option<LitStr>,
    pub(super) description: Option<LitStr>,
    pub(super) tags: Vec<LitStr>,
    pub(super) facade: Option<Path>,
}

/// For how long and to whom what a query gave is given again.
pub(super) struct Cache {
    pub(super) time: Span,
    /// The word that says that callers share it.
    pub(super) shared: Option<Ident>,
}

impl Options {
    pub(super) fn read(kind: Kind, tokens: TokenStream) -> Result<Self> {
        let items = items_once(tokens)?;
        let mut errors = Error::accumulator();
        let (mut path, mut said) = (None, Said::default());
        for item in items {
            match item {
                Item::Named(name, value) if name == "path" => path = errors.handle(text(&value)),
                other @ (Item::Text(_) | Item::Word(_) | Item::Named(..) | Item::List(..)) => {
                    errors.handle(said.take(kind, other));
                }
            }
        }
        errors.handle(said.versioning.is_sound());
        errors = errors.checkpoint()?;
        let missing = || {
            let name = if kind == Kind::Mutation { "mutation" } else { "query" };
            Error::custom(format!("{} has a path: `#[{name}(path = \"users.create\")]`", kind.word()))
                .with_span(&Source::call_site())
        };
        let path = errors.handle(path.ok_or_else(missing).and_then(OperationPath::read));
        errors.finish()?;
        path.map(|path| Self { path, said }).ok_or_else(missing)
    }
}

impl Said {
    fn take(&mut self, kind: Kind, item: Item) -> Result<()> {
        match item {
            Item::Word(word) if word == "auth" => self.admits = Admits::SignedIn,
            Item::List(name, list) if name == "auth" => self.admits = Admits::roles(&name, list)?,
            Item::List(name, list) if name == "retry" => self.retrying.take_list(list)?,
            Item::List(name, list) if name == "cache" => self.cache = Some(Cache::list(kind, &name, list)?),
            Item::List(name, list) if name == "metadata" => self.metadata = metadata(list)?,
            Item::Named(name, value) => self.take_named(kind, &name, &value)?,
            Item::Word(name) | Item::List(name, _) => return Err(at(&name, misplaced(&name))),
            Item::Text(text) => return Err(at(&text, format!("expected `path = {}`", text.token()))),
        }
        Ok(())
    }

    fn take_named(&mut self, kind: Kind, name: &Ident, value: &Expr) -> Result<()> {
        match name.to_string().as_str() {
            "queue" => self.queue = Some(task_name(value)?),
            "retry" => drop(self.retrying.take(name, value)?),
            "cache" => {
                Cache::is_of_a_query(kind, name)?;
                self.cache = Some(Cache { time: Span::read(value)?, shared: None });
            }
            "rate_limit" => self.rate = Some(Rate::read(value)?),
            "middleware" => self.middleware = middleware(value)?,
            "summary" => self.summary = Some(text(value)?),
            "description" => self.description = Some(text(value)?),
            "tags" => self.tags = texts(value)?,
            "crate" => self.facade = Some(text(value)?.parse()?),
            _ if self.versioning.take(name, value)? => {}
            _ => return Err(at(name, misplaced(name))),
        }
        Ok(())
    }
}

impl Cache {
    fn list(kind: Kind, name: &Ident, list: TokenStream) -> Result<Self> {
        Self::is_of_a_query(kind, name)?;
        let (mut time, mut shared) = (None, None);
        for item in items_once(list)? {
            match item {
                Item::Named(key, value) if key == "time" => time = Some(Span::read(&value)?),
                Item::Word(word) if word == "shared" => shared = Some(word),
                Item::Named(key, _) | Item::Word(key) | Item::List(key, _) => return Err(at(&key, CACHE)),
                Item::Text(text) => return Err(at(&text, CACHE)),
            }
        }
        time.map(|time| Self { time, shared }).ok_or_else(|| at(name, CACHE))
    }

    fn is_of_a_query(kind: Kind, name: &Ident) -> Result<()> {
        match kind {
            Kind::Query => Ok(()),
            Kind::Mutation => {
                Err(at(name, "a mutation's answer is not given again: only a query has `cache`"))
            }
        }
    }
}

/// Reads `permission = "orders.write"`.
fn metadata(list: TokenStream) -> Result<Vec<(String, LitStr)>> {
    let entry = |item| match item {
        Item::Named(name, value) => Ok((name.unraw().to_string(), text(&value)?)),
        Item::Word(name) | Item::List(name, _) => Err(at(&name, format!("expected `{name} = \"…\"`"))),
        Item::Text(text) => Err(at(&text, format!("expected a name: `permission = {}`", text.token()))),
    };
    items_once(list)?.into_iter().map(entry).collect()
}

fn misplaced(word: &Ident) -> String {
    let name = word.to_string();
    match name.as_str() {
        "auth" => Admits::EXPECTED.to_owned(),
        "retry" => {
            "expected `retry = 5` or `retry(max = 10, backoff = \"exponential\", base = \"5s\")`".to_owned()
        }
        "version" => "expected `version = 2`".to_owned(),
        "upgrade" => "expected `upgrade = upgrade_input`".to_owned(),
        "cache" => CACHE.to_owned(),
        "rate_limit" => Rate::EXPECTED.to_owned(),
        "metadata" => "expected `metadata(permission = \"…\")`".to_owned(),
        "tags" | "middleware" => format!("expected `{name} = […]`"),
        "queue" | "path" | "summary" | "description" | "crate" => format!("expected `{name} = \"…\"`"),
        "backoff" | "base" => format!("`{name}` stands in `retry`: `retry(max = 10, {name} = \"…\")`"),
        _ => unknown("word", &name, &WORDS),
    }
}
