//! Rows that an answer refers to, in the place of their ids: `expand=user,post.user`.
//!
//! Each stands under the read scope and the field rules of its own model. One that the caller may not
//! read is null, as if it were not there. One statement per reference, however many rows there are.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;

use mainstay_kernel::{Caller, Error, Reader, Result, Row, Value};
use uuid::Uuid;

use crate::store::select::{self, Slice, Stamped};
use crate::{Action, Atom, ModelEntry, Predicate, Schema, Visible};

/// How many references a path follows.
const MAX_HOPS: usize = 3;
/// How many references one answer follows in all: each is a statement.
const MAX_REFERENCES: usize = 8;

/// Which references are to be shown as the rows that they name.
#[derive(Clone, Debug, Default)]
pub struct Expand(Vec<Branch>);

/// One reference, and which of the row that it names.
#[derive(Clone, Debug)]
struct Branch {
    column: usize,
    target: &'static Schema,
    visible: Visible,
    /// The rows that the caller may read.
    readable: Predicate,
    deeper: Expand,
}

impl Expand {
    /// Reads `user,post.user` for a model of which the caller sees these fields.
    ///
    /// # Errors
    /// Unknown field, where it sees no such reference; bad request, where it asks for too much.
    pub(crate) fn parse(
        model: &ModelEntry,
        models: &[&'static ModelEntry],
        who: &Caller,
        text: &str,
    ) -> Result<Self> {
        let mut all = Self::default();
        for path in text.split(',') {
            if path.split('.').count() > MAX_HOPS {
                return Err(bad(format!("`expand` follows at most {MAX_HOPS} references in a row")));
            }
            all.add(model.schema, models, who, path)?;
            if all.len() > MAX_REFERENCES {
                return Err(bad(format!("`expand` follows at most {MAX_REFERENCES} references in all")));
            }
        }
        Ok(all)
    }

    /// The columns whose references are followed.
    pub(crate) fn columns(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|it| it.column)
    }

    /// Tells it from another.
    pub(crate) fn key(&self) -> String {
        let branches = self
            .0
            .iter()
            .map(|it| format!("{} {:?} {:?} {}", it.column, it.visible, it.readable, it.deeper.key()));
        format!("({})", branches.collect::<Vec<_>>().join(" "))
    }

    /// The models whose rows are shown or looked at.
    pub(crate) fn models(&self, models: &mut BTreeMap<&'static str, &'static Schema>) {
        for branch in &self.0 {
            models.insert(branch.target.name, branch.target);
            branch.readable.models(models);
            branch.deeper.models(models);
        }
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn len(&self) -> usize {
        self.0.iter().map(|it| 1 + it.deeper.len()).sum()
    }

    fn add(
        &mut self,
        schema: &'static Schema,
        models: &[&'static ModelEntry],
        who: &Caller,
        path: &str,
    ) -> Result<()> {
        let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
        let (column, target) = reference(schema, models, who, field)?;
        let known = self.0.iter().position(|it| it.column == column);
        let at = known.unwrap_or_else(|| {
            self.0.push(Branch::new(column, target, who));
            self.0.len() - 1
        });
        match rest {
            Some(rest) => self.0[at].deeper.add(target.schema, models, who, rest),
            None => Ok(()),
        }
    }
}

impl Branch {
    fn new(column: usize, target: &ModelEntry, who: &Caller) -> Self {
        let readable = target.grant(Action::Read, who).map_or(Predicate::Never, |grant| grant.rows);
        let visible = Visible::to(target.schema, who);
        Self { column, target: target.schema, visible, readable, deeper: Expand::default() }
    }
}

/// The reference of this name that the caller sees, and the model that it leads to.
fn reference(
    schema: &'static Schema,
    models: &[&'static ModelEntry],
    who: &Caller,
    field: &str,
) -> Result<(usize, &'static ModelEntry)> {
    let visible = Visible::to(schema, who);
    let target = |column: usize| {
        let table = (schema.column(column).references?.table)();
        models.iter().find(|it| it.schema.table == table)
    };
    let column = schema.field(field).filter(|&it| visible.has(it));
    if let Some((column, target)) = column.and_then(|it| Some((it, target(it)?))) {
        return Ok((column, target));
    }
    let seen = (0..schema.columns.len()).filter(|&it| visible.has(it) && target(it).is_some());
    let names: Vec<_> = seen.map(|it| format!("`{}`", schema.column(it).field)).collect();
    let shown: String = field.chars().take(64).collect();
    let expected = match names.is_empty() {
        true => format!("a {} refers to nothing", schema.name),
        false => format!("expected one of {}", names.join(", ")),
    };
    Err(Error::bad_request("unknown_field", format!("`expand` cannot follow `{shown}`: {expected}")))
}

/// The rows that some rows refer to.
#[derive(Default)]
pub struct Expanded<'a>(Vec<Found<'a>>);

/// Those of one reference, by their ids.
struct Found<'a> {
    branch: &'a Branch,
    rows: HashMap<Uuid, Row>,
    deeper: Expanded<'a>,
}

type Loading<'a> = Pin<Box<dyn Future<Output = Result<Expanded<'a>>> + Send + 'a>>;

impl<'a> Expanded<'a> {
    /// Reads what these rows refer to.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub(crate) fn load<'r>(
        reader: &'a Reader,
        expand: &'a Expand,
        rows: impl Iterator<Item = &'r Row> + Clone,
    ) -> Loading<'a> {
        let ids = expand.0.iter().map(|branch| ids(rows.clone(), branch.column)).collect();
        Box::pin(Self::read(reader, expand, ids))
    }

    async fn read(reader: &'a Reader, expand: &'a Expand, ids: Vec<Result<Vec<Uuid>>>) -> Result<Self> {
        let mut all = Vec::with_capacity(ids.len());
        for (branch, ids) in expand.0.iter().zip(ids) {
            let rows = branch.read(reader, ids?).await?;
            let deeper = Self::load(reader, &branch.deeper, rows.values()).await?;
            all.push(Found { branch, rows, deeper });
        }
        Ok(Self(all))
    }

    /// Writes the row that a column of this row refers to, if that is to be shown; whether it is.
    pub(crate) fn write(&self, row: &Row, column: usize, out: &mut Vec<u8>) -> Result<bool> {
        let Some(found) = self.0.iter().find(|it| it.branch.column == column) else { return Ok(false) };
        match id(row, column)?.and_then(|id| found.rows.get(&id)) {
            Some(row) => {
                found.branch.visible.write_row(found.branch.target, row, &found.deeper, out)?;
            }
            None => out.extend_from_slice(b"null"),
        }
        Ok(true)
    }
}

impl Branch {
    async fn read(&self, reader: &Reader, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, Row>> {
        ids.sort_unstable();
        ids.dedup();
        let Some(last) = ids.last().copied().filter(|_| self.readable != Predicate::Never) else {
            return Ok(HashMap::new());
        };
        let limit = ids.len() as u64;
        // A few lengths alone, for each is a statement to be prepared.
        ids.resize(ids.len().next_power_of_two(), last);
        let key = self.target.id();
        let wanted = Predicate::Column(key, Atom::In(ids.into_iter().map(Value::Uuid).collect()));
        let predicate = &wanted.and(self.readable.clone());
        let slice = Slice { predicate, sorts: &[], limit, offset: 0 };
        let statement = select::slice(reader.dialect(), self.target, &slice, Stamped::No);
        let rows = reader.rows(&statement).await?.into_iter();
        rows.map(|row| Ok((id(&row, key)?.unwrap_or_default(), row))).collect()
    }
}

/// The ids in a column.
fn ids<'r>(rows: impl Iterator<Item = &'r Row>, column: usize) -> Result<Vec<Uuid>> {
    rows.filter_map(|row| id(row, column).transpose()).collect()
}

fn id(row: &Row, column: usize) -> Result<Option<Uuid>> {
    row.at(column)
}

fn bad(description: String) -> Error {
    Error::bad_request("bad_request", description)
}
