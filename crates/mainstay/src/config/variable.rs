use super::choice::Mode;
use super::shape::Shape;

/// One variable: everything that is known about it, written once. The configuration is read and the
/// table of the documentation is printed from the same value.
pub(super) struct Variable<S, F> {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) shape: S,
    pub(super) fallback: F,
    /// A value of the right shape, for the fix of a fault.
    pub(super) example: &'static str,
    pub(super) secrecy: Secrecy,
}

/// Whether a value may be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Open,
    Secret,
}

/// What holds where the variable is not set.
pub(super) enum Preset {
    /// This text.
    Text(&'static str),
    /// One text in production, another elsewhere.
    ByMode { production: &'static str, elsewhere: &'static str },
    /// This text with the application's name for `<app>`.
    PerApp(&'static str),
}

/// Nothing holds where the variable is not set, or is empty.
pub(super) struct Unset;

/// A random value for one run of the process, except in production, where the variable is required.
pub(super) struct PerStart;

impl<S, F> Variable<S, F> {
    pub(super) const fn new(
        name: &'static str,
        shape: S,
        fallback: F,
        example: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, meaning, shape, fallback, example, secrecy: Secrecy::Open }
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secrecy = Secrecy::Secret;
        self
    }
}

/// What holds where a variable is not set, in words.
pub(super) trait Fallback {
    /// For the table of the documentation.
    fn describe(&self) -> String;

    /// What to do about a value that is wrong.
    fn fix(&self, name: &str, example: &str) -> String;
}

impl Preset {
    pub(super) fn text(&self, mode: Mode, app: &str) -> String {
        match (self, mode) {
            (Self::Text(text), _)
            | (Self::ByMode { production: text, .. }, Mode::Production)
            | (Self::ByMode { elsewhere: text, .. }, Mode::Development | Mode::Test) => (*text).to_owned(),
            (Self::PerApp(text), _) => text.replace("<app>", app),
        }
    }
}

impl Fallback for Preset {
    fn describe(&self) -> String {
        match self {
            Self::Text("") => "none".to_owned(),
            Self::Text(text) | Self::PerApp(text) => format!("`{text}`"),
            Self::ByMode { production, elsewhere } => format!("`{elsewhere}`; in production `{production}`"),
        }
    }

    fn fix(&self, name: &str, example: &str) -> String {
        format!("write `{name}={example}`, or remove it for the default: {}", self.describe())
    }
}

impl Fallback for Unset {
    fn describe(&self) -> String {
        "not set".to_owned()
    }

    fn fix(&self, name: &str, example: &str) -> String {
        format!("write `{name}={example}`, or remove it")
    }
}

impl Fallback for PerStart {
    fn describe(&self) -> String {
        "random for each start; required in production".to_owned()
    }

    fn fix(&self, name: &str, example: &str) -> String {
        format!("make one with `{example}` and set {name} in the process environment or in `.env.local`")
    }
}

/// A variable whose types do not matter: a row of the table.
pub(super) trait Described: Sync {
    fn name(&self) -> &'static str;
    fn meaning(&self) -> &'static str;
    fn expected(&self) -> String;
    fn fallback(&self) -> String;
    fn secrecy(&self) -> Secrecy;
}

impl<S: Shape + Sync, F: Fallback + Sync> Described for Variable<S, F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn meaning(&self) -> &'static str {
        self.meaning
    }

    fn expected(&self) -> String {
        self.shape.expected()
    }

    fn fallback(&self) -> String {
        self.fallback.describe()
    }

    fn secrecy(&self) -> Secrecy {
        self.secrecy
    }
}
