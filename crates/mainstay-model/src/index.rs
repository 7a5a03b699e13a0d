use mainstay_kernel::{Kind, Value};

use crate::{Compare, DefaultValue, Predicate};

/// An index.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Positions of its columns.
    pub columns: &'static [usize],
    /// Whether two rows may not agree in all of them. Rows that miss one of them agree with none.
    pub unique: bool,
    /// Which of them have their largest values first.
    pub descending: &'static [usize],
    /// What must hold of the rows that it is over; where nothing must, it is over all.
    pub only: &'static [Only],
}

/// What must hold of a column for its row to be in an index.
#[derive(Clone, Copy, Debug)]
pub struct Only {
    /// The column's position.
    pub column: usize,
    /// What it must be like.
    pub is: Is,
}

/// What a column must be like for its row to be in an index.
#[derive(Clone, Copy, Debug)]
pub enum Is {
    /// It is missing.
    Missing,
    /// It is there.
    There,
    /// It is there and has this value.
    Equal(DefaultValue),
    /// It is there and has another value.
    NotEqual(DefaultValue),
}

impl Index {
    /// An index over these columns of all rows.
    pub const fn on(columns: &'static [usize]) -> Self {
        Self { columns, unique: false, descending: &[], only: &[] }
    }

    /// An index over these columns of all rows, no two of which may agree in them.
    pub const fn unique_on(columns: &'static [usize]) -> Self {
        Self { unique: true, ..Self::on(columns) }
    }

    /// Whether an index may ask for a value of this kind: one that both stores write the same.
    pub const fn may_ask_for(kind: Kind) -> bool {
        match kind {
            Kind::Bool
            | Kind::Int
            | Kind::Decimal(_)
            | Kind::Text
            | Kind::Enum(_)
            | Kind::Uuid
            | Kind::Date => true,
            Kind::Float | Kind::Bytes | Kind::Timestamp | Kind::Json => false,
        }
    }

    /// The rows that it is over.
    pub(crate) fn rows(&self) -> Predicate {
        self.only.iter().map(Only::predicate).fold(Predicate::Always, Predicate::and)
    }
}

impl Only {
    fn predicate(&self) -> Predicate {
        let compare = |how, value: Value| Predicate::compare(self.column, how, Some(value));
        match self.is {
            Is::Missing => Predicate::same(self.column, &Value::Null),
            Is::There => !Predicate::same(self.column, &Value::Null),
            Is::Equal(value) => compare(Compare::Equal, value()),
            Is::NotEqual(value) => compare(Compare::NotEqual, value()),
        }
    }
}
