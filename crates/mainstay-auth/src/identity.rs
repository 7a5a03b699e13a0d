//! The caller's row: made from the claims when a person is first seen, refreshed when they change.

use std::time::Duration;

use mainstay_kernel::{Db, Error, ErrorKind, Principal, Result, Timestamp, Tx, Value};
use mainstay_model::{Part, Predicate, Record, Schema, Writer, rows};
use moka::sync::Cache;
use uuid::Uuid;

/// The claims that fill the columns named like them.
const CLAIMS: [&str; 2] = ["email", "name"];

/// How long a person's row is taken to be as it was.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Finds the row of a person in the application's user model.
///
/// Identity is (`issuer`, `subject`). A field that is named like a claim (`email`, `name`) is set
/// from it when the row is made; later only the fields that clients cannot write follow the claims.
#[derive(Clone)]
pub struct Identity {
    schema: &'static Schema,
    issuer: usize,
    subject: usize,
    seen: Cache<(String, String), Seen>,
}

#[derive(Clone)]
struct Seen {
    id: Uuid,
    claims: Vec<(usize, Value)>,
    until: Timestamp,
}

impl Identity {
    /// Uses this model for persons.
    ///
    /// # Errors
    /// Internal, when it has no `issuer` and `subject` fields, or another field that must be given and
    /// that no claim fills: nobody could sign in.
    pub fn new(schema: &'static Schema) -> Result<Self> {
        let column = |name: &str| {
            schema.columns.iter().position(|it| it.name == name).ok_or_else(|| {
                Error::internal(format!(
                    "the user model `{}` ({}) has no field `{name}`, by which persons are known: add `pub {name}: String`",
                    schema.name, schema.place
                ))
            })
        };
        let (issuer, subject) = (column("issuer")?, column("subject")?);
        let filled = |position: usize| {
            [issuer, subject].contains(&position) || CLAIMS.contains(&schema.columns[position].name)
        };
        if let Some(unfilled) = (0..schema.columns.len()).find(|&it| is_required(schema, it) && !filled(it)) {
            return Err(Error::internal(format!(
                "no claim fills the field `{}` of the user model `{}`, and a new user must have one: \
                 make it an `Option`, or give it a default",
                schema.columns[unfilled].field, schema.name
            )));
        }
        let seen = Cache::builder().max_capacity(100_000).build();
        Ok(Self { schema, issuer, subject, seen })
    }

    /// Gives the principal the id of its row, which is made or refreshed where needed.
    ///
    /// # Errors
    /// Unique violation, when another person has the same e-mail and the field must have one.
    pub async fn resolve(&self, db: &Db, principal: &mut Principal) -> Result<()> {
        let key = (principal.issuer.clone(), principal.subject.clone());
        let claims = self.claims(principal);
        let now = db.clock().now();
        if let Some(seen) = self.seen.get(&key)
            && seen.claims == claims
            && now < seen.until
        {
            principal.id = seen.id;
            return Ok(());
        }
        principal.id = self.row(db, &key, &claims).await?;
        self.seen.insert(key, Seen { id: principal.id, claims, until: now.plus(REMEMBERED) });
        Ok(())
    }

    /// The columns that are named like a claim, with the claim's value. A claim that is left out
    /// says nothing; one that is null withdraws what was known.
    fn claims(&self, principal: &Principal) -> Vec<(usize, Value)> {
        let columns = self.schema.columns.iter().enumerate().filter(|(_, it)| it.part == Part::Plain);
        columns
            .filter_map(|(column, it)| {
                let claim = match it.name {
                    "email" => &principal.email,
                    "name" => &principal.name,
                    _ => return None,
                };
                match claim {
                    Some(text) if text.len() <= self.schema.longest(column) => {
                        Some((column, Value::Text(text.clone())))
                    }
                    Some(_) => None,
                    None if it.optional && principal.claims.contains_key(it.name) => {
                        Some((column, Value::Null))
                    }
                    None => None,
                }
            })
            .collect()
    }

    async fn row(&self, db: &Db, key: &(String, String), claims: &[(usize, Value)]) -> Result<Uuid> {
        let known = Predicate::same(self.issuer, &Value::Text(key.0.clone()))
            .and(Predicate::same(self.subject, &Value::Text(key.1.clone())));
        if let Some(row) = rows::find(&db.reader(), self.schema, &known).await?
            && self.refreshed(&row, claims).is_empty()
        {
            return Ok(row.id(self.schema));
        }
        match db.write_with(|tx, _| Box::pin(self.keep(tx, &known, key, claims))).await {
            Err(error) if error.is_unique_violation() => self.settle(db, &known, key, claims, error).await,
            made => made,
        }
    }

    /// Makes the row, or refreshes it.
    async fn keep(
        &self,
        tx: &mut Tx,
        known: &Predicate,
        key: &(String, String),
        claims: &[(usize, Value)],
    ) -> Result<Uuid> {
        let Some(row) = rows::find(tx, self.schema, known).await? else {
            let mut values = claims.to_vec();
            values.push((self.issuer, Value::Text(key.0.clone())));
            values.push((self.subject, Value::Text(key.1.clone())));
            self.admit(&values)?;
            return Ok(rows::insert(tx, self.schema, values).await?.id(self.schema));
        };
        let id = row.id(self.schema);
        let changes = self.refreshed(&row, claims);
        rows::change(tx, self.schema, row, changes).await?;
        Ok(id)
    }

    /// Refuses a new person whose credential leaves out what the row must have.
    fn admit(&self, values: &[(usize, Value)]) -> Result<()> {
        let given = |column: usize| values.iter().any(|(it, _)| *it == column);
        match (0..self.schema.columns.len()).find(|&it| is_required(self.schema, it) && !given(it)) {
            None => Ok(()),
            Some(column) => {
                let claim = self.schema.columns[column].name;
                Err(Error::new(ErrorKind::Unauthenticated(format!(
                    "the credential has no claim `{claim}`, which a new {} must have",
                    self.schema.name
                ))))
            }
        }
    }

    /// Two requests of a new person raced, or another person has the same e-mail: nobody's e-mail
    /// is taken away, so this row goes without one if it can.
    async fn settle(
        &self,
        db: &Db,
        known: &Predicate,
        key: &(String, String),
        claims: &[(usize, Value)],
        error: Error,
    ) -> Result<Uuid> {
        let unshared: Vec<_> =
            claims.iter().filter(|(column, _)| !self.is_unique(*column)).cloned().collect();
        let is_new = rows::find(&db.reader(), self.schema, known).await?.is_none();
        let must_share =
            |&(column, _): &(usize, Value)| self.is_unique(column) && !self.schema.columns[column].optional;
        if is_new && claims.iter().any(must_share) {
            return Err(error);
        }
        db.write_with(|tx, _| Box::pin(self.keep(tx, known, key, &unshared))).await
    }

    fn is_unique(&self, column: usize) -> bool {
        self.schema.indexes.iter().any(|it| it.unique && it.columns == [column])
    }

    /// What the claims say otherwise of the fields that clients cannot write.
    fn refreshed(&self, row: &Record, claims: &[(usize, Value)]) -> Vec<(usize, Value)> {
        let theirs = |column: usize| self.schema.columns[column].write.update != Writer::Nobody;
        claims
            .iter()
            .filter(|(column, value)| !theirs(*column) && row.0[*column] != *value)
            .cloned()
            .collect()
    }
}

/// Whether a new row must be given a value of this column.
fn is_required(schema: &Schema, column: usize) -> bool {
    let it = &schema.columns[column];
    it.part == Part::Plain && !it.optional && it.default.is_none()
}
