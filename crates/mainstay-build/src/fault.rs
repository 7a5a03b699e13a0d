use std::fmt;

use proc_macro2::Span;

/// What ends the build: a file below the source folder, where in it, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    file: String,
    at: Option<(usize, usize)>,
    what: String,
}

impl Fault {
    /// A fault of a whole file or folder.
    pub(crate) fn of(file: &str, what: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), at: None, what: what.to_string() }
    }

    /// A fault at a token.
    pub(crate) fn at(file: &str, span: Span, what: impl fmt::Display) -> Self {
        let start = span.start();
        Self { file: file.to_owned(), at: Some((start.line, start.column + 1)), what: what.to_string() }
    }
}

/// `models/post.rs:3:5: expected …`
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}
