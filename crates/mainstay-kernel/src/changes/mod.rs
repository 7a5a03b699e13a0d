//! What was committed to live models, read in the order of the commits.
//!
//! Row triggers write each change into `mainstay_change`, in the transaction that made it. A [`Token`] says how far
//! somebody has read; [`Db::changes`] gives what was committed since. Nothing is missed and nothing comes twice,
//! whatever the order in which transactions began and ended.

mod commits;
mod token;

pub(crate) use commits::Commits;
pub use commits::{Committed, Hints};
pub(crate) use token::Reach;
pub use token::{Stamp, Token};

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::store::changes as store;
use crate::{Db, ErrorKind, Kind, Reader, Result, Row, ValueRef};

/// One change of one row, as its trigger recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Which commit it is of: [`Token::saw`].
    pub stamp: Stamp,
    /// The model, such as `post`.
    pub model: String,
    /// The captured columns before it, as a JSON object; none of a row that is new. Bytes are in hexadecimal, decimals in
    /// their units, times in microseconds or with an offset. Where a column `x` of JSON holds the null of JSON, and not
    /// nothing, `x!` is true.
    pub before: Option<String>,
    /// The captured columns after it; none of a row that is gone. Neither before nor after: the whole table was
    /// emptied.
    pub after: Option<String>,
}

/// What was committed since a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// All of it, to be applied as a whole: those of one row in the order in which they happened. None of it is in
    /// the old token's sight, and all of it is in the new one's.
    Changes(Vec<Captured>, Token),
    /// More than was asked for. Whoever reads one of these models starts again, from a snapshot that is not before the
    /// token.
    TooMany(BTreeSet<String>, Token),
    /// It cannot be told any more: whoever reads anything starts again.
    Lost(Loss),
}

/// How much is told at once, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Changes of rows. Default 10 000.
    pub changes: u32,
    /// The size of their images, in bytes as the database keeps them. Default 32 MiB.
    pub bytes: u64,
}

impl Default for Most {
    fn default() -> Self {
        Self { changes: 10_000, bytes: 32 << 20 }
    }
}

/// Why it cannot be told what was committed since a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The token is older than changes are kept.
    Expired,
    /// The token is another database's, or of a time that this one was brought back from.
    Foreign,
    /// It is so much that it cannot be read within the limit for reads.
    TooSlow,
}

impl Db {
    /// What was committed since `since`, if it is not more than `most`. It costs what there is to tell, however long
    /// other transactions are open.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn changes(&self, since: &Token, most: Most) -> Result<Since> {
        let read = Since::read(&self.reader(), since, most).await;
        match read {
            Err(error) if matches!(error.kind(), ErrorKind::TooSlow(_)) => Ok(Since::Lost(Loss::TooSlow)),
            read => read,
        }
    }

    /// Tells when something was committed through this handle, or through another one of this database in this process.
    pub fn commits(&self) -> Committed {
        self.0.commits.listen()
    }

    /// Says what tells other processes of commits here, and this one of theirs.
    ///
    /// # Errors
    /// Internal, when something does already.
    pub fn hint_by(&self, hints: Arc<dyn Hints>) -> Result<()> {
        self.0.commits.attach(hints)
    }

    /// What tells of the commits of other processes.
    pub fn hints(&self) -> Option<Arc<dyn Hints>> {
        self.0.commits.hints()
    }
}

impl Since {
    /// What was committed since `since`, as far as this reader sees: that of a [snapshot](Db::snapshot) sees the rows of
    /// that moment too.
    ///
    /// # Errors
    /// Too slow, when it is more than can be read within the limit for reads; unavailable, when the database is away.
    pub async fn read(reader: &Reader, since: &Token, most: Most) -> Result<Self> {
        let Some(statement) = store::since(reader.dialect(), since, most) else {
            return Ok(Self::Lost(Loss::Foreign));
        };
        let rows = reader.rows(&statement).await?;
        let told = Told::read(&rows)?;
        let Told::Changed { token, changed } = told else { return Ok(told.lost()) };
        let bytes = changed.first().map_or(Ok(0), |row| row.at::<i64>(BYTES))?;
        if changed.len() > most.changes as usize || u64::try_from(bytes).is_ok_and(|it| it > most.bytes) {
            return Self::read_models(reader, since).await;
        }
        let captured = changed.iter().map(|row| captured(row)).collect::<Result<_>>()?;
        Ok(Self::Changes(captured, token))
    }

    /// Which models it is of, where there is too much of it.
    async fn read_models(reader: &Reader, since: &Token) -> Result<Self> {
        let Some(statement) = store::models_since(reader.dialect(), since) else {
            return Ok(Self::Lost(Loss::Foreign));
        };
        let rows = reader.rows(&statement).await?;
        let told = Told::read(&rows)?;
        let Told::Changed { token, changed } = told else { return Ok(told.lost()) };
        let models = changed.iter().map(|row| row.at(FIRST)).collect::<Result<_>>()?;
        Ok(Self::TooMany(models, token))
    }
}

/// Where in a row that tells of changes its own columns begin. Before them: how far it reaches, the mark of the
/// database, whether the token is its own, and whether all since then is kept.
const FIRST: usize = 4;

/// Where the size of all changes stands, and behind it what became of the row.
const BYTES: usize = FIRST + 2;

/// What the rows of [`store::since`] say.
enum Told<'r> {
    Lost(Loss),
    Changed { token: Token, changed: Vec<&'r Row> },
}

impl<'r> Told<'r> {
    fn read(rows: &'r [Row]) -> Result<Self> {
        let Some(first) = rows.first() else { return Ok(Self::Lost(Loss::Foreign)) };
        if !first.at::<bool>(2)? {
            return Ok(Self::Lost(Loss::Foreign));
        }
        if !first.at::<bool>(3)? {
            return Ok(Self::Lost(Loss::Expired));
        }
        // There is one row where nothing changed, with nothing in these places.
        let is_change = |row: &&Row| row.at::<Option<String>>(FIRST).is_ok_and(|model| model.is_some());
        Ok(Self::Changed { token: Token::read(first)?, changed: rows.iter().filter(is_change).collect() })
    }

    fn lost(self) -> Since {
        match self {
            Self::Lost(loss) => Since::Lost(loss),
            Self::Changed { token, .. } => Since::Changes(Vec::new(), token),
        }
    }
}

fn captured(row: &Row) -> Result<Captured> {
    Ok(Captured {
        model: row.at(FIRST)?,
        stamp: Stamp(row.at(FIRST + 1)?),
        before: image(row, BYTES + 1)?,
        after: image(row, BYTES + 2)?,
    })
}

fn image(row: &Row, at: usize) -> Result<Option<String>> {
    let value = row.read(at, Kind::Json)?;
    Ok(if let ValueRef::Json(text) = value { Some(text.to_owned()) } else { None })
}
