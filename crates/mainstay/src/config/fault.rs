use std::fmt;

use super::sources::Layer;

/// The longest value that a report repeats, in characters.
const LONGEST_SHOWN: usize = 80;

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The variable or key, or the file, that is at fault.
    pub name: String,
    /// What was found, fit to be printed.
    pub(super) found: Found,
    /// What would have been right.
    pub expected: String,
    /// What to do about it.
    pub fix: String,
}

/// What was found where the fault is. A secret's text never gets in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// This text.
    Text(String, Layer),
    /// A secret of that many bytes.
    Secret(usize, Layer),
    /// Something that is not repeated, since nobody knows whether it is a secret.
    Something(Layer),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("not set"),
            Self::Text(text, layer) if text.chars().count() > LONGEST_SHOWN => {
                let start: String = text.chars().take(LONGEST_SHOWN).collect();
                write!(f, "`{}…`, from {layer}", start.escape_debug())
            }
            Self::Text(text, layer) => write!(f, "`{}`, from {layer}", text.escape_debug()),
            Self::Secret(bytes, layer) => write!(f, "not shown ({bytes} bytes), from {layer}"),
            Self::Something(layer) => write!(f, "not shown, from {layer}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        writeln!(f, "  value:    {}", self.found)?;
        writeln!(f, "  expected: {}", self.expected)?;
        write!(f, "  fix:      {}", self.fix)
    }
}

/// Everything wrong with the configuration, all at once. Displays as one block per fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// The faults, in the order of the table of variables.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the configuration has {} fault{ending}", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n\n{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
