//! Updating a row: only the fields that were sent, and only while the scope holds before and after.

use mainstay_kernel::{Answer, Error, ErrorKind, Outcome, Reader, Result, Tx, Value, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::hook::{Firing, overlay};
use crate::input::Intake;
use crate::revise::Revision;
use crate::scope::Grant;
use crate::violation::{Refused, Tried};
use crate::{
    Action, Assignments, Atom, Input, Part, Predicate, Record, reference, rows, store, undeclared, violation,
};

/// Changes the fields that a client sent. With `versions`, only while the row has one of them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found; stale version; invalid or read-only
/// fields; a violation; a hook's own.
pub async fn update(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Update, door.who)?;
    let sent = Intake::new(door.model, Action::Update, door.who).assignments(input, &grant.sets)?;
    if undeclared::is_among(door.model.schema, &sent) {
        let joined = |row: &Record| undeclared::joined(door.model, row, &sent);
        let revision = Revision::new(door, Action::Update, grant, id, versions, joined);
        return door.db.once(door.request, door.keep, async || revision.run().await).await;
    }
    let (firing, tried) = (Firing::at(door, Action::Update), Tried::nothing());
    let change = Change::new(door, grant, id, versions, sent, &firing, &tried);
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
    changes: Assignments,
    firing: &'a Firing<'a>,
    tried: &'a Tried<Assignments>,
}

impl<'a> Change<'a> {
    /// A change of the columns that a client sent, if it sent any, and of those that the scope sets.
    pub(crate) fn new(
        door: &'a Door<'a>,
        grant: Grant,
        id: Uuid,
        versions: Option<Vec<i64>>,
        sent: Assignments,
        firing: &'a Firing<'a>,
        tried: &'a Tried<Assignments>,
    ) -> Self {
        let readable = reference::readable(door, &sent);
        let mut changes = sent.clone();
        if !changes.is_empty() {
            changes.extend(grant.sets.iter().cloned());
        }
        Self { door, grant, id, versions, sent, readable, changes, firing, tried }
    }

    async fn run(&self) -> Result<Outcome> {
        let ran = if self.door.request.is_some() || self.firing.is_due() || self.looks_elsewhere() {
            self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await
        } else {
            self.at_once().await
        };
        match ran {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(explain(self.door, self.id, self.tried, error).await),
        }
    }

    /// As one statement: nothing has to be kept beside the row.
    async fn at_once(&self) -> Result<Outcome> {
        if self.changes.is_empty() {
            return Ok(self.outcome(&self.current(&self.door.db.reader()).await?));
        }
        let statement = self.statement(&self.changes, &self.wanted());
        let refused = Refused::Update(self.id, &self.changes);
        let written = match self.door.db.write_one(&statement, None).await {
            Ok(written) => written,
            Err(error) => return Err(violation::explain(self.door, refused, error).await),
        };
        match written {
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
        self.tried.note(None);
        let record = if self.changes.is_empty() {
            self.current(tx).await?
        } else if self.firing.is_due() {
            self.hooked(tx).await?
        } else {
            match self.write(tx, &self.changes, &self.wanted()).await? {
                Some(record) => record,
                None => return Err(self.refusal(tx).await?),
            }
        };
        Ok(self.door.answer(&record))
    }

    /// Between its hooks. What would be refused without them is refused before any runs.
    async fn hooked(&self, tx: &mut Tx) -> Result<Record> {
        tx.act_for(self.door.who);
        let Some(before) = self.find(tx, &self.wanted()).await? else { return Err(self.refusal(tx).await?) };
        let mut row = before.clone();
        row.assign(&self.changes);
        let change = self.firing.before(tx, Some(before), row).await?;
        let changes = overlay(self.changes.clone(), change.sets);
        let wanted = self.key().and(self.grant.rows.clone().after(&changes));
        match self.write(tx, &changes, &wanted).await? {
            Some(stored) => self.firing.after(tx, change.before, stored).await,
            None if self.find(tx, &self.key()).await?.is_some() => Err(self.given_away()),
            None => Err(self.door.model.not_found(self.id)),
        }
    }

    /// The statement; none, when there is no such row.
    async fn write(&self, tx: &mut Tx, changes: &Assignments, wanted: &Predicate) -> Result<Option<Record>> {
        self.tried.note(Some(changes.clone()));
        let rows = tx.returning(&self.statement(changes, wanted)).await?;
        self.tried.note(None);
        let Some(row) = rows.first() else { return Ok(None) };
        // What the scope says of other rows may rest on this one too.
        if self.grant.rows.looks_elsewhere() && self.find(tx, &self.reachable()).await?.is_none() {
            return Err(self.given_away());
        }
        Record::read(self.door.model.schema, row).map(Some)
    }

    fn outcome(&self, record: &Record) -> Outcome {
        Outcome { answer: self.door.answer(record), replayed: false }
    }

    fn statement(&self, changes: &Assignments, wanted: &Predicate) -> mainstay_kernel::Statement {
        let now = self.door.db.clock().now();
        store::write::update(self.door.db.dialect(), self.door.model.schema, changes, wanted, now)
    }

    /// The row, where all that the caller asks of it holds.
    fn wanted(&self) -> Predicate {
        self.before().and(self.after()).and(self.readable.clone())
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
        self.key().and(self.grant.rows.clone())
    }

    fn key(&self) -> Predicate {
        Predicate::same(self.door.model.schema.id(), &Value::Uuid(self.id))
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

/// What the caller is told of an update that was refused.
pub(crate) async fn explain(door: &Door<'_>, id: Uuid, tried: &Tried<Assignments>, error: Error) -> Error {
    match tried.last() {
        Some(changes) => violation::explain(door, Refused::Update(id, &changes), error).await,
        None => error,
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
