//! What is in the database, and what a caller may see of it, judged without the database.

use std::fmt;

use mainstay::kernel::{Caller, Db, Timestamp, Tx, Value};
use mainstay::model::{
    Action, Exists, ModelEntry, Part, Predicate, Record, Schema, Subject, Visible, evaluate, rows,
};
use uuid::Uuid;

use super::dice::Dice;
use super::{Attacker, MALLORY, value};
use crate::store;

/// The caller's own row, where it is a person.
pub(super) const CALLER: Uuid = Uuid::from_u128(0x0170_0000_0000_7000_8000_0000_0000_0000);

/// Whether an id is one that the attack chose: those are of a time long gone.
pub(super) fn is_chosen(id: Uuid) -> bool {
    id.as_u128() >> 112 < 0x0180
}

/// Rows of a model in each world.
const ROWS: usize = 7;
/// Rows that only one of the worlds has, and the caller does not see.
const EXTRA: usize = 2;

/// The rows of each model.
#[derive(Clone)]
pub(super) struct World {
    pub(super) models: Vec<&'static ModelEntry>,
    pub(super) rows: Vec<Vec<Record>>,
    who: Caller,
}

/// Two worlds that the caller cannot tell apart.
pub(super) struct Pair {
    pub(super) one: World,
    pub(super) other: World,
}

/// How many pairs of worlds are tried.
const SEEDS: u64 = 50;

/// A place whose value is hidden: all of a row, or one column of it.
pub(super) struct Place {
    model: usize,
    id: Uuid,
    column: Option<usize>,
}

impl Place {
    /// Whether it may be gone: the caller may delete rows within its reach.
    pub(super) fn may_go(&self) -> bool {
        self.column.is_some()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {:?} of the row {} of model {}", self.column, self.id, self.model)
    }
}

impl Pair {
    /// The first pair of those that dice make in which something of every model is hidden: by chance the caller
    /// may see all of one.
    pub(super) fn generate(models: &[&'static ModelEntry], attacker: &Attacker) -> Self {
        let mut pairs = (0..SEEDS).map(|seed| Self::thrown(seed, models, attacker));
        let first = pairs.next().expect("there are seeds");
        if first.unhidden().is_none() {
            return first;
        }
        pairs.find(|it| it.unhidden().is_none()).unwrap_or(first)
    }

    fn thrown(seed: u64, models: &[&'static ModelEntry], attacker: &Attacker) -> Self {
        let mut maker = Maker { dice: Dice::new(7 + seed), serial: 0 };
        let one = maker.world(in_order(models), attacker.caller());
        let other = maker.alike(&one);
        Self { one, other }
    }

    /// A model of which nothing is hidden.
    fn unhidden(&self) -> Option<&str> {
        let mut rows = self.one.rows.iter().zip(&self.other.rows);
        rows.position(|(one, other)| one == other).map(|model| self.one.models[model].schema.name)
    }

    /// That the attack is worth something: some of each kind is hidden, and differs.
    pub(super) fn differs_in_what_is_hidden(&self) {
        assert_eq!(self.one.seen(), self.other.seen(), "the caller could tell the worlds apart by right");
        assert_eq!(self.unhidden(), None, "nothing of this model is hidden from the caller");
    }

    /// Every id of a model that is in one of the worlds.
    pub(super) fn ids(&self, model: usize) -> Vec<Uuid> {
        let schema = self.one.models[model].schema;
        let all = self.one.rows[model].iter().chain(&self.other.rows[model]).map(|it| it.id(schema));
        let mut ids: Vec<_> = all.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Some values of a column: of rows that the caller sees, and of either world alone.
    pub(super) fn values(&self, model: usize, column: usize) -> Vec<Value> {
        let of = |world: &World| world.rows[model].iter().map(|it| it.0[column].clone()).collect::<Vec<_>>();
        let (one, other) = (of(&self.one), of(&self.other));
        let shared = one.iter().find(|it| other.contains(it));
        let alone = one.iter().find(|it| !other.contains(it));
        let others = other.iter().find(|it| !one.contains(it));
        let mut some: Vec<Value> = [shared, alone, others].into_iter().flatten().cloned().collect();
        some.dedup();
        some
    }
}

/// Those that others refer to come first.
fn in_order(models: &[&'static ModelEntry]) -> Vec<&'static ModelEntry> {
    let mut left: Vec<_> = models.to_vec();
    let mut ordered: Vec<&'static ModelEntry> = Vec::new();
    while !left.is_empty() {
        let ready = |it: &&&'static ModelEntry| {
            let mut targets = it.schema.columns.iter().filter_map(target);
            targets.all(|table| {
                table == it.schema.table || !left.iter().any(|other| other.schema.table == table)
            })
        };
        let at = left.iter().position(|it| ready(&it)).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}

fn target(column: &mainstay::model::ColumnDef) -> Option<&'static str> {
    column.references.as_ref().map(|it| (it.table)())
}

/// Whether a model's rows are people.
fn is_identity(schema: &Schema) -> bool {
    ["issuer", "subject"].iter().all(|name| schema.columns.iter().any(|it| it.name == *name))
}

struct Maker {
    dice: Dice,
    serial: usize,
}

impl Maker {
    fn world(&mut self, models: Vec<&'static ModelEntry>, who: Caller) -> World {
        let mut world = World { rows: vec![Vec::new(); models.len()], models, who };
        for model in 0..world.models.len() {
            for number in 0..ROWS {
                let row = self.row(&world, model, number);
                world.rows[model].push(row);
            }
        }
        world
    }

    fn row(&mut self, world: &World, model: usize, number: usize) -> Record {
        let schema = world.models[model].schema;
        self.serial += 1;
        let is_caller = is_identity(schema) && number == 0;
        let id = if is_caller { CALLER } else { Uuid::from_u128(CALLER.as_u128() + self.serial as u128) };
        let made = Timestamp::from_micros(
            1_700_000_000_000_000 + i64::try_from(self.serial).unwrap_or(0) * 1_000_000,
        );
        let columns = 0..schema.columns.len();
        let plain = columns.filter(|&it| schema.columns[it].part.is_applications());
        let values: Vec<_> = plain.map(|it| (it, self.value(world, model, it))).collect();
        let mut row = Record::new(schema, id, made, values);
        if is_caller {
            for (column, def) in schema.columns.iter().enumerate() {
                match def.name {
                    "issuer" => row.0[column] = Value::Text(String::new()),
                    "subject" => row.0[column] = Value::Text(MALLORY.to_owned()),
                    _ => {}
                }
            }
        }
        row
    }

    fn value(&mut self, world: &World, model: usize, column: usize) -> Value {
        let schema = world.models[model].schema;
        let def = &schema.columns[column];
        let Some(table) = target(def) else {
            let unique = schema.indexes.iter().any(|it| it.unique && it.columns.contains(&column));
            self.serial += 1;
            return value::any(def, &mut self.dice, unique.then_some(self.serial));
        };
        let found = world.models.iter().position(|it| it.schema.table == table).unwrap_or(model);
        let ids: Vec<Uuid> = world.rows[found].iter().map(|it| it.id(world.models[found].schema)).collect();
        let own = ids.contains(&CALLER) && self.dice.one_in(3);
        let chosen = if own { Some(CALLER) } else { self.dice.one(&ids) };
        chosen.map_or(Value::Null, Value::Uuid)
    }

    /// Another world that looks the same to the caller: hidden rows are gone, others, or more; hidden
    /// values are others.
    fn alike(&mut self, one: &World) -> World {
        let (seen, mut other) = (one.seen(), one.clone());
        for model in (0..one.models.len()).rev() {
            for row in one.rows[model].iter().rev() {
                self.disguise(&mut other, &seen, model, row.id(one.models[model].schema));
            }
            for _ in 0..EXTRA * 8 {
                if other.rows[model].len() >= ROWS + EXTRA {
                    break;
                }
                let row = self.row(&other, model, ROWS);
                other.try_to(&seen, |world| world.rows[model].push(row.clone()));
            }
        }
        other
    }

    fn disguise(&mut self, world: &mut World, seen: &Sight, model: usize, id: Uuid) {
        let schema = world.models[model].schema;
        let Some(at) = world.rows[model].iter().position(|it| it.id(schema) == id) else { return };
        if id == CALLER {
            return;
        }
        if self.dice.one_in(3) && !world.is_referred_to(model, id) {
            world.try_to(seen, |world| drop(world.rows[model].remove(at)));
        }
        for column in 0..schema.columns.len() {
            let value = match schema.columns[column].part {
                Part::Id => continue,
                Part::Plain | Part::Overflow => self.value(world, model, column),
                Part::Version => Value::Int(5),
                Part::CreatedAt | Part::UpdatedAt => {
                    Value::Timestamp(Timestamp::from_micros(1_710_000_000_000_000))
                }
            };
            world.try_to(seen, |world| {
                if let Some(row) = world.rows[model].iter_mut().find(|it| it.id(schema) == id) {
                    row.0[column] = value.clone();
                }
            });
        }
    }
}

/// What a caller sees by right: of each model the rows within reach of any action, with the columns
/// that it sees.
type Sight = Vec<Vec<Vec<Value>>>;

impl World {
    /// Does something that the caller must not notice, or leaves it.
    fn try_to(&mut self, seen: &Sight, change: impl Fn(&mut Self)) {
        let mut changed = self.clone();
        change(&mut changed);
        if changed.seen() == *seen {
            *self = changed;
        }
    }

    fn is_referred_to(&self, model: usize, id: Uuid) -> bool {
        let table = self.models[model].schema.table;
        self.models.iter().zip(&self.rows).any(|(other, rows)| {
            let columns = other.schema.columns.iter().enumerate().filter(|(_, it)| target(it) == Some(table));
            columns.into_iter().any(|(column, _)| rows.iter().any(|it| it.0[column] == Value::Uuid(id)))
        })
    }

    fn seen(&self) -> Sight {
        let of = |model: usize| {
            let schema = self.models[model].schema;
            let visible = Visible::to(schema, &self.who);
            // The version is what a row's entity tag tells.
            let shown = |it: &usize| visible.has(*it) || schema.columns[*it].part == Part::Version;
            let columns: Vec<usize> = (0..schema.columns.len()).filter(shown).collect();
            let rows = self.rows[model].iter().filter(|it| self.is_in_reach(model, it));
            rows.map(|row| columns.iter().map(|&it| row.0[it].clone()).collect()).collect()
        };
        (0..self.models.len()).map(of).collect()
    }

    fn is_in_reach(&self, model: usize, row: &Record) -> bool {
        let actions = [Action::Read, Action::Update, Action::Patch, Action::Delete];
        actions.into_iter().any(|action| {
            let reach = self.models[model].reach(action, &self.who);
            reach.is_some_and(|it| self.holds(&it, row) == Some(true))
        })
    }

    /// What a predicate says of a row in this world.
    fn holds(&self, predicate: &Predicate, row: &Record) -> Option<bool> {
        match predicate {
            Predicate::And(all) => decided(all.iter().map(|it| self.holds(it, row)), false),
            Predicate::Or(any) => decided(any.iter().map(|it| self.holds(it, row)), true),
            Predicate::Not(it) => self.holds(it, row).map(|it| !it),
            Predicate::Exists(it) => self.is_there(it, row),
            Predicate::Always
            | Predicate::Never
            | Predicate::Unknown
            | Predicate::Search(_)
            | Predicate::Column(..) => evaluate(predicate, &row.0),
        }
    }

    fn is_there(&self, it: &Exists, row: &Record) -> Option<bool> {
        let subject = match &it.subject {
            Subject::Column(column) => &row.0[*column],
            Subject::Value(value) => value,
        };
        if subject.is_null() {
            return None;
        }
        let model = self.models.iter().position(|entry| entry.schema.table == it.schema.table)?;
        let mut alike = self.rows[model].iter().filter(|other| other.0[it.column] == *subject);
        Some(alike.any(|other| self.holds(&it.rows, other) == Some(true)))
    }

    /// Makes this the database's only rows.
    pub(super) async fn settle_in(&self, db: &Db) {
        let tables: Vec<&str> = self.models.iter().rev().map(|it| it.schema.table).collect();
        store::empty(db, &tables).await.expect("the last world's rows go");
        let made = db.write_unbounded(async |tx: &mut Tx| {
            for (entry, records) in self.models.iter().zip(&self.rows) {
                for record in records {
                    let values = record.0.iter().cloned().enumerate().collect();
                    rows::insert(tx, entry.schema, values).await?;
                }
            }
            Ok(())
        });
        made.await.expect("the world's rows are written");
    }

    /// All that the caller may neither see nor write, as it is stored.
    pub(super) async fn hidden(&self, db: &Db) -> Vec<(Place, Vec<Value>)> {
        let mut hidden = Vec::new();
        for (model, entry) in self.models.iter().enumerate() {
            let visible = Visible::to(entry.schema, &self.who);
            for row in &self.rows[model] {
                let id = row.id(entry.schema);
                let columns =
                    (0..entry.schema.columns.len()).filter(|&it| self.is_kept_from(model, &visible, it));
                let places: Vec<Place> = match self.is_in_reach(model, row) {
                    true => columns.map(|it| Place { model, id, column: Some(it) }).collect(),
                    false => vec![Place { model, id, column: None }],
                };
                for place in places {
                    let value = self.look(db, &place).await.expect("the row was written");
                    hidden.push((place, value));
                }
            }
        }
        hidden
    }

    /// Whether the caller may neither see nor write a column.
    fn is_kept_from(&self, model: usize, visible: &Visible, column: usize) -> bool {
        let def = &self.models[model].schema.columns[column];
        let may_write = def.write.create.admits(&self.who) || def.write.update.admits(&self.who);
        def.part.is_applications() && !visible.has(column) && !may_write
    }

    /// What is at a place; `None` where the row is gone.
    pub(super) async fn look(&self, db: &Db, place: &Place) -> Option<Vec<Value>> {
        let schema = self.models[place.model].schema;
        let key = Predicate::same(schema.id(), &Value::Uuid(place.id));
        let row = rows::find(&db.reader(), schema, &key).await.expect("a row by its key")?;
        Some(match place.column {
            None => row.0,
            Some(column) => vec![row.0[column].clone()],
        })
    }
}

/// Kleene's `and` and `or`: one decisive value decides, else one unknown makes all unknown.
fn decided(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut truth = Some(!decisive);
    for part in parts {
        match part {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => truth = None,
        }
    }
    truth
}
