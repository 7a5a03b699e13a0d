use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use mainstay_kernel::Place;
use mainstay_web::Env;

use super::fault::{Fault, Faults, Found};
use super::root;
use super::settings::{Settings, SettingsEntry};
use super::table::ALL;
use super::unknown::is_ours;

/// Where a value comes from. An earlier one hides a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The words after the program's name, such as `--roles web`.
    CommandLine,
    /// The environment of the process.
    Environment,
    /// `.env.local`: this machine's, not checked in.
    EnvLocal,
    /// `.env`
    Env,
    /// `mainstay.toml`, whose keys are the variables' names in lower case.
    Toml,
    /// Its table `[app]`: the application's own variables.
    TomlApp,
}

impl Layer {
    /// A variable's name as this source writes it.
    pub(super) fn spelling(self, name: &str) -> String {
        match self {
            Self::CommandLine | Self::Environment | Self::EnvLocal | Self::Env => name.to_owned(),
            Self::Toml | Self::TomlApp => name.to_ascii_lowercase(),
        }
    }

    fn file(self) -> Option<&'static str> {
        match self {
            Self::CommandLine | Self::Environment => None,
            Self::EnvLocal => Some(".env.local"),
            Self::Env => Some(".env"),
            Self::Toml | Self::TomlApp => Some("mainstay.toml"),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.file()) {
            (Self::CommandLine, _) => f.write_str("the command line"),
            (Self::TomlApp, _) => f.write_str("the table `[app]` of `mainstay.toml`"),
            (_, Some(file)) => write!(f, "`{file}`"),
            (_, None) => f.write_str("the process environment"),
        }
    }
}

/// All that the configuration is read from. Holds secrets, and is printed without them.
#[derive(Clone)]
pub struct Sources {
    pub(super) app: String,
    pub(super) root: PathBuf,
    pub(super) layers: BTreeMap<Layer, BTreeMap<String, String>>,
    /// What the application itself reads.
    pub(super) settings: Vec<SettingsEntry>,
    /// What could not even be read.
    pub(super) faults: Vec<Fault>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("app", &self.app).field("root", &self.root).finish_non_exhaustive()
    }
}

impl Sources {
    /// No source yet, for the application of this name with this project root.
    pub fn new(app: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        let (layers, settings, faults) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { app: app.into(), root: root.into(), layers, settings, faults }
    }

    /// The environment of this process and the files of its project root. Changes neither.
    ///
    /// # Errors
    /// When there is no project root: `MAINSTAY_ROOT` names no folder, or the working folder is gone.
    pub fn of_process(app: impl Into<String>) -> Result<Self, Faults> {
        let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let root = root::find(std::env::current_dir(), |name| {
            environment.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone())
        })?;
        let mut sources = Self::new(app, root);
        for (name, value) in environment {
            sources.take_from_process(name, value);
        }
        sources.read_files();
        Ok(sources)
    }

    /// Adds variables of the process environment.
    #[must_use]
    pub fn environment<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.layer(Layer::Environment).extend(variables);
        self
    }

    /// Adds the text of `.env.local`.
    #[must_use]
    pub fn env_local(mut self, text: &str) -> Self {
        self.read_dotenv(Layer::EnvLocal, text);
        self
    }

    /// Adds the text of `.env`.
    #[must_use]
    pub fn env(mut self, text: &str) -> Self {
        self.read_dotenv(Layer::Env, text);
        self
    }

    /// Adds the text of `mainstay.toml`.
    #[must_use]
    pub fn toml(mut self, text: &str) -> Self {
        self.read_toml(text);
        self
    }

    /// Adds what the application itself reads.
    #[track_caller]
    #[must_use]
    pub fn settings<T: Settings>(mut self) -> Self {
        self.settings.push(SettingsEntry::of::<T>(Place::caller()));
        self
    }

    pub(crate) fn reading(mut self, settings: impl IntoIterator<Item = SettingsEntry>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// The queues that the command line asks for.
    pub(crate) fn queues(mut self, queues: &str) -> Self {
        self.layer(Layer::CommandLine).extend([("QUEUES".to_owned(), queues.to_owned())]);
        self
    }

    /// The roles that the command line asks for. They are all: what SERVER and DAEMON say is not asked.
    pub(crate) fn roles(mut self, roles: &str) -> Self {
        let said = [("ROLES", roles), ("SERVER", "true"), ("DAEMON", "true")];
        self.layer(Layer::CommandLine).extend(said.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    /// The value that decides, and where it stands.
    pub(super) fn get(&self, name: &str) -> Option<(&str, Layer)> {
        self.find(name, |layer| layer != Layer::TomlApp)
    }

    /// The value of a variable of the application's own.
    pub(super) fn own(&self, name: &str) -> Option<(&str, Layer)> {
        self.find(name, |layer| layer != Layer::Toml)
    }

    fn find(&self, name: &str, counts: impl Fn(Layer) -> bool) -> Option<(&str, Layer)> {
        self.layers.iter().filter(|(layer, _)| counts(**layer)).find_map(|(layer, values)| {
            values.get(&layer.spelling(name)).map(|value| (value.as_str(), *layer))
        })
    }

    /// The names of all variables that the application may have meant, as the environment spells them.
    pub(super) fn own_names(&self) -> impl Iterator<Item = (String, Layer)> {
        let layers = self.layers.iter().filter(|(layer, _)| **layer != Layer::Toml);
        layers.flat_map(|(layer, values)| values.keys().map(|name| (name.to_ascii_uppercase(), *layer)))
    }

    /// Whether the framework or the application reads this variable.
    pub(super) fn knows(&self, name: &str) -> bool {
        ALL.iter().any(|it| it.name() == name)
            || self.settings.iter().any(|it| it.names().any(|own| own == name))
    }

    /// The application's variables, as this source spells them; none where it has none of them.
    pub(super) fn own_spelt(&self, layer: Layer) -> Vec<String> {
        let names = self.settings.iter().flat_map(SettingsEntry::names);
        if layer == Layer::Toml { Vec::new() } else { names.map(|it| layer.spelling(it)).collect() }
    }

    /// Whether the name has a prefix that the application claims.
    pub(super) fn claims(&self, layer: Layer, name: &str) -> bool {
        layer != Layer::Toml && self.settings.iter().any(|it| it.claims(&name.to_ascii_uppercase()))
    }

    /// Every variable, as the environment spells it.
    pub(super) fn all(&self) -> Env {
        let layers = self.layers.values().rev();
        Env::new(layers.flatten().map(|(name, value)| (name.to_ascii_uppercase(), value.clone())))
    }

    fn layer(&mut self, layer: Layer) -> &mut BTreeMap<String, String> {
        self.layers.entry(layer).or_default()
    }

    /// What is not UTF-8 is a fault where the name is one of ours, and somebody else's otherwise.
    pub(super) fn take_from_process(&mut self, name: OsString, value: OsString) {
        let Ok(name) = name.into_string() else { return };
        match value.into_string() {
            Ok(value) => {
                self.layer(Layer::Environment).insert(name, value);
            }
            Err(_) if is_ours(&name) || ALL.iter().any(|it| it.name() == name) => self.faults.push(Fault {
                fix: format!("write {name} in UTF-8, or remove it"),
                name,
                found: Found::Something(Layer::Environment),
                expected: "text in UTF-8".to_owned(),
            }),
            Err(_) => {}
        }
    }

    /// Adds the files of the project root, as far as they are there.
    pub(super) fn read_files(&mut self) {
        for layer in [Layer::EnvLocal, Layer::Env, Layer::Toml] {
            self.read_file(layer);
        }
    }

    fn read_file(&mut self, layer: Layer) {
        let Some(file) = layer.file() else { return };
        let path = self.root.join(file);
        match std::fs::read_to_string(&path) {
            Ok(text) if layer == Layer::Toml => self.read_toml(&text),
            Ok(text) => self.read_dotenv(layer, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.faults.push(unreadable(&path, &error)),
        }
    }

    fn read_dotenv(&mut self, layer: Layer, text: &str) {
        let text = text.trim_start_matches('\u{feff}');
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => {
                    self.layer(layer).insert(name, value);
                }
                Err(error) => self.faults.push(bad_line(layer, text, &error)),
            }
        }
    }

    fn read_toml(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return self.faults.push(bad_toml(text, &error)),
        };
        for (key, value) in table {
            if let ("app", toml::Value::Table(own)) = (key.as_str(), &value) {
                // The application's own: what is no variable's value may be there for something else.
                let own = own.iter().filter_map(|(key, value)| Some((key.clone(), toml_text(value)?)));
                self.layer(Layer::TomlApp).extend(own);
                continue;
            }
            let text = toml_text(&value).unwrap_or_else(|| {
                // Of a key that nothing reads only that is told.
                if ALL.iter().any(|it| Layer::Toml.spelling(it.name()) == key) {
                    self.faults.push(bad_value(&key));
                }
                String::new()
            });
            self.layer(Layer::Toml).insert(key, text);
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    Fault {
        name: path.display().to_string(),
        found: Found::Nothing,
        expected: "a file of UTF-8 text that this process may read".to_owned(),
        fix: format!("reading it failed: {}", error.kind()),
    }
}

/// The line itself is not repeated: it may hold a secret.
fn bad_line(layer: Layer, text: &str, error: &dotenvy::Error) -> Fault {
    let first_line = if let dotenvy::Error::LineParse(line, _) = error { line.lines().next() } else { None };
    let number = first_line.and_then(|line| text.lines().position(|it| it.trim_end() == line.trim_end()));
    let place = number.map_or_else(String::new, |index| format!(", line {}", index + 1));
    Fault {
        name: format!("{}{place}", layer.file().unwrap_or_default()),
        found: Found::Something(layer),
        expected: "lines `NAME=value`, values with spaces or `#` in quotes, values with `$` in single quotes"
            .to_owned(),
        fix: "mend or remove this line".to_owned(),
    }
}

/// TOML's own report shows the line, which may hold a secret: only its message and number are kept.
fn bad_toml(text: &str, error: &toml::de::Error) -> Fault {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    let place = line.map_or_else(String::new, |line| format!(", line {line}"));
    Fault {
        name: format!("mainstay.toml{place}"),
        found: Found::Something(Layer::Toml),
        expected: "TOML".to_owned(),
        fix: format!("mend this line: {}", error.message().replace('\n', ", ")),
    }
}

fn bad_value(key: &str) -> Fault {
    Fault {
        name: key.to_owned(),
        found: Found::Something(Layer::Toml),
        expected: "a string, a number, true, false, or a list of strings".to_owned(),
        fix: "write the value in one of these forms; keys of your own go into the table `[app]`".to_owned(),
    }
}

/// As the value would be written in the environment.
fn toml_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
