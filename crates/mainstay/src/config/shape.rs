use std::path::{Path, PathBuf};

use mainstay_kernel::StoreUrl;
use mainstay_model::migration::LedgerName;
use tracing_subscriber::EnvFilter;

/// What the text of a variable must look like, and what it becomes.
pub(super) trait Shape {
    /// What it becomes.
    type Out;

    /// The shape in words: "a whole number from 0 to 65535".
    fn expected(&self) -> String;

    /// Reads the text.
    fn read(&self, text: &str, root: &Path) -> Result<Self::Out, Wrong>;
}

/// The text does not have the shape. Never holds the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing more can be said.
    Shape,
    /// What to do in this case.
    Fix(String),
}

impl Wrong {
    pub(super) fn fix(fix: impl Into<String>) -> Self {
        Self::Fix(fix.into())
    }
}

/// A whole number.
pub(super) struct Count {
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Shape for Count {
    type Out = u32;

    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.min, self.max)
    }

    fn read(&self, text: &str, _: &Path) -> Result<u32, Wrong> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && (self.min..=self.max).contains(number));
        number.ok_or(Wrong::Shape)
    }
}

/// Words with dots between them, as subjects begin with.
pub(super) struct Words;

impl Shape for Words {
    type Out = String;

    fn expected(&self) -> String {
        "words of letters, digits, `-` and `_`, with dots between them".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<String, Wrong> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_plain);
        if text.split('.').all(is_word) { Ok(text.to_owned()) } else { Err(Wrong::Shape) }
    }
}

/// A file that is there.
pub(super) struct File;

impl Shape for File {
    type Out = PathBuf;

    fn expected(&self) -> String {
        "the path of a file that is there".to_owned()
    }

    fn read(&self, text: &str, root: &Path) -> Result<PathBuf, Wrong> {
        let path = root.join(text);
        if path.is_file() {
            Ok(path)
        } else {
            Err(Wrong::fix(format!("there is no file `{}`", path.display())))
        }
    }
}

/// A TCP port.
pub(super) struct Port;

impl Shape for Port {
    type Out = u16;

    fn expected(&self) -> String {
        "a whole number from 0 to 65535 (0: any free port)".to_owned()
    }

    fn read(&self, text: &str, root: &Path) -> Result<u16, Wrong> {
        let number = Count { min: 0, max: 65_535 }.read(text, root)?;
        u16::try_from(number).map_err(|_| Wrong::Shape)
    }
}

/// The name of the table that records migrations.
pub(super) struct Ledger;

impl Shape for Ledger {
    type Out = LedgerName;

    fn expected(&self) -> String {
        "the name of a table: small letters, digits and `_`, 63 at most, not one of the framework's"
            .to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<LedgerName, Wrong> {
        LedgerName::parse(text).ok_or(Wrong::Shape)
    }
}

/// Any text without control characters.
pub(super) struct Text;

impl Shape for Text {
    type Out = String;

    fn expected(&self) -> String {
        "text of 1 to 255 characters".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<String, Wrong> {
        let fits = (1..=255).contains(&text.chars().count()) && !text.contains(char::is_control);
        if fits { Ok(text.to_owned()) } else { Err(Wrong::Shape) }
    }
}

/// An existing folder.
pub(super) struct Folder;

impl Shape for Folder {
    type Out = std::path::PathBuf;

    fn expected(&self) -> String {
        "the path of a folder that exists; a relative one starts at the working folder".to_owned()
    }

    fn read(&self, text: &str, base: &Path) -> Result<Self::Out, Wrong> {
        let folder = base.join(text);
        if !text.is_empty() && folder.is_dir() { Ok(folder) } else { Err(Wrong::Shape) }
    }
}

/// Where a database is.
pub(super) struct StoreAddress;

impl Shape for StoreAddress {
    type Out = StoreUrl;

    fn expected(&self) -> String {
        "`postgres://user@host/database`, `sqlite://path`, `file:./path` or `:memory:`".to_owned()
    }

    fn read(&self, text: &str, root: &Path) -> Result<StoreUrl, Wrong> {
        StoreUrl::parse(text.trim(), root).map_err(|_| Wrong::Shape)
    }
}

/// The beginning of paths: `/v1`, or `/` for none.
pub(super) struct PathPrefix;

impl Shape for PathPrefix {
    type Out = String;

    fn expected(&self) -> String {
        "a path such as `/v1`, of letters, digits, `-`, `_` and `.`, or `/` for none".to_owned()
    }

    /// Without the slash at the end, so that `/` becomes nothing.
    fn read(&self, text: &str, _: &Path) -> Result<String, Wrong> {
        let path = text.strip_prefix('/').ok_or_else(|| Wrong::fix("begin it with `/`"))?;
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        let is_segment = |it: &str| !it.is_empty() && it.bytes().all(plain) && it != "." && it != "..";
        match path {
            "" => Ok(String::new()),
            path if path.ends_with('/') => Err(Wrong::fix("remove the `/` at its end")),
            path if path.split('/').all(is_segment) => Ok(text.to_owned()),
            _ => Err(Wrong::Shape),
        }
    }
}

/// Which log lines are written.
pub(super) struct Filter;

impl Shape for Filter {
    type Out = String;

    fn expected(&self) -> String {
        "a level (`error`, `warn`, `info`, `debug`, `trace`, `off`) or levels by target, such as \
         `info,mainstay_web=debug`"
            .to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<String, Wrong> {
        let known = ["error", "warn", "info", "debug", "trace", "off"];
        let is_level = |word: &str| known.iter().any(|level| level.eq_ignore_ascii_case(word));
        // A word alone would be read as the name of a target, all of whose lines are wanted.
        let stray = text.split(',').map(str::trim).find(|it| !it.contains(['=', '[']) && !is_level(it));
        match stray.map(|word| super::nearest::nearest(word, known)) {
            Some(Some(level)) => Err(Wrong::fix(format!("did you mean `{level}`?"))),
            Some(None) => Err(Wrong::Shape),
            None => EnvFilter::builder().parse(text).map(|_| text.to_owned()).map_err(|_| Wrong::Shape),
        }
    }
}
