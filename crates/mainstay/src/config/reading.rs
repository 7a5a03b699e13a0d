use secrecy::SecretString;

use super::choice::Mode;
use super::fault::{Fault, Faults, Found};
use super::shape::{Shape, Wrong};
use super::sources::{Layer, Sources};
use super::table::ENV;
use super::unknown;
use super::variable::{Fallback, PerStart, Preset, Secrecy, Unset, Variable};

/// One pass over the sources. Reads every variable, whatever is wrong with others, and gathers the
/// faults.
pub(super) struct Reading<'a> {
    sources: &'a Sources,
    mode: Mode,
    faults: Vec<Fault>,
    notices: Vec<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn begin(sources: &'a Sources) -> Self {
        let faults = sources.faults.clone();
        let mut reading = Self { sources, mode: Mode::Development, faults, notices: Vec::new() };
        reading.mode = reading.value(&ENV);
        reading
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// The value, or the default. After a fault the default stands in, so that reading goes on.
    pub(super) fn value<S: Shape>(&mut self, variable: &Variable<S, Preset>) -> S::Out {
        self.read(variable).unwrap_or_else(|| {
            let preset = variable.fallback.text(self.mode, &self.sources.app);
            let value = variable.shape.read(&preset, &self.sources.root);
            value.unwrap_or_else(|_| panic!("the default of {} does not have its shape", variable.name))
        })
    }

    /// The value, where there is one. An empty text is none.
    pub(super) fn optional<S: Shape>(&mut self, variable: &Variable<S, Unset>) -> Option<S::Out> {
        match self.sources.get(variable.name) {
            Some((text, _)) if text.trim().is_empty() => None,
            Some(_) | None => self.read(variable),
        }
    }

    /// The secret, or a random one for this start; in production it must be given.
    pub(super) fn key<S>(&mut self, variable: &Variable<S, PerStart>) -> SecretString
    where
        S: Shape<Out = SecretString>,
    {
        if self.sources.get(variable.name).is_some() || self.mode == Mode::Production {
            let before = self.faults.len();
            let secret = self.read(variable);
            if secret.is_none() && self.faults.len() == before {
                self.blame(variable, Found::Nothing, Wrong::Shape);
            }
            return secret.unwrap_or_default();
        }
        self.notice(format!("{} is not set: a random one holds for this start alone", variable.name));
        match mainstay_auth::random_secret() {
            Ok(secret) => secret.into(),
            Err(_) => {
                self.blame(variable, Found::Nothing, Wrong::fix("set it: this system gives no random bytes"));
                SecretString::default()
            }
        }
    }

    /// Blames what was given for a variable that is right by itself and wrong beside another.
    pub(super) fn contradiction<S: Shape, F: Fallback>(&mut self, variable: &Variable<S, F>, fix: &str) {
        let given = self.sources.get(variable.name);
        let found = given.map_or(Found::Nothing, |(text, layer)| fit_to_print(variable, text, layer));
        self.blame(variable, found, Wrong::fix(fix));
    }

    /// Something worth saying at start.
    pub(super) fn notice(&mut self, text: String) {
        self.notices.push(text);
    }

    /// The notices, if there were no faults, here or in the application's own configuration.
    pub(super) fn end(mut self, own: Vec<Fault>) -> Result<Vec<String>, Faults> {
        self.faults.extend(own);
        let unknown = unknown::look(self.sources);
        self.faults.extend(unknown.faults);
        self.notices.extend(unknown.notices);
        if self.faults.is_empty() { Ok(self.notices) } else { Err(Faults(self.faults)) }
    }

    fn read<S: Shape, F: Fallback>(&mut self, variable: &Variable<S, F>) -> Option<S::Out> {
        let (text, layer) = self.sources.get(variable.name)?;
        let trimmed = match variable.secrecy {
            Secrecy::Open => text.trim(),
            Secrecy::Secret => text,
        };
        match variable.shape.read(trimmed, &self.sources.root) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.blame(variable, fit_to_print(variable, text, layer), wrong);
                None
            }
        }
    }

    fn blame<S: Shape, F: Fallback>(&mut self, variable: &Variable<S, F>, found: Found, wrong: Wrong) {
        self.faults.push(Fault {
            name: variable.name.to_owned(),
            found,
            expected: variable.shape.expected(),
            fix: match wrong {
                Wrong::Shape => variable.fallback.fix(variable.name, variable.example),
                Wrong::Fix(fix) => fix,
            },
        });
    }
}

fn fit_to_print<S, F>(variable: &Variable<S, F>, text: &str, layer: Layer) -> Found {
    match variable.secrecy {
        Secrecy::Open => Found::Text(text.to_owned(), layer),
        Secrecy::Secret => Found::Secret(text.len(), layer),
    }
}
