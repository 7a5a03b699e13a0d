use darling::{Error, Result};
use proc_macro2::{Span as Source, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Ident, LitStr, Path};

use super::expression;
use crate::items::{Item, items_once, number, text};
use crate::nearest::unknown;
use crate::report::at;
use crate::retrying::Retrying;
use crate::span::Span;
use crate::versioning::Versioning;

const WORDS: [&str; 13] = [
    "name",
    "queue",
    "retry",
    "timeout",
    "backoff",
    "base",
    "concurrency",
    "batch",
    "subscribe",
    "keep",
    "version",
    "upgrade",
    "crate",
];
const CRON_WORDS: [&str; 9] =
    ["timezone", "timeout", "overlap", "missed", "name", "retry", "backoff", "base", "crate"];

const OVERLAPS: [(&str, &str); 3] = [("skip", "Skip"), ("queue", "Queue"), ("allow", "Allow")];
const MISSED: [(&str, &str); 3] = [("once", "RunOnce"), ("all", "RunAll"), ("skip", "Skip")];

/// `#[worker(name = "process-order", queue = "mail", retry = 5, timeout = "60s")]`
#[derive(Default)]
pub(crate) struct Options {
    pub(super) name: Option<LitStr>,
    pub(super) queue: Option<LitStr>,
    pub(super) retrying: Retrying,
    pub(super) timeout: Option<Span>,
    pub(super) concurrency: Option<u32>,
    /// How many tasks it runs together at most.
    pub(crate) batch: Option<u32>,
    /// The subjects of which it is given what is published.
    pub(super) subscribe: Option<LitStr>,
    /// How long what it gives is kept.
    pub(super) keep: Option<Span>,
    pub(super) versioning: Versioning,
    pub(crate) facade: Option<Path>,
}

impl Options {
    pub(super) fn read(tokens: TokenStream) -> Result<Self> {
        let items = items_once(tokens)?;
        let mut options = Self::default();
        let mut errors = Error::accumulator();
        for item in items {
            errors.handle(options.take(item, &WORDS));
        }
        if options.keep.is_some() && options.batch.is_some() {
            let message =
                "tasks that run together have no value of their own to keep: leave `keep` or `batch` away";
            errors.push(Error::custom(message).with_span(&Source::call_site()));
        }
        errors.handle(options.versioning.is_sound());
        errors.finish_with(options)
    }

    pub(crate) fn take(&mut self, item: Item, words: &[&str]) -> Result<()> {
        match item {
            Item::Named(name, value) if words.contains(&name.to_string().as_str()) => {
                self.take_named(&name, &value)
            }
            Item::List(name, list) if name == "retry" => self.retrying.take_list(list),
            Item::Named(name, _) | Item::Word(name) | Item::List(name, _) => {
                Err(at(&name, misplaced(&name, words)))
            }
            Item::Text(text) => Err(at(&text, format!("expected `name = {}`", text.token()))),
        }
    }

    fn take_named(&mut self, name: &Ident, value: &Expr) -> Result<()> {
        match name.to_string().as_str() {
            "name" => self.name = Some(task_name(value)?),
            "queue" => self.queue = Some(task_name(value)?),
            "timeout" => self.timeout = Some(Span::read(value)?),
            "concurrency" => self.concurrency = Some(number(value, 1)?),
            "batch" => self.batch = Some(number(value, 2)?),
            "keep" => self.keep = Some(Span::read(value)?),
            "subscribe" => self.subscribe = Some(text(value)?),
            "crate" => self.facade = Some(text(value)?.parse()?),
            _ if self.versioning.take(name, value)? => {}
            _ => drop(self.retrying.take(name, value)?),
        }
        Ok(())
    }
}

/// `#[cron("0 3 * * *", timezone = "Europe/Berlin", overlap = skip)]`
pub(super) struct CronOptions {
    pub(super) expression: LitStr,
    pub(super) timezone: Option<LitStr>,
    /// A variant of `Overlap`.
    pub(super) overlap: Option<Ident>,
    /// A variant of `Missed`.
    pub(super) missed: Option<Ident>,
    pub(super) worker: Options,
}

impl CronOptions {
    pub(super) fn read(tokens: TokenStream) -> Result<Self> {
        let items = items_once(tokens)?;
        let mut errors = Error::accumulator();
        let (mut expression, mut timezone, mut overlap, mut missed) = (None, None, None, None);
        let mut worker = Options::default();
        for item in items {
            match item {
                Item::Text(text) if expression.is_none() => expression = Some(text),
                Item::Text(text) => {
                    errors.push(at(&text, "a cron has one expression: write another cron for this one"))
                }
                Item::Named(name, value) if name == "timezone" => timezone = errors.handle(text(&value)),
                Item::Named(name, value) if name == "overlap" => {
                    overlap = errors.handle(word(&value, "overlap", &OVERLAPS))
                }
                Item::Named(name, value) if name == "missed" => {
                    missed = errors.handle(word(&value, "missed", &MISSED))
                }
                other @ (Item::Word(_) | Item::Named(..) | Item::List(..)) => {
                    errors.handle(worker.take(other, &CRON_WORDS));
                }
            }
        }
        match &expression {
            Some(text) => {
                errors.handle(expression::looks_right(text));
            }
            None => errors.push(
                Error::custom("a cron says when it is due: `#[cron(\"0 3 * * *\")]`")
                    .with_span(&Source::call_site()),
            ),
        }
        errors.finish()?;
        let expression = expression.unwrap_or_else(|| LitStr::new("", Source::call_site()));
        Ok(Self { expression, timezone, overlap, missed, worker })
    }
}

fn misplaced(word: &Ident, words: &[&str]) -> String {
    let name = word.to_string();
    match name.as_str() {
        _ if !words.contains(&name.as_str()) => unknown("word", &name, words),
        "priority" => "expected `priority = 50`".to_owned(),
        "overlap" => "expected `overlap = skip`, `queue` or `allow`".to_owned(),
        "missed" => "expected `missed = once`, `all` or `skip`".to_owned(),
        "retry" => "expected `retry = 5`".to_owned(),
        "version" => "expected `version = 2`".to_owned(),
        "upgrade" => "expected `upgrade = upgrade_input`".to_owned(),
        "concurrency" => "expected `concurrency = 4`".to_owned(),
        "timeout" | "base" | "keep" => format!("expected `{name} = \"60s\"`"),
        _ => format!("expected `{name} = \"…\"`"),
    }
}

/// The name of a task or a queue.
pub(crate) fn task_name(value: &Expr) -> Result<LitStr> {
    let text = text(value)?;
    let name = text.value();
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(at(&text, format!("expected letters, digits, `-`, `_` and `.`, found {name:?}")));
    }
    Ok(text)
}

/// One of these words, as the variant that it stands for.
fn word(value: &Expr, of: &str, words: &[(&str, &str); 3]) -> Result<Ident> {
    let said = quote!(#value).to_string();
    match words.iter().find(|(word, _)| *word == said) {
        Some((_, variant)) => Ok(Ident::new(variant, Source::call_site())),
        None => {
            let names = words.map(|(word, _)| word);
            let said = said.trim_matches('"');
            Err(at(&value.to_token_stream(), unknown(of, said, &names)))
        }
    }
}
