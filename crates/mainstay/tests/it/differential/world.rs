use mainstay::kernel::{Db, Kind, Value};
use mainstay::model::{ColumnDef, Part, Read, Record, Schema, Write, rows};

use super::values::{self, KINDS};
use crate::dice::Dice;

/// A random schema and its rows.
pub(super) struct World {
    pub(super) schema: &'static Schema,
    pub(super) rows: Vec<Record>,
}

impl World {
    /// A schema of one to six columns beside the key.
    pub(super) fn new(dice: &mut Dice, seed: u64) -> Self {
        let name = |text: String| -> &'static str { text.leak() };
        let plain = (0..=dice.below(6)).map(|position| {
            let name = name(format!("f{position}"));
            let optional = dice.roll(2) == 0;
            column(name, dice.one(&KINDS), Part::Plain, optional)
        });
        let columns: Vec<_> = [column("id", Kind::Uuid, Part::Id, false)].into_iter().chain(plain).collect();
        let table = name(format!("world_{seed}"));
        let schema = Schema {
            name: table,
            plural: table,
            list_key: table,
            table,
            columns: columns.leak(),
            indexes: &[],
            live: false,
        };
        Self { schema: Box::leak(Box::new(schema)), rows: Vec::new() }
    }

    /// Up to 40 rows, with many ties and many gaps.
    pub(super) async fn fill(&mut self, db: &Db, dice: &mut Dice) {
        let schema = self.schema;
        let wanted: Vec<Vec<(usize, Value)>> = (0..dice.below(41)).map(|_| values(schema, dice)).collect();
        let written = db.write(async move |tx| {
            let mut written = Vec::new();
            for values in &wanted {
                written.push(rows::insert(tx, schema, values.clone()).await?);
            }
            Ok(written)
        });
        self.rows = written.await.expect("rows");
    }
}

fn values(schema: &Schema, dice: &mut Dice) -> Vec<(usize, Value)> {
    let plain = schema.columns.iter().enumerate().filter(|(_, it)| it.part == Part::Plain);
    let one = plain.map(|(position, column)| match column.optional && dice.roll(3) == 0 {
        true => (position, Value::Null),
        false => (position, values::value(column.kind, dice)),
    });
    one.collect()
}

fn column(name: &'static str, kind: Kind, part: Part, optional: bool) -> ColumnDef {
    ColumnDef {
        name,
        field: name,
        kind,
        optional,
        part,
        write: Write::default(),
        read: Read::Everyone,
        references: None,
        default: None,
    }
}
