use std::collections::BTreeMap;
use std::fmt;

use mainstay_kernel::changes::{Stamp, Token};
use mainstay_model::{Record, Schema};
use uuid::Uuid;

/// What one transaction, or several, did to live models: a whole, which takes everything from one state that was
/// committed to another.
#[derive(Clone, Debug)]
pub struct Delta {
    /// How far it reaches: its changes are in the sight of this token.
    pub token: Token,
    /// The changes of rows; those of one row in the order in which they happened. None are of models that are reset.
    pub changes: Vec<Change>,
    /// Whose changes cannot be told: whoever reads them starts again, from a snapshot that is not before the token.
    pub resets: Resets,
}

/// A change of one row.
#[derive(Clone, Debug)]
pub struct Change {
    /// The model.
    pub model: &'static Schema,
    /// Which commit it is of: whoever read a snapshot leaves out what its token [saw](Token::saw).
    pub stamp: Stamp,
    /// What became of the row. The values of private columns are not known, and stand as missing.
    pub row: RowChange,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RowChange {
    Created(Record),
    Updated { before: Record, after: Record },
    Deleted(Record),
}

/// The models whose changes cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resets {
    /// These, by their names.
    Models(BTreeMap<&'static str, Reset>),
    /// All of them.
    Everything(Reset),
}

/// Why changes cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The table was emptied as a whole.
    Emptied,
    /// There are too many at once.
    TooMany,
    /// One of them cannot be read by the model's schema; the log says which.
    Unreadable,
    /// They are older than changes are kept: nobody read for that long.
    Expired,
    /// The database is another than it was: it was restored, or another server took over.
    Foreign,
}

impl Delta {
    /// One that tells nothing but how far it reaches.
    pub(super) fn nothing(token: Token) -> Self {
        Self { token, changes: Vec::new(), resets: Resets::Models(BTreeMap::new()) }
    }

    pub(super) fn everything(token: Token, why: Reset) -> Self {
        Self { token, changes: Vec::new(), resets: Resets::Everything(why) }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && matches!(&self.resets, Resets::Models(models) if models.is_empty())
    }

    /// Whether whoever reads this model starts again, and why.
    pub fn reset_of(&self, model: &Schema) -> Option<Reset> {
        match &self.resets {
            Resets::Models(models) => models.get(model.name).copied(),
            Resets::Everything(why) => Some(*why),
        }
    }
}

impl Change {
    /// The row's id.
    pub fn id(&self) -> Uuid {
        match &self.row {
            RowChange::Created(row) | RowChange::Updated { after: row, .. } | RowChange::Deleted(row) => {
                row.id(self.model)
            }
        }
    }

    /// The row before it, unless it is new.
    pub fn before(&self) -> Option<&Record> {
        match &self.row {
            RowChange::Created(_) => None,
            RowChange::Updated { before, .. } | RowChange::Deleted(before) => Some(before),
        }
    }

    /// The row after it, unless it is gone.
    pub fn after(&self) -> Option<&Record> {
        match &self.row {
            RowChange::Created(after) | RowChange::Updated { after, .. } => Some(after),
            RowChange::Deleted(_) => None,
        }
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emptied => "emptied",
            Self::TooMany => "too_many",
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
        })
    }
}
