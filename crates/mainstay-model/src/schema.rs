use mainstay_kernel::{Caller, Capture, Date, Fixed, Kind, Place, Timestamp, Value};
use uuid::Uuid;

use crate::store::ddl;
use crate::{About, Action, Index};

/// A model as data: what its derive macro emits and what every operation works on.
#[derive(Debug)]
pub struct Schema {
    /// The model, such as `post`: the `type` of its rows and the start of `post_not_found`.
    pub name: &'static str,
    /// The route segment, such as `blog-posts`.
    pub plural: &'static str,
    /// The key of its rows in a list answer, such as `blogPosts`.
    pub list_key: &'static str,
    /// The struct's documentation.
    pub docs: &'static str,
    /// The table, such as `blog_posts`.
    pub table: &'static str,
    /// Its columns, in the order of the struct's fields.
    pub columns: &'static [ColumnDef],
    /// Indexes over more than one column, and unique ones.
    pub indexes: &'static [Index],
    /// Positions of the texts that are searched.
    pub search: &'static [usize],
    /// Whether row triggers record its changes.
    pub live: bool,
    /// Positions of the columns that the struct does not declare: a version, or times, of the framework's.
    pub undeclared: &'static [usize],
    /// Where it is declared.
    pub place: Place,
}

/// One column.
#[derive(Debug)]
pub struct ColumnDef {
    /// The column, such as `created_at`; a reference `user` is kept in `user_id`.
    pub name: &'static str,
    /// The field as clients know it, such as `createdAt`.
    pub field: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be missing.
    pub optional: bool,
    /// What the framework does with it.
    pub part: Part,
    /// Which callers may set it, and when.
    pub write: Write,
    /// Which callers see it.
    pub read: Read,
    /// What it refers to.
    pub references: Option<Reference>,
    /// Its value when a create gives none.
    pub default: Option<DefaultValue>,
    /// What is said of it to those who read of the model.
    pub about: About,
}

impl ColumnDef {
    /// A column that must be there, that every caller sees and none sets: for schemas that are written by hand.
    pub const fn new(name: &'static str, kind: Kind, part: Part) -> Self {
        Self {
            name,
            field: name,
            kind,
            optional: false,
            part,
            write: Write { create: Writer::Nobody, update: Writer::Nobody },
            read: Read::Everyone,
            references: None,
            default: None,
            about: About::NOTHING,
        }
    }

    /// Whether a create that says nothing of it is refused, unless the scope sets it.
    pub fn must_be_given(&self) -> bool {
        self.part == Part::Plain && !self.optional && self.default.is_none()
    }

    /// What rows hold in it that were there before the column: nothing, or the field's default, unless that is another
    /// one each time, or else the emptiest value of its kind.
    pub fn of_old_rows(&self) -> Value {
        if self.optional {
            return Value::Null;
        }
        if self.part == Part::Version {
            return Value::Int(1);
        }
        let made = self.default.map(|default| (default(), default()));
        match made.filter(|(one, other)| one == other) {
            Some((Value::Float(it), _)) if it.is_finite() => Value::Float(it),
            Some((
                value @ (Value::Bool(_)
                | Value::Int(_)
                | Value::Decimal(_)
                | Value::Text(_)
                | Value::Enum(_)
                | Value::Json(_)),
                _,
            )) => value,
            Some((
                Value::Null
                | Value::Float(_)
                | Value::Bytes(_)
                | Value::Uuid(_)
                | Value::Timestamp(_)
                | Value::Date(_),
                _,
            ))
            | None => emptiest(self.kind),
        }
    }
}

fn emptiest(kind: Kind) -> Value {
    match kind {
        Kind::Bool => Value::Bool(false),
        Kind::Int => Value::Int(0),
        Kind::Float => Value::Float(0.0),
        Kind::Text => Value::Text(String::new()),
        Kind::Bytes => Value::Bytes(Vec::new()),
        Kind::Uuid => Value::Uuid(Uuid::nil()),
        Kind::Timestamp => Value::Timestamp(Timestamp::EPOCH),
        Kind::Decimal(scale) => Value::Decimal(Fixed { units: 0, scale }),
        Kind::Date => Value::Date(Date::from_days(0)),
        Kind::Enum(of) => Value::Enum(of.at(0)),
        Kind::Json => Value::Json(serde_json::Value::Null),
    }
}

/// A value made when it is needed.
pub type DefaultValue = fn() -> Value;

/// What the framework does with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The primary key.
    Id,
    /// Set when the row is created.
    CreatedAt,
    /// Set when the row is written.
    UpdatedAt,
    /// Counted up by each write; the entity tag.
    Version,
    /// Takes in the properties that the model does not declare.
    Overflow,
    /// The application's own.
    Plain,
}

impl Part {
    /// Whether the application sets it, and not the framework.
    pub fn is_applications(self) -> bool {
        match self {
            Self::Plain | Self::Overflow => true,
            Self::Id | Self::CreatedAt | Self::UpdatedAt | Self::Version => false,
        }
    }
}

/// Which callers may set a column, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// Those who may in a create.
    pub create: Writer,
    /// Those who may in an update or a patch.
    pub update: Writer,
}

/// Which callers may set a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writer {
    /// No client.
    #[default]
    Nobody,
    /// Whoever may write the row.
    Everyone,
    /// Those of them who have this role.
    Role(&'static str),
}

impl Write {
    /// Those who may in this action.
    pub fn in_action(self, action: Action) -> Writer {
        match action {
            Action::Create => self.create,
            Action::Update | Action::Patch => self.update,
            Action::Read | Action::Delete => Writer::Nobody,
        }
    }
}

impl Writer {
    /// Whether `who` is one of them.
    pub fn admits(self, who: &Caller) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everyone => true,
            Self::Role(role) => who.has_role(role),
        }
    }
}

/// Which callers see a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Read {
    /// Whoever may read the row.
    #[default]
    Everyone,
    /// Those of them who have this role.
    Role(&'static str),
    /// No client.
    Private,
}

/// What a column refers to.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The table whose `id` it holds.
    pub table: fn() -> &'static str,
    /// What becomes of this row when that one goes.
    pub on_delete: OnDelete,
}

/// What becomes of a row when the row it refers to is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused, at the end of the statement.
    #[default]
    NoAction,
    /// The delete is refused at once.
    Restrict,
    /// It goes too.
    Cascade,
    /// It refers to nothing from then on.
    SetNull,
}

impl Schema {
    /// A model of these columns of which no more is said, for schemas that are written by hand. Its table has the name of its
    /// plural, and nobody records its changes.
    pub const fn new(
        name: &'static str,
        plural: &'static str,
        columns: &'static [ColumnDef],
        place: Place,
    ) -> Self {
        Self {
            name,
            plural,
            list_key: plural,
            docs: "",
            table: plural,
            columns,
            indexes: &[],
            search: &[],
            live: false,
            undeclared: &[],
            place,
        }
    }

    /// The column at this position.
    pub fn column(&self, index: usize) -> &'static ColumnDef {
        &self.columns[index]
    }

    /// The position of the column that plays this part.
    pub fn part(&self, part: Part) -> Option<usize> {
        self.columns.iter().position(|it| it.part == part)
    }

    /// The position of the primary key. Every model has one.
    pub fn id(&self) -> usize {
        self.part(Part::Id).unwrap_or(0)
    }

    /// The position of the field that clients know by this name. They do not know the overflow column.
    pub fn field(&self, field: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.field == field && it.part != Part::Overflow)
    }

    /// The most bytes that a text (or bytes) may have in this column, for the indexes that hold it: an
    /// entry of PostgreSQL's takes 2704 bytes at most, of SQLite's any, and a model means the same on both.
    pub fn longest(&self, column: usize) -> usize {
        const ENTRY: usize = 2000;
        let is_long = |it: &&usize| matches!(self.columns[**it].kind, Kind::Text | Kind::Bytes);
        let holding = self.indexes.iter().filter(|it| it.columns.contains(&column));
        let shares = holding.map(|it| ENTRY / it.columns.iter().filter(is_long).count().max(1));
        shares.min().unwrap_or(usize::MAX)
    }

    /// The name of an index, the same on both stores. Another order or condition is another index.
    pub fn index_name(&self, index: &Index) -> String {
        let column = |&column: &usize| {
            let name = self.columns[column].name;
            if index.descending.contains(&column) { format!("{name}_desc") } else { name.to_owned() }
        };
        let mut parts: Vec<_> =
            [self.table.to_owned()].into_iter().chain(index.columns.iter().map(column)).collect();
        if !index.only.is_empty() {
            parts.push(format!("where_{:016x}", hash(&ddl::condition(self, index))));
        }
        bounded(&parts.join("_"), if index.unique { "_key" } else { "_idx" })
    }

    /// The name of a reference's constraint, the same on both stores.
    pub fn reference_name(&self, column: &ColumnDef) -> String {
        bounded(&format!("{}_{}", self.table, column.name), "_fkey")
    }

    /// The name of the constraint that holds a column to the variants of its enum.
    pub fn check_name(&self, column: &ColumnDef) -> String {
        bounded(&format!("{}_{}", self.table, column.name), "_check")
    }

    /// What its row triggers record: every column but the private ones.
    pub fn capture(&self) -> Capture {
        let seen = self.columns.iter().filter(|it| it.read != Read::Private);
        Capture {
            table: self.table.to_owned(),
            model: self.name.to_owned(),
            columns: seen.map(|it| (it.name.to_owned(), it.kind)).collect(),
        }
    }
}

/// The longest name of PostgreSQL, in bytes; it cuts longer ones.
const LONGEST_NAME: usize = 63;

/// A name of at most 63 bytes: the end of a longer one gives way to a hash of the whole.
pub(crate) fn bounded(stem: &str, suffix: &str) -> String {
    if stem.len() + suffix.len() <= LONGEST_NAME {
        return format!("{stem}{suffix}");
    }
    let hash = hash(stem);
    let kept: String =
        stem.chars().take_while(char::is_ascii).take(LONGEST_NAME - suffix.len() - 17).collect();
    format!("{kept}_{hash:016x}{suffix}")
}

/// FNV-1a, which is the same in every version.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn a_name_too_long_for_postgres_is_shortened_and_stays_unique() {
        assert_eq!(bounded("posts_title", "_key"), "posts_title_key");
        let (one, other) = (bounded(&"a".repeat(80), "_key"), bounded(&"a".repeat(81), "_key"));
        assert_eq!((one.len(), other.len()), (63, 63));
        assert_ne!(one, other);
    }
}
