//! What a database lacks for its models, and where the two disagree.

use mainstay_kernel::{Dialect, EnumType, Error, Kind, Result};

use crate::store::introspect::{Database, FoundColumn, Table};
use crate::store::{ddl, search, variants};
use crate::{Addition, Change, ColumnDef, Divergence, OnDelete, Plan, Schema};

/// What these models need that the database lacks, in the order to make it, and what differs.
pub(crate) fn between(dialect: Dialect, schemas: &[&Schema], found: &Database) -> Result<Plan> {
    let mut plan = Plan::default();
    let enums = enums(schemas)?;
    if dialect == Dialect::Postgres {
        enums.iter().for_each(|of| plan.of_type(of, found.variants(of.name)));
    }
    for schema in by_reference(schemas) {
        match found.table(schema.table) {
            None => plan.create(dialect, schema),
            Some(table) => plan.compare(dialect, schema, table),
        }
    }
    Ok(plan)
}

impl Plan {
    fn add(&mut self, change: Change, statements: Vec<String>) {
        self.additions.push(Addition { change, statements });
    }

    /// What PostgreSQL's type of an enum lacks. SQLite has CHECKs in its place.
    fn of_type(&mut self, of: &EnumType, known: Option<&[String]>) {
        let name = || of.name.to_owned();
        let Some(known) = known else {
            return self.add(Change::CreateType { of: name() }, vec![variants::create_type(of)]);
        };
        for (variant, statement) in variants::add_values(of, known) {
            self.add(Change::AddVariant { of: name(), variant: variant.to_owned() }, vec![statement]);
        }
        self.left_variants(of.name, of, known.iter().map(String::as_str));
    }

    fn left_variants<'a>(&mut self, name: &str, of: &EnumType, known: impl Iterator<Item = &'a str>) {
        let left = known.filter(|it| !of.variants.contains(it));
        let divergence =
            |variant: &str| Divergence::VariantLeft { of: name.to_owned(), variant: variant.to_owned() };
        self.divergences.extend(left.map(divergence));
    }

    fn create(&mut self, dialect: Dialect, schema: &Schema) {
        let table = schema.table.to_owned();
        self.add(Change::CreateTable { table }, vec![ddl::create_table(dialect, schema)]);
        self.create_indexes(dialect, schema, &Table::default());
        self.search(dialect, schema, &Table::default());
        self.capture(dialect, schema, &Table::default());
    }

    fn compare(&mut self, dialect: Dialect, schema: &Schema, table: &Table) {
        for column in schema.columns {
            match table.column(column.name) {
                None => {
                    let change =
                        Change::AddColumn { table: schema.table.to_owned(), column: column.name.to_owned() };
                    self.add(change, vec![ddl::add_column(dialect, schema, column)]);
                }
                Some(found) => self.compare_column(dialect, schema, column, found, table),
            }
        }
        self.create_indexes(dialect, schema, table);
        self.capture(dialect, schema, table);
        self.search(dialect, schema, table);
        self.left_columns(schema, table);
    }

    fn create_indexes(&mut self, dialect: Dialect, schema: &Schema, table: &Table) {
        for index in schema.indexes {
            let name = schema.index_name(index);
            let here = schema.table.to_owned();
            match table.indexes.get(&name) {
                None => {
                    let statements = vec![ddl::create_index(dialect, schema, index)];
                    self.add(Change::CreateIndex { table: here, index: name }, statements);
                }
                Some(found) if !found.valid => {
                    self.divergences.push(Divergence::InvalidIndex { table: here, index: name });
                }
                Some(_) => {}
            }
        }
    }

    fn search(&mut self, dialect: Dialect, schema: &Schema, table: &Table) {
        let statements = search::missing(dialect, schema, table);
        if !statements.is_empty() {
            self.add(Change::CreateSearch { table: schema.table.to_owned() }, statements);
        }
    }

    /// Triggers name the columns that they record: they are made anew when those are others, so that
    /// none stands in the way of a column that is dropped.
    fn capture(&mut self, dialect: Dialect, schema: &Schema, table: &Table) {
        let (capture, here) = (schema.capture(), schema.table.to_owned());
        let definitions: Vec<_> = table.captures.iter().map(String::as_str).collect();
        if schema.live && !capture.is_made(dialect, &definitions) {
            let change = match definitions.is_empty() {
                true => Change::Capture { table: here },
                false => Change::Recapture { table: here },
            };
            self.add(change, capture.ddl(dialect));
        } else if !schema.live && !definitions.is_empty() {
            self.add(Change::Release { table: here }, capture.undo(dialect));
        }
    }

    fn compare_column(
        &mut self,
        dialect: Dialect,
        schema: &Schema,
        column: &ColumnDef,
        found: &FoundColumn,
        table: &Table,
    ) {
        let names = || (schema.table.to_owned(), column.name.to_owned());
        let expected = ddl::type_of(dialect, column.kind);
        if found.of_type != expected {
            let (table, column) = names();
            let found = found.of_type.clone();
            self.divergences.push(Divergence::Retyped { table, column, found, expected });
        }
        match (column.optional, found.optional) {
            (true, false) => {
                let (table, column) = names();
                self.divergences.push(Divergence::Required { table, column });
            }
            (false, true) => {
                let (table, column) = names();
                self.divergences.push(Divergence::Optional { table, column });
            }
            (true, true) | (false, false) => {}
        }
        self.compare_reference(schema, column, found);
        if let (Dialect::Sqlite, Kind::Enum(of)) = (dialect, column.kind) {
            self.compare_check(schema, column, of, table);
        }
    }

    fn compare_reference(&mut self, schema: &Schema, column: &ColumnDef, found: &FoundColumn) {
        let expected = column.references.as_ref().map(|it| told((it.table)(), it.on_delete));
        let found = found.references.as_ref().map(|(table, on_delete)| told(table, *on_delete));
        if expected != found {
            let (table, column) = (schema.table.to_owned(), column.name.to_owned());
            self.divergences.push(Divergence::Reference { table, column, found, expected });
        }
    }

    /// The variants that a CHECK of SQLite's lacks: they are admitted all at once.
    fn compare_check(&mut self, schema: &Schema, column: &ColumnDef, of: &'static EnumType, table: &Table) {
        let Some(admitted) = variants::admitted(table, column) else { return };
        let name = format!("{}.{}", schema.table, column.name);
        let missing = of.variants.iter().filter(|it| !admitted.iter().any(|admitted| admitted == *it));
        for (index, variant) in missing.enumerate() {
            let change = Change::AddVariant { of: name.clone(), variant: (*variant).to_owned() };
            let statements = match index {
                0 => variants::widen(schema, column, of, &admitted, table),
                _ => Vec::new(),
            };
            self.add(change, statements);
        }
        self.left_variants(&name, of, admitted.iter().map(String::as_str));
    }

    fn left_columns(&mut self, schema: &Schema, table: &Table) {
        let is_left = |it: &&FoundColumn| !schema.columns.iter().any(|column| column.name == it.name);
        let left = table.columns.iter().filter(is_left).map(|it| Divergence::ColumnLeft {
            table: schema.table.to_owned(),
            column: it.name.clone(),
            required: !it.optional && !it.has_default,
        });
        self.divergences.extend(left);
    }
}

/// A reference in words.
fn told(table: &str, on_delete: OnDelete) -> String {
    match on_delete {
        OnDelete::NoAction => format!("`{table}`"),
        OnDelete::Restrict => format!("`{table}` (restrict)"),
        OnDelete::Cascade => format!("`{table}` (cascade)"),
        OnDelete::SetNull => format!("`{table}` (set null)"),
    }
}

/// The enums of these models, each once.
fn enums(schemas: &[&Schema]) -> Result<Vec<&'static EnumType>> {
    let mut enums: Vec<&'static EnumType> = Vec::new();
    for column in schemas.iter().flat_map(|it| it.columns) {
        let Kind::Enum(of) = column.kind else { continue };
        match enums.iter().find(|it| it.name == of.name) {
            None => enums.push(of),
            Some(same) if *same == of => {}
            Some(_) => {
                let name = of.name;
                return Err(Error::internal(format!(
                    "two enums are named `{name}`: give one another name with `#[model(name = \"…\")]`"
                )));
            }
        }
    }
    Ok(enums)
}

/// Referred-to tables first. A cycle keeps the order in which its models were given.
fn by_reference<'a>(schemas: &[&'a Schema]) -> Vec<&'a Schema> {
    let mut waiting: Vec<&Schema> = schemas.to_vec();
    let mut ordered: Vec<&Schema> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |schema: &&Schema| {
            let targets =
                schema.columns.iter().filter_map(|it| it.references.as_ref()).map(|it| (it.table)());
            targets.filter(|it| *it != schema.table).all(|it| !waiting.iter().any(|other| other.table == it))
        };
        let next = waiting.iter().position(ready).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}
