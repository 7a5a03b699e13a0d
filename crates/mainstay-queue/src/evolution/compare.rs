use std::collections::BTreeSet;
use std::fmt;

use mainstay_kernel::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::change::Change;
use super::judgement::{Judgement, Reader, Verdict, Versions, of_input, of_output};
use super::shapes::changes;

/// What one version of a program changes of what the one before promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What it means.
    pub verdict: Verdict,
    /// Of what: ``operation `users.create` ``.
    pub of: String,
    /// At which place of it, such as `input.address.city`.
    pub path: String,
    /// What changed, in words.
    pub what: String,
    /// Why it is safe or is not.
    pub why: &'static str,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict, of, path, what, why } = self;
        let verdict = match verdict {
            Verdict::Safe => "safe",
            Verdict::MayBreak => "may break",
            Verdict::Breaking => "breaking",
        };
        let place = if path.is_empty() { String::new() } else { format!(" `{path}`") };
        write!(f, "{verdict:<9}  {of}{place} {what}: {why}")
    }
}

/// What became of a [`contract`](super::contract()) in the one of a later version: the worst first.
///
/// # Errors
/// Bad request, when one of them is no contract.
pub fn compare(before: &Value, after: &Value) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    for (kind, reader) in [("operations", Reader::Operation), ("workers", Reader::Worker)] {
        let (old, new) = (entries(before, kind)?, entries(after, kind)?);
        let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for name in names {
            let of = format!("{} `{name}`", kind.trim_end_matches('s'));
            let mut entry = Entry { of, reader, found: &mut found };
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => entry.compare(old, new, after),
                (Some(_), None) => entry.is_gone(),
                (None, Some(_)) => entry.tell("", "is new", (Verdict::Safe, "nobody knew it")),
                (None, None) => {}
            }
        }
    }
    found.sort_by_key(|it| std::cmp::Reverse(it.verdict));
    Ok(found)
}

fn entries<'c>(contract: &'c Value, kind: &str) -> Result<&'c Map<String, Value>> {
    contract.get(kind).and_then(Value::as_object).ok_or_else(|| {
        let message = format!("there is no `{kind}` in it: expected what `ops schema` writes");
        Error::bad_request("bad_request", message)
    })
}

/// An operation or a worker, and what is found of it.
struct Entry<'f> {
    of: String,
    reader: Reader,
    found: &'f mut Vec<Difference>,
}

impl Entry<'_> {
    fn tell(&mut self, path: &str, what: impl Into<String>, (verdict, why): Judgement) {
        let (of, path, what) = (self.of.clone(), path.to_owned(), what.into());
        self.found.push(Difference { verdict, of, path, what, why });
    }

    fn is_gone(&mut self) {
        let why = match self.reader {
            Reader::Operation => "callers are answered 404, and its tasks wait for ever",
            Reader::Worker => "its tasks wait for ever: take it away once none is left",
        };
        self.tell("", "is gone", (Verdict::Breaking, why));
    }

    fn compare(&mut self, old: &Value, new: &Value, after: &Value) {
        let versions = self.versions(old, new);
        for change in changes(&old["input"], &new["input"]) {
            let judgement = of_input(change.effect, self.reader, versions);
            self.tell(&place("input", &change), change.what, judgement);
        }
        self.queue(old, new, after);
        if self.reader == Reader::Operation {
            self.kind(old, new);
            self.output("output", &old["output"], &new["output"]);
            self.errors(&old["errors"], &new["errors"]);
        }
    }

    fn versions(&mut self, old: &Value, new: &Value) -> Versions {
        let version = |of: &Value| of["version"].as_u64().unwrap_or(1);
        let upgrades = |of: &Value| of["upgrade"] == true;
        let (was, is) = (version(old), version(new));
        if upgrades(old) && !upgrades(new) {
            let why = "inputs of earlier versions are read as they are";
            self.tell("upgrade", "is gone", (Verdict::MayBreak, why));
        }
        if is == was {
            return Versions::Same;
        }
        let judgement = if is < was {
            (Verdict::Breaking, "tasks of the later one wait for ever, and calls that say it are refused")
        } else {
            (Verdict::Safe, "processes of the version before set its tasks aside for those that know it")
        };
        self.tell("version", format!("went from {was} to {is}"), judgement);
        match (is > was, upgrades(new)) {
            (true, true) => Versions::Upgraded,
            (true, false) => Versions::Raised,
            (false, _) => Versions::Same,
        }
    }

    fn queue(&mut self, old: &Value, new: &Value, after: &Value) {
        let (was, is) = (&old["queue"], &new["queue"]);
        if was == is {
            return;
        }
        let is_served = after["queues"].as_array().is_some_and(|all| all.contains(was));
        let judgement = if is_served {
            (Verdict::Safe, "the queue in which its tasks wait is still served")
        } else {
            (
                Verdict::Breaking,
                "nobody serves the queue in which its tasks wait: say it by `App::queue` until none is left",
            )
        };
        self.tell("queue", format!("went from {was} to {is}"), judgement);
    }

    fn kind(&mut self, old: &Value, new: &Value) {
        match (old["kind"].as_str(), new["kind"].as_str()) {
            (Some("query"), Some("mutation")) => {
                let why = "it is not called by `GET` any more, and repeating it writes again";
                self.tell("", "was a query, and is a mutation", (Verdict::Breaking, why));
            }
            (Some("mutation"), Some("query")) => {
                let why = "a repeated request is run again in place of being answered the same";
                self.tell("", "was a mutation, and is a query", (Verdict::MayBreak, why));
            }
            _ => {}
        }
    }

    fn output(&mut self, within: &str, old: &Value, new: &Value) {
        for change in changes(old, new) {
            self.tell(&place(within, &change), change.what, of_output(change.effect));
        }
    }

    fn errors(&mut self, old: &Value, new: &Value) {
        let empty = Map::new();
        let [old, new] = [old, new].map(|it| it.as_object().unwrap_or(&empty));
        let codes: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for code in codes {
            let path = format!("errors.{code}");
            match (old.get(code), new.get(code)) {
                (Some(_), None) => self.tell(&path, "is gone", (Verdict::Safe, "nobody meets it any more")),
                (None, Some(_)) => {
                    let why = "a client that tells all errors apart meets another one";
                    self.tell(&path, "is new", (Verdict::MayBreak, why));
                }
                (Some(was), Some(is)) => {
                    let statuses = (&was["status"], &is["status"]);
                    if statuses.0 != statuses.1 {
                        let what = format!("went from status {} to {}", statuses.0, statuses.1);
                        self.tell(&path, what, (Verdict::Breaking, "clients tell errors apart by it"));
                    }
                    self.output(&format!("{path}.data"), &was["data"], &is["data"]);
                }
                (None, None) => {}
            }
        }
    }
}

fn place(within: &str, change: &Change) -> String {
    format!("{within}{}", change.path)
}
