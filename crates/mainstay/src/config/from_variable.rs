//! The types that a field of an application's configuration may have.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choice::SWITCH;
use super::measure::Span;
use super::shape::{Shape, Wrong};
use super::variable::Secrecy;

/// A type that a variable's text is read into. Implement it for a type of your own to have it as a field
/// of a struct under `#[derive(Config)]`.
#[diagnostic::on_unimplemented(
    message = "a variable cannot be read into a `{Self}`",
    label = "is no type of a variable's",
    note = "take text, a number, a truth value, a `Duration`, a path, an address, an `Option`, a `Vec` or a `Secret` \
            of those, or implement `mainstay::config::FromVariable` for it"
)]
pub trait FromVariable: Sized {
    /// Whether the text may be printed.
    const IS_SECRET: bool = false;

    /// What the text must look like, in words: "a whole number from 0 to 255".
    fn expected() -> String;

    /// Reads the text. Relative paths begin at `root`.
    ///
    /// # Errors
    /// [`Misfit`], when it does not look so.
    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit>;

    /// The value where the variable is not set or empty; `None` where it has to be set.
    fn unset() -> Option<Self> {
        None
    }
}

/// The text does not have the shape. Never holds the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    pub(super) fix: Option<String>,
}

impl Misfit {
    /// Nothing more can be said than what was expected.
    pub const fn new() -> Self {
        Self { fix: None }
    }

    /// With what to do in this case.
    pub fn with_fix(fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()) }
    }
}

impl From<Wrong> for Misfit {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Shape => Self::new(),
            Wrong::Fix(fix) => Self::with_fix(fix),
        }
    }
}

/// A value that is never printed, by `Debug` neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for those who need it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T: FromVariable> FromVariable for Secret<T> {
    const IS_SECRET: bool = true;

    fn expected() -> String {
        T::expected()
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        T::from_variable(text, root).map(Self)
    }
}

impl<T: FromVariable> FromVariable for Option<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn expected() -> String {
        T::expected()
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        T::from_variable(text, root).map(Some)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}

/// Separated by commas; nothing where the variable is not set.
impl<T: FromVariable> FromVariable for Vec<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn expected() -> String {
        format!("a list, separated by commas, of: {}", T::expected())
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        text.split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(|it| T::from_variable(it, root))
            .collect()
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

impl FromVariable for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn from_variable(text: &str, _: &Path) -> Result<Self, Misfit> {
        Ok(text.to_owned())
    }
}

impl FromVariable for bool {
    fn expected() -> String {
        SWITCH.expected()
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        Ok(SWITCH.read(text, root)?)
    }
}

impl FromVariable for Duration {
    fn expected() -> String {
        SPAN.expected()
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        Ok(SPAN.read(text, root)?)
    }
}

/// Up to a year.
const SPAN: Span = Span { min: Duration::ZERO, max: Duration::from_secs(366 * 24 * 3600) };

impl FromVariable for PathBuf {
    fn expected() -> String {
        "a path; a relative one begins at the project root".to_owned()
    }

    fn from_variable(text: &str, root: &Path) -> Result<Self, Misfit> {
        Ok(root.join(text))
    }
}

macro_rules! from_text {
    ($($type:ty => $expected:expr;)*) => {$(
        impl FromVariable for $type {
            fn expected() -> String {
                $expected
            }

            fn from_variable(text: &str, _: &Path) -> Result<Self, Misfit> {
                text.parse().map_err(|_| Misfit::new())
            }
        }
    )*};
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {
        from_text! { $($type => format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX);)* }
    };
}

whole_numbers! { u8 u16 u32 u64 usize i8 i16 i32 i64 }

from_text! {
    IpAddr => "an IP address, such as `127.0.0.1` or `::1`".to_owned();
    SocketAddr => "an IP address and a port, such as `127.0.0.1:25`".to_owned();
}

impl FromVariable for f64 {
    fn expected() -> String {
        "a number, such as `0.5`".to_owned()
    }

    fn from_variable(text: &str, _: &Path) -> Result<Self, Misfit> {
        text.parse().ok().filter(|it: &Self| it.is_finite()).ok_or_else(Misfit::new)
    }
}

/// Whether values of this type may be printed.
pub(super) const fn secrecy<T: FromVariable>() -> Secrecy {
    if T::IS_SECRET { Secrecy::Secret } else { Secrecy::Open }
}
