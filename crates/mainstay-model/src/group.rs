use std::fmt;
use std::marker::PhantomData;

use mainstay_kernel::{Error, Reader, Result, Value};

use crate::aggregate::{Ordered, Term, Terms, taken};
use crate::store::aggregate as store;
use crate::{Column, Field, Filter, Model, Predicate, Schema, Sort};

/// Which groups of rows to read, and what to read of each.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The rows that are grouped.
    pub predicate: Predicate,
    /// The columns in which the rows of a group agree; without one, all rows are one group.
    pub keys: Vec<usize>,
    /// What each group comes to.
    pub terms: Vec<Term>,
    /// The order; groups that are equal in it are ordered by their keys.
    pub sorts: Vec<GroupSort>,
    /// How many groups at most.
    pub limit: u64,
    /// How many groups to leave out first.
    pub offset: u64,
}

/// What groups are sorted by: a key, as `Post::USER.asc()`, or an aggregate, as `Post::ID.count().desc()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSort {
    pub(crate) by: By,
    pub(crate) descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Key(usize),
    Term(Term),
}

impl GroupSort {
    /// By what this comes to, smallest first.
    pub fn least_first(term: Term) -> Self {
        Self { by: By::Term(term), descending: false }
    }

    /// By what this comes to, largest first.
    pub fn greatest_first(term: Term) -> Self {
        Self { by: By::Term(term), descending: true }
    }
}

impl From<Sort> for GroupSort {
    fn from(sort: Sort) -> Self {
        Self { by: By::Key(sort.column), descending: sort.descending }
    }
}

/// The groups of a model known only by its schema: of each its keys, then what its terms come to.
///
/// # Errors
/// Internal, when a sum does not fit or the order names a column that is no key; as the reader says.
pub async fn groups(reader: &Reader, schema: &Schema, asked: &Groups) -> Result<Vec<Vec<Value>>> {
    sorted_by_keys(schema, asked)?;
    let rows = reader.rows(&store::groups(reader.dialect(), schema, asked)).await?;
    rows.iter().map(|row| store::read(row, schema, asked)).collect()
}

fn sorted_by_keys(schema: &Schema, asked: &Groups) -> Result<()> {
    for sort in &asked.sorts {
        if let By::Key(column) = sort.by
            && !asked.keys.contains(&column)
        {
            let name = schema.column(column).name;
            return Err(Error::internal(format!(
                "groups cannot be ordered by `{name}`: group by it too, or order by an aggregate of it"
            )));
        }
    }
    Ok(())
}

/// The rows of a query in groups, not read yet.
#[must_use = "groups are read when `all` is awaited"]
pub struct Grouped<M, K> {
    groups: Groups,
    by: PhantomData<fn() -> (M, K)>,
}

impl<M, K> Clone for Grouped<M, K> {
    fn clone(&self) -> Self {
        Self { groups: self.groups.clone(), by: PhantomData }
    }
}

impl<M, K> fmt::Debug for Grouped<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.groups.fmt(f)
    }
}

impl<M: Model, K: Keys<M>> Grouped<M, K> {
    pub(crate) fn new(filter: Filter<M>, keys: &K) -> Self {
        let groups = Groups {
            predicate: filter.into_predicate(),
            keys: keys.columns(),
            terms: Vec::new(),
            sorts: Vec::new(),
            limit: u64::from(u32::MAX),
            offset: 0,
        };
        Self { groups, by: PhantomData }
    }

    /// Sorts by this key or aggregate, after those given before. Groups that are equal in all of them are
    /// in the order of their keys.
    pub fn order(mut self, sort: impl Into<GroupSort>) -> Self {
        self.groups.sorts.push(sort.into());
        self
    }

    /// At most so many groups.
    pub fn limit(mut self, limit: u32) -> Self {
        self.groups.limit = limit.into();
        self
    }

    /// Leaves out so many groups first.
    pub fn offset(mut self, offset: u32) -> Self {
        self.groups.offset = offset.into();
        self
    }

    /// The groups: the key of each (a tuple where there are several), and what its rows come to. The key of
    /// a column that may be missing is an `Option`: what is missing is a group of its own.
    ///
    /// # Errors
    /// Internal, when a sum does not fit, a key that may be missing is read as one that may not, or the
    /// order names a column that is no key; too slow or unavailable, as the reader says.
    pub async fn all<R: KeyOf<K>, T: Terms<M>>(
        mut self,
        reader: &Reader,
        terms: T,
    ) -> Result<Vec<(R, T::Row)>> {
        let keys = &self.groups.keys;
        for (&column, may_be_missing) in keys.iter().zip(R::may_be_missing()) {
            let column = M::SCHEMA.column(column);
            if column.optional && !may_be_missing {
                return Err(Error::internal(format!(
                    "`{}` of a group may be missing: read it as an `Option`",
                    column.name
                )));
            }
        }
        self.groups.terms = terms.terms();
        let rows = groups(reader, M::SCHEMA, &self.groups).await?;
        let read = |row: Vec<Value>| {
            let mut values = row.into_iter();
            Ok((R::read(&mut values)?, T::read(&mut values)?))
        };
        rows.into_iter().map(read).collect()
    }
}

/// What rows are grouped by: a column, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "rows of `{M}` cannot be grouped by `{Self}`",
    label = "expected a column of `{M}`, or a tuple of such"
)]
pub trait Keys<M> {
    /// Their positions.
    fn columns(&self) -> Vec<usize>;
}

impl<M, T: Ordered> Keys<M> for Column<M, T> {
    fn columns(&self) -> Vec<usize> {
        vec![self.index()]
    }
}

/// What a column of `T` can be read as: a `T`, or an `Option` of it.
pub trait Reads<T>: Field {}

impl<T: Field> Reads<T> for T {}
impl<T: Field> Reads<T> for Option<T> {}

/// What the keys `K` of a group can be read as.
#[diagnostic::on_unimplemented(message = "the key of these groups cannot be read as `{Self}`")]
pub trait KeyOf<K>: Sized {
    /// Of each, whether it may be missing.
    fn may_be_missing() -> Vec<bool>;

    /// This from one value for each.
    ///
    /// # Errors
    /// Internal, when a value is of another kind.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self>;
}

impl<M, T, R: Reads<T>> KeyOf<Column<M, T>> for R {
    fn may_be_missing() -> Vec<bool> {
        vec![R::OPTIONAL]
    }

    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self> {
        taken(values)
    }
}

macro_rules! keys {
    ($($name:ident $read:ident $index:tt),*) => {
        impl<M, $($name: Ordered),*> Keys<M> for ($(Column<M, $name>,)*) {
            fn columns(&self) -> Vec<usize> {
                vec![$(self.$index.index()),*]
            }
        }

        impl<M, $($name, $read: Reads<$name>),*> KeyOf<($(Column<M, $name>,)*)> for ($($read,)*) {
            fn may_be_missing() -> Vec<bool> {
                vec![$($read::OPTIONAL),*]
            }

            fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self> {
                Ok(($(taken::<$read>(values)?,)*))
            }
        }
    };
}

keys!(A Ra 0, B Rb 1);
keys!(A Ra 0, B Rb 1, C Rc 2);
keys!(A Ra 0, B Rb 1, C Rc 2, D Rd 3);
