use mainstay_kernel::Value;

use crate::exactness::{Exactness, Why, each_leaf, undecided};
use crate::{Predicate, Schema, evaluate, exactness};

/// A predicate that judges rows in memory as both databases do, and says where it cannot.
///
/// It is right of a row as a change carries it, which lacks the private columns. Numbers in JSON are
/// compared as doubles: of those with more digits, which only raw SQL can store, PostgreSQL knows better.
#[derive(Clone, Debug)]
pub struct Judge {
    /// Unknown stands for what is not decided: what is certain beside it stays certain, for Kleene's logic is
    /// monotone.
    certain: Predicate,
    /// True of each row of which the predicate may be true; the same as the other where all is decided.
    wide: Option<Predicate>,
    exactness: Exactness,
}

/// What a [`Judge`] says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The predicate is true: the row is among those that the database answers.
    Holds,
    /// It is false or unknown: the row is not among them.
    Fails,
    /// Only the database can tell.
    Undecided,
}

impl Judge {
    /// A judge of the rows of this schema.
    pub fn new(schema: &Schema, predicate: &Predicate) -> Self {
        let certain = each_leaf(predicate, &|leaf| match undecided(schema, &leaf) {
            None => leaf,
            Some(Why::Elsewhere | Why::Unseen(_) | Why::Unlike(_)) => Predicate::Unknown,
        });
        let exactness = exactness(schema, predicate);
        let wide = match exactness {
            Exactness::Exact => None,
            Exactness::Undecided(_) => Some(widened(schema, predicate)),
        };
        Self { certain, wide, exactness }
    }

    /// Whether it decides every row.
    pub fn exactness(&self) -> Exactness {
        self.exactness
    }

    /// Whether the predicate is true of a row; its values are in the order of the schema's columns.
    pub fn judge(&self, row: &[Value]) -> Verdict {
        if evaluate(&self.certain, row) == Some(true) {
            return Verdict::Holds;
        }
        match &self.wide {
            Some(wide) if evaluate(wide, row) == Some(true) => Verdict::Undecided,
            Some(_) | None => Verdict::Fails,
        }
    }
}

/// A predicate without [`Predicate::Unknown`] that is decided by any row as a change carries it, and is true
/// of all rows of which the given one may be. Its negations stand directly before a column or a search.
pub fn widened(schema: &Schema, predicate: &Predicate) -> Predicate {
    each_leaf(predicate, &|leaf| match undecided(schema, &leaf) {
        None if leaf == Predicate::Unknown => Predicate::Never,
        None => leaf,
        Some(Why::Elsewhere | Why::Unseen(_) | Why::Unlike(_)) => Predicate::Always,
    })
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::{Kind, Place};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{Atom, ColumnDef, Compare, Exists, Part, Read, Subject};

    const fn column(kind: Kind, optional: bool, read: Read) -> ColumnDef {
        ColumnDef { optional, read, ..ColumnDef::new("c", kind, Part::Plain) }
    }

    static COLUMNS: [ColumnDef; 4] = [
        column(Kind::Int, true, Read::Everyone),
        column(Kind::Text, true, Read::Private),
        column(Kind::Json, true, Read::Everyone),
        column(Kind::Json, false, Read::Everyone),
    ];

    static SCHEMA: Schema = Schema::new("thing", "things", &COLUMNS, Place::at(file!(), line!()));

    fn one() -> Predicate {
        Predicate::same(0, &Value::Int(1))
    }

    fn elsewhere() -> Predicate {
        let (subject, rows) = (Subject::Column(0), Predicate::Always);
        Predicate::Exists(Box::new(Exists { subject, schema: &SCHEMA, column: 0, rows }))
    }

    fn holds(predicate: &Predicate, row: &[Value]) -> Verdict {
        Judge::new(&SCHEMA, predicate).judge(row)
    }

    #[test]
    fn what_only_the_database_can_tell_is_said_with_its_reason() {
        let is = |value: Value| Predicate::Column(0, Atom::Compare(Compare::Less, value));
        for (predicate, why) in [
            (elsewhere(), Why::Elsewhere),
            (!elsewhere(), Why::Elsewhere),
            (one().and(Predicate::Column(1, Atom::IsNull)), Why::Unseen(1)),
            (is(Value::Float(1.0)), Why::Unlike(0)),
            (Predicate::Column(0, Atom::In(vec![Value::Int(1), Value::Bool(true)])), Why::Unlike(0)),
            (Predicate::same(3, &Value::Json(json!({}))), Why::Unlike(3)),
        ] {
            assert_eq!(exactness(&SCHEMA, &predicate), Exactness::Undecided(why), "{predicate:?}");
        }
        let contains = Predicate::Column(3, Atom::Contains(Json::Null));
        for predicate in [one(), Predicate::Unknown, contains, Predicate::Column(2, Atom::IsNull)] {
            assert_eq!(exactness(&SCHEMA, &predicate), Exactness::Exact, "{predicate:?}");
        }
    }

    #[test]
    fn what_is_certain_beside_the_undecided_is_decided() {
        let (is_one, is_two) = ([Value::Int(1)], [Value::Int(2)]);
        assert_eq!(holds(&one().and(elsewhere()), &is_two), Verdict::Fails);
        assert_eq!(holds(&one().and(elsewhere()), &is_one), Verdict::Undecided);
        assert_eq!(holds(&one().or(!elsewhere()), &is_one), Verdict::Holds);
        assert_eq!(holds(&one().or(!elsewhere()), &is_two), Verdict::Undecided);
    }

    #[test]
    fn a_private_column_is_never_taken_for_missing() {
        let secret = Predicate::Column(1, Atom::IsNull);
        assert_eq!(holds(&secret, &[Value::Int(1), Value::Null]), Verdict::Undecided);
        assert_eq!(holds(&!secret, &[Value::Int(1), Value::Null]), Verdict::Undecided);
    }

    #[test]
    fn a_widened_predicate_leaves_no_row_out() {
        let row = [Value::Int(1)];
        for (predicate, is_wide) in [
            (elsewhere(), Some(true)),
            (Predicate::Not(Box::new(one().or(elsewhere()))), Some(false)),
            (!Predicate::same(0, &Value::Int(2)).and(elsewhere()), Some(true)),
            (Predicate::Not(Box::new(Predicate::Unknown)), Some(false)),
            (!Predicate::Column(1, Atom::IsNull), Some(true)),
        ] {
            assert_eq!(evaluate(&widened(&SCHEMA, &predicate), &row), is_wide, "{predicate:?}");
        }
    }
}
