//! The application's own configuration, read beside the framework's.

use std::any::type_name;

use mainstay_kernel::Place;
use mainstay_web::{Env, States};

use super::fault::{Fault, Faults, Found};
use super::from_variable::{FromVariable, secrecy};
use super::nearest::nearest;
use super::sources::{Layer, Sources};
use super::table::ALL;
use super::variable::Secrecy;

/// A struct that `#[derive(Config)]` reads from variables.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no configuration of an application",
    label = "cannot be read from variables",
    note = "write `#[derive(Config, Clone)]` on the struct"
)]
pub trait Settings: Clone + Send + Sync + 'static {
    /// What the names of its variables begin with; may be empty.
    const PREFIX: &'static str;

    /// Its variables, in the order of its fields.
    const VARIABLES: &'static [Setting];

    /// Reads each field, whatever is wrong with others; `None` when one of them is at fault.
    fn read(values: &mut Values<'_>) -> Option<Self>;
}

/// One variable of the application's.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    name: &'static str,
    meaning: &'static str,
    default: Option<&'static str>,
    expected: fn() -> String,
    secrecy: Secrecy,
}

impl Setting {
    /// A variable of this name that is read as a `T`. The default is written as the variable would be.
    pub const fn of<T: FromVariable>(
        name: &'static str,
        meaning: &'static str,
        default: Option<&'static str>,
    ) -> Self {
        Self { name, meaning, default, expected: T::expected, secrecy: secrecy::<T>() }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    fn fault(&self, found: Found, fix: String) -> Fault {
        Fault { name: self.name.to_owned(), found, expected: (self.expected)(), fix }
    }

    fn found(&self, text: &str, layer: Layer) -> Found {
        match self.secrecy {
            Secrecy::Open => Found::Text(text.to_owned(), layer),
            Secrecy::Secret => Found::Secret(text.len(), layer),
        }
    }

    fn row(&self) -> String {
        let secret = match self.secrecy {
            Secrecy::Open => "",
            Secrecy::Secret => " Secret: never printed.",
        };
        let default = self.default.map_or_else(|| "—".to_owned(), |it| format!("`{it}`"));
        format!("| `{}` | {}{secret} | {} | {default} |\n", self.name, self.meaning, (self.expected)())
    }
}

/// What the fields of one [`Settings`] are read from.
pub struct Values<'a> {
    sources: &'a Sources,
    variables: &'static [Setting],
    faults: Vec<Fault>,
}

impl Values<'_> {
    /// The value of the variable at this position; `None` when it is at fault, which is noted.
    pub fn take<T: FromVariable>(&mut self, position: usize) -> Option<T> {
        let setting = &self.variables[position];
        let given = self.sources.own(setting.name).filter(|(text, _)| !text.trim().is_empty());
        let read = match (given, setting.default) {
            (Some((text, layer)), _) => self.parse(setting, text).map_err(|fix| {
                let otherwise = || match setting.default {
                    Some(default) => format!("mend it, or remove it for the default: `{default}`"),
                    None => "mend it".to_owned(),
                };
                setting.fault(setting.found(text, layer), fix.unwrap_or_else(otherwise))
            }),
            (None, Some(default)) => self.parse(setting, default).map_err(|_| {
                let fix = format!("mend the default in the code: `{default}` does not have this shape");
                setting.fault(Found::Nothing, fix)
            }),
            (None, None) => {
                T::unset().ok_or_else(|| setting.fault(Found::Nothing, self.where_to_set(setting)))
            }
        };
        read.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn parse<T: FromVariable>(&self, setting: &Setting, text: &str) -> Result<T, Option<String>> {
        let text = match setting.secrecy {
            Secrecy::Open => text.trim(),
            Secrecy::Secret => text,
        };
        T::from_variable(text, &self.sources.root).map_err(|misfit| misfit.fix)
    }

    /// Where to set what is not set; a name that was meant for it, if there is one.
    fn where_to_set(&self, setting: &Setting) -> String {
        let strangers = self.sources.own_names().filter(|(name, _)| !self.sources.knows(name));
        let strangers: Vec<(String, Layer)> = strangers.collect();
        match nearest(setting.name, strangers.iter().map(|(name, _)| name.as_str())) {
            Some(near) => {
                let layer = strangers.iter().find(|(name, _)| name == near).map(|(_, layer)| layer);
                let place = layer.map_or_else(String::new, |it| format!(" (from {it})"));
                format!("nothing reads `{near}`{place}: did you mean `{}`?", setting.name)
            }
            None => format!(
                "set {} in the process environment or in `.env.local`, or give the field a default",
                setting.name
            ),
        }
    }
}

/// One [`Settings`] of an application, and where it was added.
#[derive(Clone, Copy)]
pub(crate) struct SettingsEntry {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_in: fn(&States) -> bool,
    prefix: &'static str,
    variables: &'static [Setting],
    read: fn(&mut Values<'_>, &mut States, Place),
}

impl SettingsEntry {
    pub(crate) fn of<T: Settings>(place: Place) -> Self {
        Self {
            name: type_name::<T>(),
            place,
            is_in: States::holds::<T>,
            prefix: T::PREFIX,
            variables: T::VARIABLES,
            read: |values, states, place| {
                // Twice the same struct is the same values.
                let _first = T::read(values).map(|it| states.insert(it, place));
            },
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.variables.iter().map(|it| it.name)
    }

    /// Whether the name has the prefix, and is therefore meant for a field.
    pub(super) fn claims(&self, name: &str) -> bool {
        !self.prefix.is_empty() && name.starts_with(self.prefix)
    }
}

/// What an application was given by its configuration.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Its own configuration, by type.
    pub states: States,
    /// Every variable of the sources.
    pub env: Env,
}

/// Reads each of the application's [`Settings`]; everything that is wrong, at once.
pub(super) fn read(sources: &Sources) -> (Given, Vec<Fault>) {
    let mut states = States::default();
    let mut faults = clashes(sources);
    for entry in &sources.settings {
        let mut values = Values { sources, variables: entry.variables, faults: Vec::new() };
        (entry.read)(&mut values, &mut states, entry.place);
        faults.append(&mut values.faults);
    }
    (Given { states, env: sources.all() }, faults)
}

/// The application's part alone.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn given(sources: &Sources) -> Result<Given, Faults> {
    let (given, faults) = read(sources);
    if faults.is_empty() { Ok(given) } else { Err(Faults(faults)) }
}

/// The rows of the application's variables, as [`variables_table`](super::variables_table) has them.
pub(crate) fn rows(settings: &[SettingsEntry]) -> String {
    settings.iter().flat_map(|it| it.variables).map(Setting::row).collect()
}

/// Names that the framework has, or two fields.
fn clashes(sources: &Sources) -> Vec<Fault> {
    let mut seen: Vec<(&str, &SettingsEntry)> = Vec::new();
    let mut faults = Vec::new();
    for entry in &sources.settings {
        for setting in entry.variables {
            let other = seen.iter().find(|(name, _)| *name == setting.name).map(|(_, other)| *other);
            let owner = if ALL.iter().any(|it| it.name() == setting.name) {
                Some("the framework has".to_owned())
            } else {
                other.filter(|it| it.name != entry.name).map(|it| format!("`{}` ({}) has", it.name, it.place))
            };
            if let Some(owner) = owner {
                let fix = format!(
                    "{owner} this variable: rename the field of `{}` ({}), or give the struct a prefix by \
                     `#[config(prefix = \"…\")]`",
                    entry.name, entry.place
                );
                faults.push(setting.fault(Found::Nothing, fix));
            }
            seen.push((setting.name, entry));
        }
    }
    faults
}

#[cfg(test)]
mod tests;
