use schemars::SchemaGenerator;

/// What is said of a column to those who have to know it and not to run it: readers of the API's description.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The field's documentation.
    pub docs: &'static str,
    /// Its rules of validation, as far as they are data.
    pub rules: &'static [Rule],
    /// The least and the greatest value, where its type admits less than 64 bits do.
    pub range: Option<(i64, i64)>,
    /// The JSON Schema of what a JSON column holds; `None` admits any JSON.
    pub json: Option<SchemaOf>,
}

/// Describes a type, with what it refers to among the generator's definitions.
pub type SchemaOf = fn(&mut SchemaGenerator) -> schemars::Schema;

impl About {
    /// Nothing.
    pub const NOTHING: Self = Self { docs: "", rules: &[], range: None, json: None };
}

/// A rule of validation as data. What garde checks is code; this says the same to others.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are garde's")]
pub enum Rule {
    /// From so many to so many of these.
    Length {
        of: Measure,
        min: usize,
        max: usize,
    },
    /// From this to that, both included.
    Range {
        min: Option<Bound>,
        max: Option<Bound>,
    },
    /// A regular expression finds something in it.
    Pattern(&'static str),
    Contains(&'static str),
    Prefix(&'static str),
    Suffix(&'static str),
    Alphanumeric,
    Ascii,
    Email,
    Ip,
    Ipv4,
    Ipv6,
    /// These hold for each element.
    Inner(&'static [Rule]),
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Unicode characters of a text.
    Chars,
    /// Bytes of a text in UTF-8.
    Bytes,
    /// Code units of a text in UTF-16.
    Utf16,
    /// What the type's own length counts: of a text bytes, of a list elements.
    Simple,
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Of integers.
    Int(i64),
    /// Of floats.
    Float(f64),
}
