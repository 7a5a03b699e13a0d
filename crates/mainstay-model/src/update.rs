//! Updating a row: only the fields that were sent, and only while the scope holds before and after.

use mainstay_kernel::{Answer, Error, ErrorKind, Outcome, Reader, Result, Tx, Value, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::scope::Grant;
use crate::violation::Refused;
use crate::{
    Action, Assignments, Atom, Input, Part, Predicate, Record, Visible, input, reference, rows, store,
    violation,
};

/// Changes the fields that a client sent. With `versions`, only while the row has one of them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found; stale version; invalid or read-only
/// fields; a violation.
pub async fn update(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Update, door.who)?;
    let visible = Visible::to(door.model.schema, door.who);
    let sent = input::assignments(door.model, Action::Update, input, &visible, &grant.sets)?;
    let change = Change::new(door, grant, id, versions, sent);
    door.db.once(door.request, door.keep, async || change.run().await).await
}

/// One update on its way.
pub(crate) struct Change<'a> {
    door: &'a Door<'a>,
    grant: Grant,
    id: Uuid,
    versions: Option<Vec<i64>>,
    /// What the client sent.
    sent: Assignments,
    /// What it sent refers to what it may read.
    readable: Predicate,
    /// What it sent and what the scope sets.
    pub(crate) changes: Assignments,
}

impl<'a> Change<'a> {
    /// A change of the columns that a client sent, if it sent any, and of those that the scope sets.
    pub(crate) fn new(
        door: &'a Door<'a>,
        grant: Grant,
        id: Uuid,
        versions: Option<Vec<i64>>,
        sent: Assignments,
    ) -> Self {
        let readable = reference::readable(door, &sent);
        let mut changes = sent.clone();
        if !changes.is_empty() {
            changes.extend(grant.sets.iter().cloned());
        }
        Self { door, grant, id, versions, sent, readable, changes }
    }

    async fn run(&self) -> Result<Outcome> {
        let ran = if self.door.request.is_some() || self.looks_elsewhere() {
            self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await
        } else {
            self.at_once().await
        };
        match ran {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                Err(violation::explain(self.door, Refused::Update(self.id, &self.changes), error).await)
            }
        }
    }

    /// As one statement: nothing has to be kept beside the row.
    async fn at_once(&self) -> Result<Outcome> {
        if self.changes.is_empty() {
            return Ok(self.outcome(&self.current(&self.door.db.reader()).await?));
        }
        match self.door.db.write_one(&self.statement(), None).await? {
            Written::Rows(rows) => match rows.first() {
                Some(row) => Ok(self.outcome(&Record::read(self.door.model.schema, row)?)),
                None => Err(self.refusal(&self.door.db.reader()).await?),
            },
            Written::Replayed(answer) => Ok(Outcome { answer, replayed: true }),
        }
    }

    /// Whether it rests on other rows. One statement of PostgreSQL's would see the newest version of its
    /// own row beside older ones of those; a transaction sees all of one moment.
    fn looks_elsewhere(&self) -> bool {
        self.readable.looks_elsewhere() || self.grant.rows.looks_elsewhere()
    }

    /// In a transaction that also keeps the answer.
    pub(crate) async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        let schema = self.door.model.schema;
        if self.changes.is_empty() {
            return Ok(self.door.answer(&self.current(tx).await?));
        }
        let rows = tx.returning(&self.statement()).await?;
        let Some(row) = rows.first() else { return Err(self.refusal(tx).await?) };
        // What the scope says of other rows may rest on this one too.
        if self.grant.rows.looks_elsewhere() && self.find(tx, &self.reachable()).await?.is_none() {
            return Err(self.given_away());
        }
        Ok(self.door.answer(&Record::read(schema, row)?))
    }

    fn outcome(&self, record: &Record) -> Outcome {
        Outcome { answer: self.door.answer(record), replayed: false }
    }

    fn statement(&self) -> mainstay_kernel::Statement {
        let predicate = self.before().and(self.after()).and(self.readable.clone());
        let now = self.door.db.clock().now();
        store::write::update(self.door.db.dialect(), self.door.model.schema, &self.changes, &predicate, now)
    }

    /// The row, at the wanted version, while it is within reach.
    fn before(&self) -> Predicate {
        self.reachable().and(at_version(self.door.model.schema, self.versions.as_deref()))
    }

    /// What keeps the row within reach once it is changed.
    fn after(&self) -> Predicate {
        self.grant.rows.clone().after(&self.changes)
    }

    fn reachable(&self) -> Predicate {
        Predicate::same(self.door.model.schema.id(), &Value::Uuid(self.id)).and(self.grant.rows.clone())
    }

    /// The row as it is, at the wanted version, while it is within reach.
    ///
    /// # Errors
    /// Not found; stale version.
    pub(crate) async fn current(&self, reader: &Reader) -> Result<Record> {
        match self.find(reader, &self.before()).await? {
            Some(record) => Ok(record),
            None => Err(self.refusal(reader).await?),
        }
    }

    async fn find(&self, reader: &Reader, predicate: &Predicate) -> Result<Option<Record>> {
        rows::find(reader, self.door.model.schema, predicate).await
    }

    /// Why no row was changed.
    async fn refusal(&self, reader: &Reader) -> Result<Error> {
        // What the scope refuses for sure is told as that.
        if self.after() != Predicate::Never {
            reference::admit(self.door, reader, &self.sent).await?;
        }
        let schema = self.door.model.schema;
        let Some(record) = self.find(reader, &self.reachable()).await? else {
            return Ok(self.door.model.not_found(self.id));
        };
        if self.versions.as_ref().is_some_and(|versions| !versions.contains(&record.version(schema))) {
            return Ok(Error::new(ErrorKind::StaleVersion));
        }
        Ok(self.given_away())
    }

    fn given_away(&self) -> Error {
        let name = self.door.model.schema.name;
        Error::new(ErrorKind::Forbidden(format!("you may not give this {name} away")))
    }
}

/// The row has one of these versions.
pub(crate) fn at_version(schema: &crate::Schema, versions: Option<&[i64]>) -> Predicate {
    match versions.zip(schema.part(Part::Version)) {
        Some((versions, column)) => {
            Predicate::Column(column, Atom::In(versions.iter().map(|&it| Value::Int(it)).collect()))
        }
        None => Predicate::Always,
    }
}
