//! Whatever becomes of models, the plan leads from the tables that were to those that are to be, and what
//! it does not mend is what a naive memory of the tables says.
//!
//! A life is a few models that change at random, again and again. `MAINSTAY_FUZZ_SEED=n` begins with
//! another life than 0, `MAINSTAY_FUZZ_SECONDS=n` goes on for so long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use mainstay::kernel::{Db, Dialect, EnumType, Kind, Place};
use mainstay::model::{
    About, Change, ColumnDef, Divergence, Index, OnDelete, Part, Read, Reference, Schema, Write, Writer,
    additive,
};

use crate::dice::Dice;

/// Kinds of which each is a type of its own on both stores.
const KINDS: [Kind; 4] = [Kind::Int, Kind::Float, Kind::Text, Kind::Bytes];
/// Kinds that share their type with another one on a store: they are never changed into another.
const SETTLED: [Kind; 6] =
    [Kind::Bool, Kind::Timestamp, Kind::Json, Kind::Date, Kind::Decimal(2), Kind::Uuid];
const VARIANTS: [&str; 6] = ["red", "green", "blue", "it's", "a, b", "very_long_indeed"];

/// Changes of one life.
const CHANGES: usize = 12;

#[mainstay::test]
async fn fuzz_migration_plans_lead_to_the_models(db: Db) {
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().expect("a whole number"));
    let end = Instant::now() + Duration::from_secs(number("MAINSTAY_FUZZ_SECONDS").unwrap_or(1));
    let mut seed = number("MAINSTAY_FUZZ_SEED").unwrap_or(0);
    let first = seed;
    while seed == first || Instant::now() < end {
        live(&db, seed).await;
        seed += 1;
    }
    println!("{} lives of {CHANGES} changes", seed - first);
}

async fn live(db: &Db, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut models = vec![Draft::new(&mut dice, seed, 0)];
    let mut colours: BTreeSet<&'static str> = VARIANTS[..2].iter().copied().collect();
    let mut memory = Memory { dialect: Some(db.dialect()), ..Memory::default() };
    for change in 0..CHANGES {
        let asked = format!("MAINSTAY_FUZZ_SEED={seed}, change {change}: {models:?}");
        let colour = enum_type(seed, &colours);
        let mut schemas: Vec<&'static Schema> = models.iter().map(|it| it.schema(colour)).collect();
        schemas.push(&PEOPLE);
        let planned = additive::plan(db, &schemas).await.expect(&asked);
        let made = additive::apply(db, &schemas).await.expect(&asked);
        assert_eq!(made, planned.additions, "{asked}");
        memory.follow(&models, &colours);
        let after = additive::plan(db, &schemas).await.expect(&asked);
        assert_eq!(after.additions, [], "{asked}");
        let told: BTreeSet<String> = after.divergences.iter().map(told).collect();
        assert_eq!(told, memory.divergences(&models, &colours, colour.name), "{asked}");
        if made.iter().any(|it| matches!(it.change, Change::CreateTable { .. })) {
            fill(db, &schemas).await;
        }
        mutate(&mut models, &mut colours, &mut dice, seed);
    }
}

/// One row in each table that has none, so that what is added later has a row to fill.
async fn fill(db: &Db, schemas: &[&'static Schema]) {
    for schema in schemas.iter().copied() {
        let count = db.reader().sql(&format!("select count(*) from \"{}\"", schema.table)).one::<i64>().await;
        if count.expect("a count") != Some(0) {
            continue;
        }
        let names: Vec<_> = schema.columns.iter().filter(|it| !it.optional).collect();
        let columns: Vec<_> = names.iter().map(|it| format!("\"{}\"", it.name)).collect();
        let values: Vec<_> = names.iter().map(|it| value(db.dialect(), it.kind)).collect();
        let insert = format!(
            "insert into \"{}\" ({}) values ({})",
            schema.table,
            columns.join(", "),
            values.join(", ")
        );
        // A table that is older than its model may ask for more than that.
        let _ = db.migrate(&[insert]).await;
    }
}

fn value(dialect: Dialect, kind: Kind) -> String {
    match (kind, dialect) {
        (Kind::Bool, Dialect::Postgres) => "true".to_owned(),
        (Kind::Bool | Kind::Int | Kind::Decimal(_) | Kind::Float, _) => "1".to_owned(),
        (Kind::Text, _) => "'x'".to_owned(),
        (Kind::Bytes, Dialect::Postgres) => "'\\x00'".to_owned(),
        (Kind::Bytes, Dialect::Sqlite) => "x'00'".to_owned(),
        (Kind::Uuid, _) => "'00000000-0000-7000-8000-000000000001'".to_owned(),
        (Kind::Timestamp, Dialect::Postgres) => "now()".to_owned(),
        (Kind::Timestamp, Dialect::Sqlite) => "0".to_owned(),
        (Kind::Json, _) => "'{}'".to_owned(),
        (Kind::Date, _) => "'2026-11-21'".to_owned(),
        (Kind::Enum(of), _) => format!("'{}'", of.variants[0].replace('\'', "''")),
    }
}

/// A model that is still being thought about.
#[derive(Clone, Debug)]
struct Draft {
    table: &'static str,
    columns: Vec<Field>,
    indexes: Vec<(Vec<&'static str>, bool)>,
    live: bool,
    /// How many fields it has ever had: a name never comes back.
    fields: usize,
}

#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    what: What,
    optional: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Plain(Kind),
    Colour,
    /// A row of the table that others refer to.
    Person(OnDelete),
}

fn leaked(text: String) -> &'static str {
    text.leak()
}

fn enum_type(seed: u64, variants: &BTreeSet<&'static str>) -> &'static EnumType {
    let name = leaked(format!("colour_{seed}"));
    let variants: Vec<&'static str> = variants.iter().copied().collect();
    Box::leak(Box::new(EnumType { name, variants: variants.leak() }))
}

impl Field {
    fn new(dice: &mut Dice, number: usize) -> Self {
        let (what, optional) = match dice.roll(6) {
            0 => (What::Colour, dice.roll(2) == 0),
            1 => (What::Person(dice.one(&[OnDelete::NoAction, OnDelete::Cascade, OnDelete::SetNull])), true),
            2 | 3 => (What::Plain(dice.one(&SETTLED)), dice.roll(2) == 0),
            _ => (What::Plain(dice.one(&KINDS)), dice.roll(2) == 0),
        };
        Self { name: leaked(format!("f{number}")), what, optional }
    }
}

impl Draft {
    fn new(dice: &mut Dice, seed: u64, number: usize) -> Self {
        let columns: Vec<_> = (0..1 + dice.below(5)).map(|it| Field::new(dice, it)).collect();
        let table = leaked(format!("life_{seed}_{number}"));
        Self { table, fields: columns.len(), columns, indexes: Vec::new(), live: dice.roll(2) == 0 }
    }

    fn schema(&self, colour: &'static EnumType) -> &'static Schema {
        let table = self.table;
        let id = Field { name: "id", what: What::Plain(Kind::Uuid), optional: false };
        let columns: Vec<_> = std::iter::once((&id, Part::Id))
            .chain(self.columns.iter().map(|it| (it, Part::Plain)))
            .map(|(field, part)| column(field, part, colour))
            .collect();
        let at = |name: &&str| columns.iter().position(|it| it.name == *name);
        let indexes: Vec<_> = self
            .indexes
            .iter()
            .filter_map(|(names, unique)| Some((names.iter().map(at).collect::<Option<Vec<_>>>()?, *unique)))
            .map(|(columns, unique)| Index { columns: columns.leak(), unique, descending: &[], only: &[] })
            .collect();
        let (columns, indexes) = (columns.leak(), indexes.leak());
        let schema = Schema {
            name: table,
            plural: table,
            list_key: table,
            docs: "",
            table,
            columns,
            indexes,
            live: self.live,
            undeclared: &[],
            search: &[],
            place: Place::caller(),
        };
        Box::leak(Box::new(schema))
    }
}

fn column(field: &Field, part: Part, colour: &'static EnumType) -> ColumnDef {
    let (kind, references) = match field.what {
        What::Plain(kind) => (kind, None),
        What::Colour => (Kind::Enum(colour), None),
        What::Person(on_delete) => (Kind::Uuid, Some(Reference { table: || PEOPLE.table, on_delete })),
    };
    ColumnDef {
        name: field.name,
        field: field.name,
        kind,
        optional: field.optional,
        part,
        write: Write::default(),
        read: Read::Everyone,
        references,
        default: None,
        about: About::NOTHING,
    }
}

/// The one table that others refer to.
static PEOPLE: Schema = Schema {
    name: "person",
    plural: "people",
    list_key: "people",
    docs: "",
    table: "people",
    columns: &[ColumnDef {
        name: "id",
        field: "id",
        kind: Kind::Uuid,
        optional: false,
        part: Part::Id,
        write: Write { create: Writer::Nobody, update: Writer::Nobody },
        read: Read::Everyone,
        references: None,
        default: None,
        about: About::NOTHING,
    }],
    indexes: &[],
    search: &[],
    live: false,
    undeclared: &[],
    place: Place::at(file!(), line!()),
};

fn mutate(models: &mut Vec<Draft>, colours: &mut BTreeSet<&'static str>, dice: &mut Dice, seed: u64) {
    let at = dice.below(models.len());
    match dice.roll(10) {
        0 if models.len() < 3 => {
            let draft = Draft::new(dice, seed, models.len());
            models.push(draft);
        }
        0 | 1 => {
            colours.insert(dice.one(&VARIANTS));
        }
        2 if colours.len() > 1 => {
            let gone = dice.one(&colours.iter().copied().collect::<Vec<_>>());
            colours.remove(gone);
        }
        3 => models[at].live = !models[at].live,
        4 => add_index(&mut models[at], dice),
        5 if models[at].columns.len() > 1 => drop_field(&mut models[at], dice),
        6 => change_field(&mut models[at], dice),
        _ => {
            let field = Field::new(dice, models[at].fields);
            models[at].columns.push(field);
            models[at].fields += 1;
        }
    }
}

fn add_index(draft: &mut Draft, dice: &mut Dice) {
    let names: Vec<_> = draft.columns.iter().map(|it| it.name).collect();
    let mut chosen = vec![dice.one(&names)];
    let other = dice.one(&names);
    if other != chosen[0] {
        chosen.push(other);
    }
    let index = (chosen, dice.roll(2) == 0);
    if !draft.indexes.contains(&index) {
        draft.indexes.push(index);
    }
}

fn drop_field(draft: &mut Draft, dice: &mut Dice) {
    let gone = draft.columns.remove(dice.below(draft.columns.len()));
    draft.indexes.retain(|(names, _)| !names.contains(&gone.name));
}

/// Another type, or a reference that comes or goes, or a value that may be missing from now on, or not.
fn change_field(draft: &mut Draft, dice: &mut Dice) {
    let at = dice.below(draft.columns.len());
    let field = &mut draft.columns[at];
    match (field.what, dice.roll(2)) {
        (What::Plain(kind), 0) if KINDS.contains(&kind) => field.what = What::Plain(dice.one(&KINDS)),
        (What::Person(_), _) => field.what = What::Person(dice.one(&[OnDelete::NoAction, OnDelete::Cascade])),
        (What::Plain(_) | What::Colour, _) => field.optional = !field.optional,
    }
}

/// What the tables have come to have, kept without asking them.
#[derive(Default)]
struct Memory {
    dialect: Option<Dialect>,
    tables: BTreeMap<&'static str, Vec<(Field, Filled)>>,
    /// The variants of the type, or of each column's CHECK.
    variants: BTreeMap<String, BTreeSet<&'static str>>,
}

/// Whether a column fills itself where a row leaves it out.
#[derive(Clone, Copy, PartialEq)]
enum Filled {
    Never,
    ByDefault,
}

impl Memory {
    fn follow(&mut self, models: &[Draft], colours: &BTreeSet<&'static str>) {
        for model in models {
            let is_new = !self.tables.contains_key(model.table);
            let columns = self.tables.entry(model.table).or_default();
            for field in &model.columns {
                if !columns.iter().any(|(it, _)| it.name == field.name) {
                    let filled = if is_new || field.optional { Filled::Never } else { Filled::ByDefault };
                    columns.push((field.clone(), filled));
                }
                if field.what != What::Colour {
                    continue;
                }
                let place = match self.dialect {
                    Some(Dialect::Postgres) => String::new(),
                    Some(Dialect::Sqlite) | None => format!("{}.{}", model.table, field.name),
                };
                let known = self.variants.entry(place).or_default();
                let is_wider = !known.is_empty() && !colours.is_subset(known);
                known.extend(colours);
                let column = columns.iter_mut().find(|(it, _)| it.name == field.name);
                // SQLite puts another column in its place, whose rows have to be filled.
                if let (true, Some(Dialect::Sqlite), Some((found, filled))) = (is_wider, self.dialect, column)
                    && !found.optional
                {
                    *filled = Filled::ByDefault;
                }
            }
        }
    }

    fn divergences(&self, models: &[Draft], colours: &BTreeSet<&'static str>, of: &str) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        let mut left = |place: &str, name: &str| {
            let variants = self.variants.get(place).into_iter().flatten();
            told.extend(
                variants.filter(|it| !colours.contains(*it)).map(|it| format!("variant {name} {it}")),
            );
        };
        let coloured = models.iter().flat_map(|model| {
            let columns = model.columns.iter().filter(|it| it.what == What::Colour);
            columns.map(|it| format!("{}.{}", model.table, it.name))
        });
        for place in coloured {
            match self.dialect {
                Some(Dialect::Postgres) => left("", of),
                Some(Dialect::Sqlite) | None => left(&place, &place),
            }
        }
        for model in models {
            for (found, filled) in &self.tables[model.table] {
                let place = format!("{}.{}", model.table, found.name);
                match model.columns.iter().find(|it| it.name == found.name) {
                    None if found.optional || *filled == Filled::ByDefault => {
                        told.insert(format!("left {place}"))
                    }
                    None => told.insert(format!("left {place}, required")),
                    Some(field) => {
                        told.extend(differs(field, found).into_iter().map(|it| format!("{it} {place}")));
                        true
                    }
                };
            }
        }
        told
    }
}

fn differs(field: &Field, found: &Field) -> Vec<&'static str> {
    let reference = |it: &Field| if let What::Person(on_delete) = it.what { Some(on_delete) } else { None };
    let kind = |it: &Field| match it.what {
        What::Plain(kind) => Some(kind),
        What::Person(_) => Some(Kind::Uuid),
        What::Colour => None,
    };
    let checks = [
        ("retyped", kind(field) != kind(found)),
        ("optional", found.optional && !field.optional),
        ("required", !found.optional && field.optional),
        ("reference", reference(field) != reference(found)),
    ];
    checks.into_iter().filter(|(_, holds)| *holds).map(|(told, _)| told).collect()
}

fn told(divergence: &Divergence) -> String {
    match divergence {
        Divergence::ColumnLeft { table, column, required: false } => format!("left {table}.{column}"),
        Divergence::ColumnLeft { table, column, required: true } => {
            format!("left {table}.{column}, required")
        }
        Divergence::Retyped { table, column, .. } => format!("retyped {table}.{column}"),
        Divergence::Optional { table, column } => format!("optional {table}.{column}"),
        Divergence::Required { table, column } => format!("required {table}.{column}"),
        Divergence::VariantLeft { of, variant } => format!("variant {of} {variant}"),
        Divergence::Reference { table, column, .. } => format!("reference {table}.{column}"),
        Divergence::InvalidIndex { table, index } => format!("invalid {table} {index}"),
    }
}
