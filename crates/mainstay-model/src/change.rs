//! How tables and their models can differ, as data.

use std::fmt;

/// How the tables differ from their models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is missing, in the order in which to make it. Nothing is lost by it.
    pub additions: Vec<Addition>,
    /// What only a written migration changes.
    pub divergences: Vec<Divergence>,
}

/// Something that is missing and the statements that make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// What it is.
    pub change: Change,
    /// What makes it.
    pub statements: Vec<String>,
}

/// What is made so that the tables have what their models have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are names")]
pub enum Change {
    /// An enum's type. PostgreSQL's alone.
    CreateType { of: String },
    /// A variant of a type, or on SQLite of a column's CHECK (`posts.status`).
    AddVariant { of: String, variant: String },
    /// A table, with all of its columns.
    CreateTable { table: String },
    /// A column of a table that is there.
    AddColumn { table: String, column: String },
    /// An index. A unique one can fail on the rows that are there.
    CreateIndex { table: String, index: String },
    /// What makes a model's searches fast. One of an older definition goes.
    CreateSearch { table: String },
    /// The triggers that record a live model's changes.
    Capture { table: String },
    /// The same for other columns than those that they record. A version of the code that does not know
    /// the new ones does without.
    Recapture { table: String },
    /// No such triggers any more, for the model is not live.
    Release { table: String },
}

/// A difference that is never mended by itself: rows, or the previous version of the code, may rest
/// on what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are names, and types as SQL has them")]
pub enum Divergence {
    /// A column that its model does not have, or no longer. `required`: no row can be made without it.
    ColumnLeft { table: String, column: String, required: bool },
    /// A column of another type than its model's.
    Retyped { table: String, column: String, found: String, expected: String },
    /// A column that may be missing, which its model cannot read.
    Optional { table: String, column: String },
    /// A column that may not be missing, though its model says it may.
    Required { table: String, column: String },
    /// A variant that the enum does not have, or no longer; `of` as in [`Change::AddVariant`].
    VariantLeft { of: String, variant: String },
    /// A column that refers to something else than its model says.
    Reference { table: String, column: String, found: Option<String>, expected: Option<String> },
    /// An index whose concurrent build failed: it takes space, and is not used.
    InvalidIndex { table: String, index: String },
}

impl Plan {
    /// Whether tables and models agree.
    pub fn is_empty(&self) -> bool {
        self.additions.is_empty() && self.divergences.is_empty()
    }

    /// Every statement of the additions, in their order.
    pub fn statements(&self) -> Vec<String> {
        self.additions.iter().flat_map(|it| it.statements.iter().cloned()).collect()
    }
}

impl Change {
    /// Whether a program cannot do without it.
    pub fn is_needed(&self) -> bool {
        match self {
            Self::CreateType { .. }
            | Self::AddVariant { .. }
            | Self::CreateTable { .. }
            | Self::AddColumn { .. }
            | Self::CreateIndex { .. }
            | Self::CreateSearch { .. }
            | Self::Capture { .. } => true,
            Self::Recapture { .. } | Self::Release { .. } => false,
        }
    }

    /// Whether it makes a type, which PostgreSQL lets no statement of the same transaction use.
    pub(crate) fn is_of_types(&self) -> bool {
        match self {
            Self::CreateType { .. } => true,
            Self::AddVariant { of, .. } => !of.contains('.'),
            Self::CreateTable { .. }
            | Self::AddColumn { .. }
            | Self::CreateIndex { .. }
            | Self::CreateSearch { .. }
            | Self::Capture { .. }
            | Self::Recapture { .. }
            | Self::Release { .. } => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateType { of } => write!(f, "type `{of}`"),
            Self::AddVariant { of, variant } => write!(f, "variant `{variant}` of `{of}`"),
            Self::CreateTable { table } => write!(f, "table `{table}`"),
            Self::AddColumn { table, column } => write!(f, "column `{table}.{column}`"),
            Self::CreateIndex { table, index } => write!(f, "index `{index}` on `{table}`"),
            Self::CreateSearch { table } => write!(f, "search of `{table}`"),
            Self::Capture { table } => write!(f, "triggers that record the changes of `{table}`"),
            Self::Recapture { table } => write!(f, "triggers that record other columns of `{table}`"),
            Self::Release { table } => {
                write!(f, "an end to the triggers that record the changes of `{table}`")
            }
        }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnLeft { table, column, required: false } => {
                write!(f, "column `{table}.{column}` is in no model")
            }
            Self::ColumnLeft { table, column, required: true } => {
                write!(f, "column `{table}.{column}` is in no model, and no row can be made without it")
            }
            Self::Retyped { table, column, found, expected } => {
                write!(f, "column `{table}.{column}` is {found}, its model says {expected}")
            }
            Self::Optional { table, column } => {
                write!(f, "column `{table}.{column}` may be NULL, its model says it may not")
            }
            Self::Required { table, column } => {
                write!(f, "column `{table}.{column}` may not be NULL, its model says it may")
            }
            Self::VariantLeft { of, variant } => {
                write!(f, "variant `{variant}` of `{of}` is in no model: rows that have it cannot be read")
            }
            Self::Reference { table, column, found, expected } => {
                let (found, expected) = (told(found.as_deref()), told(expected.as_deref()));
                write!(f, "column `{table}.{column}` refers to {found}, its model says {expected}")
            }
            Self::InvalidIndex { table, index } => {
                write!(
                    f,
                    "index `{index}` on `{table}` was not built to its end: drop it, and build it again"
                )
            }
        }
    }
}

fn told(reference: Option<&str>) -> &str {
    reference.unwrap_or("nothing")
}
