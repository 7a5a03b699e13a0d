//! `derived::Setting` without macros: what they emit is data and calls of public functions.

use mainstay::kernel::{Kind, Place, Result, Timestamp, Value};
use mainstay::model::garde::rules::length;
use mainstay::model::{
    About, Action, Broken, ColumnDef, Field, Filter, Granted, Index, Insert, Measure, Model, OnDelete, Part,
    Read, Record, Reference, Rule, Schema, Scope, Write, Writer, broken, unfit,
};
use mainstay::prelude::{Column, Id, Ref};

use crate::derived::User;

#[derive(Clone, Debug)]
pub(crate) struct Twin {
    pub(crate) id: Id<Twin>,
    pub(crate) user: Ref<User>,
    pub(crate) label: String,
    pub(crate) rank: Option<i64>,
}

impl Twin {
    pub(crate) const LABEL: Column<Twin, String> = Column::new(2);

    pub(crate) fn search(text: &str) -> Result<Filter<Self>> {
        mainstay::model::search::<Self>(text)
    }
}

const RULE: Rule = Rule::Length { of: Measure::Chars, min: 1, max: 5 };

const NEVER: Write = Write { create: Writer::Nobody, update: Writer::Nobody };

const fn part(name: &'static str, field: &'static str, kind: Kind, part: Part, read: Read) -> ColumnDef {
    ColumnDef {
        name,
        field,
        kind,
        optional: false,
        part,
        write: NEVER,
        read,
        references: None,
        default: None,
        about: About::NOTHING,
    }
}

impl Model for Twin {
    const SCHEMA: &'static Schema = &Schema {
        name: "twin",
        plural: "twins",
        list_key: "twins",
        docs: "What `by_hand` writes out.",
        table: "twins",
        columns: &[
            part("id", "id", Kind::Uuid, Part::Id, Read::Everyone),
            ColumnDef {
                references: Some(Reference { table: || User::SCHEMA.table, on_delete: OnDelete::NoAction }),
                ..part("user_id", "user", Kind::Uuid, Part::Plain, Read::Everyone)
            },
            ColumnDef {
                write: Write { create: Writer::Everyone, update: Writer::Everyone },
                about: About { rules: &[RULE], ..About::NOTHING },
                ..part("label", "label", Kind::Text, Part::Plain, Read::Everyone)
            },
            ColumnDef {
                optional: true,
                write: Write { create: Writer::Nobody, update: Writer::Everyone },
                ..part("rank", "rank", Kind::Int, Part::Plain, Read::Everyone)
            },
            part("created_at", "createdAt", Kind::Timestamp, Part::CreatedAt, Read::Everyone),
            part("updated_at", "updatedAt", Kind::Timestamp, Part::UpdatedAt, Read::Everyone),
            part("version", "version", Kind::Int, Part::Version, Read::Private),
        ],
        indexes: &[Index::on(&[3]), Index::on(&[1])],
        search: &[2],
        live: true,
        undeclared: &[],
        place: Place::at(file!(), line!()),
    };

    fn from_record(mut record: Record) -> Result<Self> {
        Ok(Self {
            id: record.field(Self::SCHEMA, 0)?,
            user: record.field(Self::SCHEMA, 1)?,
            label: record.field(Self::SCHEMA, 2)?,
            rank: record.field(Self::SCHEMA, 3)?,
        })
    }

    fn into_record(self) -> Record {
        Record(vec![
            self.id.into_value(),
            self.user.into_value(),
            self.label.into_value(),
            self.rank.into_value(),
            Value::Timestamp(Timestamp::EPOCH),
            Value::Timestamp(Timestamp::EPOCH),
            Value::Int(0),
        ])
    }

    fn check(column: usize, value: &Value) -> Vec<Broken> {
        match column {
            0 => unfit::<Id<Self>>(value),
            1 => unfit::<Ref<User>>(value),
            2 => broken::<String>(value, |it| vec![("length", length::chars::apply(it, (1, 5)))]),
            3 => unfit::<Option<i64>>(value),
            4 | 5 => unfit::<Timestamp>(value),
            6 => unfit::<i64>(value),
            _ => Vec::new(),
        }
    }
}

pub(crate) struct NewTwin {
    pub(crate) user: Ref<User>,
    pub(crate) label: String,
    pub(crate) rank: Option<i64>,
}

impl Insert for NewTwin {
    type Model = Twin;

    fn into_values(self) -> Vec<(usize, Value)> {
        vec![(1, self.user.into_value()), (2, self.label.into_value()), (3, self.rank.into_value())]
    }
}

impl Granted for Twin {
    const GRANTS: &'static [Action] = &[];
}

impl Scope for Twin {}
