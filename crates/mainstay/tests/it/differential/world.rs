use mainstay::kernel::{Db, Kind, Place, Value};
use mainstay::model::{About, ColumnDef, Part, Read, Record, Schema, Write, rows};

use super::values::{self, KINDS};
use crate::dice::Dice;

/// A random schema, its rows, and those of another model that scopes look at.
pub(super) struct World {
    pub(super) schema: &'static Schema,
    pub(super) rows: Vec<Record>,
    pub(super) elsewhere: Option<Box<World>>,
}

impl World {
    /// A schema of one to six columns beside the key and one that may name a row elsewhere.
    fn new(dice: &mut Dice, table: &str) -> Self {
        let name = |text: String| -> &'static str { text.leak() };
        let plain = (0..=dice.below(6)).map(|position| {
            let name = name(format!("f{position}"));
            let optional = dice.roll(2) == 0;
            column(name, dice.one(&KINDS), Part::Plain, optional)
        });
        let id = column("id", Kind::Uuid, Part::Id, false);
        let of = column("of", Kind::Uuid, Part::Plain, true);
        let columns: Vec<_> = [id, of].into_iter().chain(plain).collect();
        let texts = columns.iter().enumerate().filter(|(_, it)| it.kind == Kind::Text);
        let searched: Vec<usize> = texts.map(|(position, _)| position).collect();
        let table = name(table.to_owned());
        let schema = Schema {
            name: table,
            plural: table,
            list_key: table,
            docs: "",
            table,
            columns: columns.leak(),
            indexes: &[],
            search: searched.leak(),
            live: false,
            undeclared: &[],
            place: Place::caller(),
        };
        Self { schema: Box::leak(Box::new(schema)), rows: Vec::new(), elsewhere: None }
    }

    /// A world with another one beside it.
    pub(super) fn with_another(dice: &mut Dice, seed: u64) -> Self {
        let another = Self::new(dice, &format!("other_{seed}"));
        Self { elsewhere: Some(Box::new(another)), ..Self::new(dice, &format!("world_{seed}")) }
    }

    /// The tables that it needs.
    pub(super) fn schemas(&self) -> Vec<&'static Schema> {
        [self.schema].into_iter().chain(self.elsewhere.iter().map(|it| it.schema)).collect()
    }

    /// Up to 40 rows here, with many ties and many gaps, and a few elsewhere, whose keys are what columns
    /// hold.
    pub(super) async fn fill(&mut self, db: &Db, dice: &mut Dice) {
        let most = if self.elsewhere.is_some() { 41 } else { 4 };
        let mut wanted: Vec<Vec<(usize, Value)>> =
            (0..dice.below(most)).map(|_| values(self.schema, dice)).collect();
        match &mut self.elsewhere {
            Some(another) => Box::pin(another.fill(db, dice)).await,
            None => wanted.iter_mut().zip(0..).for_each(|(row, key)| row.push((0, values::uuid(key)))),
        }
        let schema = self.schema;
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
        about: About::NOTHING,
    }
}
