use mainstay_kernel::{Error, Result, Timestamp};

/// What a migration's name looks like.
const SHAPE: &str = "14 digits of its time (year to second), `_`, and small letters, digits and `_`, such as \
     `20261121090000_add_slugs`";

/// How long names may be: they are keys, and file names.
const LONGEST: usize = 100;

/// Whether this is a migration's name: its time in 14 digits, `_`, and what it does.
///
/// ```
/// use mainstay_model::migration::is_name;
/// assert!(is_name("20261121090000_add_slugs"));
/// assert!(!is_name("2026_add_slugs") && !is_name("20261121090000_Add") && !is_name("20261121090000_"));
/// ```
pub fn is_name(name: &str) -> bool {
    let Some((time, what)) = name.split_once('_') else { return false };
    let is_time = time.len() == 14 && time.bytes().all(|it| it.is_ascii_digit());
    let is_what = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    is_time && !what.is_empty() && what.bytes().all(is_what) && name.len() <= LONGEST
}

/// Refuses what is not a migration's name.
pub(super) fn check(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::internal(format!("`{name}` is not the name of a migration: {SHAPE} is expected")))
}

/// The name of a migration that is written now: what is said of it, in small letters.
///
/// # Errors
/// Internal, when nothing of `what` can stand in a name.
pub fn name_of(now: Timestamp, what: &str) -> Result<String> {
    let words: Vec<String> = what
        .split(|it: char| !it.is_ascii_alphanumeric())
        .filter(|it| !it.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    // `2026-11-21T09:00:00.000Z`: the first 14 digits are the time to the second.
    let time: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let name = format!("{time}_{}", words.join("_"));
    match is_name(&name) {
        true => Ok(name),
        false => Err(Error::internal(format!(
            "`{what}` makes no name of a migration: say in a few words what it does, such as `add slugs`"
        ))),
    }
}

/// The name of the table that holds which migrations were applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerName(String);

impl LedgerName {
    /// What the table is called unless told.
    pub const DEFAULT: &str = "mainstay_written_migration";

    /// A name of small letters, digits and `_`, not one of the framework's other tables.
    ///
    /// ```
    /// use mainstay_model::migration::LedgerName;
    /// assert!(LedgerName::parse("schema_history").is_some());
    /// for wrong in ["", "1st", "a-b", "a;drop table b", "A", "mainstay_result", "a.b"] {
    ///     assert!(LedgerName::parse(wrong).is_none(), "{wrong}");
    /// }
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let is_first = |it: u8| it.is_ascii_lowercase() || it == b'_';
        let is_later = |it: u8| is_first(it) || it.is_ascii_digit();
        let is_free = text == Self::DEFAULT
            || !(text.starts_with("mainstay_") || text.starts_with("sqlite_") || text.starts_with("pg_"));
        let is_name =
            text.len() <= 63 && text.bytes().next().is_some_and(is_first) && text.bytes().all(is_later);
        (is_name && is_free).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LedgerName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}
