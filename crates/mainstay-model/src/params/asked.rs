use mainstay_kernel::{Caller, Error, Kind, Result};

use super::condition::Field;
use super::{bad, shown};
use crate::undeclared::Named;
use crate::{Expand, ModelEntry, Predicate, Schema, Visible, cursor, search, suggest};

/// Rows of a page, unless the caller says otherwise.
pub const DEFAULT_LIMIT: u64 = 25;
/// The most rows of a page.
pub const MAX_LIMIT: u64 = 100;
/// The furthest a page may start; a cursor goes on from anywhere.
pub(super) const MAX_OFFSET: u64 = 100_000;
/// The most conditions of a filter.
const MAX_CONDITIONS: usize = 32;
/// The most sorts.
pub const MAX_SORTS: usize = 8;
/// The most keys of a path into JSON.
const MAX_KEYS: usize = 8;

/// A column to sort by. Missing values come last in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// Position of the column.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// What a list says about how many rows match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Exactly, up to 10 000.
    #[default]
    Capped,
    /// Exactly, under the time limit for reads.
    Exact,
    /// Nothing.
    None,
    /// Exactly up to 10 000, and no rows.
    Only,
}

/// What a caller wants to see of a model's rows, within what the scope lets it see.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The caller's own conditions.
    pub filter: Predicate,
    /// In which order; always ends with the primary key.
    pub sorts: Vec<Sort>,
    /// How many rows.
    pub limit: u64,
    /// How many rows to leave out first.
    pub offset: u64,
    /// The rows after this one.
    pub after: Option<Predicate>,
    /// Whether to count.
    pub count: Count,
    /// Which fields to answer with.
    pub visible: Visible,
    /// Which references to answer with the rows that they name.
    pub expand: Expand,
}

/// What was asked so far, by a caller who sees these fields.
pub(super) struct Asked<'a> {
    pub(super) count: Count,
    model: &'a ModelEntry,
    models: &'a [&'static ModelEntry],
    who: &'a Caller,
    schema: &'static Schema,
    visible: Visible,
    filter: Predicate,
    conditions: usize,
    search: Option<Predicate>,
    limit: Option<u64>,
    start: Option<Start>,
    sorts: Vec<Sort>,
    selected: Option<Selected>,
    expand: Expand,
}

/// The fields to answer with: columns, and properties that are not declared.
type Selected = (Vec<usize>, Vec<String>);

/// Where the rows begin. Only one of these can be said.
pub(super) enum Start {
    Page(u64),
    Offset(u64),
    Cursor(String),
}

impl<'a> Asked<'a> {
    pub(super) fn new(model: &'a ModelEntry, models: &'a [&'static ModelEntry], who: &'a Caller) -> Self {
        Self {
            count: Count::default(),
            model,
            models,
            who,
            schema: model.schema,
            visible: Visible::to(model.schema, who),
            filter: Predicate::Always,
            conditions: 0,
            search: None,
            limit: None,
            start: None,
            sorts: Vec::new(),
            selected: None,
            expand: Expand::default(),
        }
    }

    /// Only the rows for which this holds too.
    pub(super) fn and(&mut self, filter: Predicate) {
        self.filter = std::mem::replace(&mut self.filter, Predicate::Always).and(filter);
    }

    /// Refuses more conditions than a filter may have.
    pub(super) fn count_condition(&mut self) -> Result<()> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(bad(format!("a filter has at most {MAX_CONDITIONS} conditions")));
        }
        Ok(())
    }

    /// The column of a field that the caller may see.
    pub(super) fn column(&self, field: &str) -> Result<usize> {
        self.schema.field(field).filter(|&it| self.visible.has(it)).ok_or_else(|| {
            let names = self.visible.fields(self.schema);
            Error::bad_request("unknown_field", suggest::unknown("field", field, names))
        })
    }

    /// The overflow column and the property that this names in it, where the caller sees it. Named
    /// behind the column's own name (`data.colour`), so that a slip in a field's name is none.
    fn property<'n>(&self, name: &'n str) -> Option<(usize, &'n str)> {
        let column = self.schema.overflow().filter(|&it| self.visible.has(it))?;
        let property = name.strip_prefix(self.schema.column(column).field)?.strip_prefix('.')?;
        let first = property.split('.').next().unwrap_or_default();
        // What is declared, or was not when it was kept, is not shown of this column.
        matches!(self.schema.named(first), Named::Property(_)).then_some((column, property))
    }

    /// What a condition is about: a field, or with `data.size.width` a place within one of JSON.
    /// A property that is not declared is such a place.
    pub(super) fn field(&self, name: &str) -> Result<Field> {
        let (field, path) = name.split_once('.').map_or((name, None), |(field, path)| (field, Some(path)));
        let (column, path) = match self.property(name) {
            Some((column, property)) => (column, Some(property)),
            None => (self.column(field)?, path),
        };
        let def = self.schema.column(column);
        let path: Vec<String> = path.map(|it| it.split('.').map(str::to_owned).collect()).unwrap_or_default();
        if !path.is_empty() && def.kind != Kind::Json {
            let why = format!("unknown field `{}`: `{field}` is not JSON", shown(name));
            return Err(Error::bad_request("unknown_field", why));
        }
        if path.len() > MAX_KEYS || path.iter().any(|key| key.is_empty() || key.contains('\0')) {
            return Err(bad(format!("`{}` is not a path of at most {MAX_KEYS} keys into JSON", shown(name))));
        }
        Ok(Field { column, def, path })
    }

    /// Only the rows that this search finds.
    pub(super) fn search(&mut self, text: &str) -> Result<()> {
        once(&mut self.search, search::predicate(self.schema, text)?, "`search`")
    }

    pub(super) fn limit(&mut self, limit: u64) -> Result<()> {
        once(&mut self.limit, limit, "`limit`")
    }

    pub(super) fn start(&mut self, start: Start) -> Result<()> {
        once(&mut self.start, start, "the start of the rows (`page`, `offset` or `cursor`)")
    }

    /// Answers these references with the rows that they name.
    pub(super) fn expand(&mut self, paths: &str) -> Result<()> {
        self.expand = Expand::parse(self.model, self.models, self.who, paths)?;
        Ok(())
    }

    pub(super) fn select<'f>(&mut self, fields: impl Iterator<Item = &'f str>) -> Result<()> {
        let (mut columns, mut properties) = Selected::default();
        for field in fields {
            match self.property(field) {
                Some((_, property)) => properties.push(property.to_owned()),
                None => columns.push(self.column(field)?),
            }
        }
        once(&mut self.selected, (columns, properties), "`select`")
    }

    /// Sorts by this field, after those given before.
    pub(super) fn sort(&mut self, field: &str, descending: bool) -> Result<()> {
        if self.property(field).is_some() {
            return Err(bad(format!(
                "`sort` cannot use `{}`: only declared fields have an order",
                shown(field)
            )));
        }
        let column = self.column(field)?;
        let twice = self.sorts.iter().any(|it| it.column == column);
        if self.schema.column(column).kind == Kind::Json || twice {
            return Err(bad(format!("`sort` cannot use `{field}` here: it is JSON, or named twice")));
        }
        if self.sorts.len() == MAX_SORTS {
            return Err(bad(format!("`sort` names at most {MAX_SORTS} fields")));
        }
        self.sorts.push(Sort { column, descending });
        Ok(())
    }

    /// Whether an order was given.
    pub(super) fn is_sorted(&self) -> bool {
        !self.sorts.is_empty()
    }

    pub(super) fn finish(mut self) -> Result<ListQuery> {
        if let Some(search) = self.search.take() {
            self.and(search);
        }
        let id = self.schema.id();
        if !self.sorts.iter().any(|it| it.column == id) {
            self.sorts.push(Sort { column: id, descending: false });
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let offset = match &self.start {
            None | Some(Start::Cursor(_)) => 0,
            Some(Start::Offset(it)) => *it,
            Some(Start::Page(it)) => (it - 1).saturating_mul(limit),
        };
        if offset > MAX_OFFSET {
            return Err(bad(format!(
                "a page starts at row {MAX_OFFSET} at the furthest; go on with `cursor` instead"
            )));
        }
        let after = match &self.start {
            Some(Start::Cursor(it)) => Some(cursor::read(self.schema, &self.sorts, it)?),
            None | Some(Start::Page(_) | Start::Offset(_)) => None,
        };
        let visible = match self.selected {
            Some((columns, properties)) => self.visible.only(self.schema, &columns, properties),
            None => self.visible,
        };
        let visible = visible.with(self.expand.columns());
        let Self { filter, sorts, count, expand, .. } = self;
        Ok(ListQuery { filter, sorts, limit, offset, after, count, visible, expand })
    }
}

fn once<T>(slot: &mut Option<T>, value: T, name: &str) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(bad(format!("{name} is given twice"))),
    }
}
