//! What the database has: read whole, in a few statements, however many tables there are.

use std::collections::HashMap;

use mainstay_kernel::{Dialect, Reader, Result};

use crate::OnDelete;

/// The tables and types of a database.
#[derive(Debug, Default)]
pub(crate) struct Database {
    tables: HashMap<String, Table>,
    /// The variants of each type, smallest first. PostgreSQL's alone.
    enums: HashMap<String, Vec<String>>,
}

/// What a table has.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// In the order of the table.
    pub(crate) columns: Vec<FoundColumn>,
    pub(crate) indexes: HashMap<String, FoundIndex>,
    /// The statement that made it. SQLite's alone.
    pub(crate) definition: String,
    /// Its triggers and indexes. SQLite's alone.
    pub(crate) dependents: Vec<Dependent>,
    /// What the triggers that record its changes do, as the store keeps it.
    pub(crate) captures: Vec<String>,
}

/// A column as the database describes it.
#[derive(Debug)]
pub(crate) struct FoundColumn {
    pub(crate) name: String,
    /// As [`super::ddl::type_of`] writes it.
    pub(crate) of_type: String,
    pub(crate) optional: bool,
    pub(crate) has_default: bool,
    pub(crate) references: Option<(String, OnDelete)>,
}

/// An index as the database describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundIndex {
    pub(crate) unique: bool,
    /// Whether it is used: a concurrent build that failed leaves one that is not.
    pub(crate) valid: bool,
}

/// A trigger or an index of a table.
#[derive(Debug)]
pub(crate) struct Dependent {
    name: String,
    is_trigger: bool,
    /// The statement that makes it.
    pub(crate) create: String,
}

impl Dependent {
    /// Whether this column may be part of it. What a trigger does with its row cannot be told.
    pub(crate) fn may_hold(&self, column: &str) -> bool {
        self.is_trigger || self.create.contains(column)
    }

    /// The statement that drops it.
    pub(crate) fn drop(&self) -> String {
        let kind = if self.is_trigger { "TRIGGER" } else { "INDEX" };
        format!("DROP {kind} \"{}\"", self.name.replace('"', "\"\""))
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&FoundColumn> {
        self.columns.iter().find(|it| it.name == name)
    }

    /// Whether it has the trigger that this statement makes.
    pub(crate) fn has_trigger(&self, create: &str) -> bool {
        self.dependents.iter().any(|it| it.is_trigger && it.create == create)
    }
}

impl Database {
    /// Reads the current schema of PostgreSQL, or the file of SQLite.
    pub(crate) async fn read(reader: &Reader) -> Result<Self> {
        let mut database = Self::default();
        match reader.dialect() {
            Dialect::Postgres => {
                database.add_columns(reader, POSTGRES_COLUMNS).await?;
                database.add_references(reader, POSTGRES_REFERENCES).await?;
                database.add_indexes(reader).await?;
                database.add_enums(reader).await?;
                database.add_captures(reader).await?;
            }
            Dialect::Sqlite => {
                database.add_columns(reader, SQLITE_COLUMNS).await?;
                database.add_references(reader, SQLITE_REFERENCES).await?;
                database.add_definitions(reader).await?;
            }
        }
        Ok(database)
    }

    /// The table of this name, if there is one.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// The variants of the type of this name, smallest first, if there is one.
    pub(crate) fn variants(&self, name: &str) -> Option<&[String]> {
        self.enums.get(name).map(Vec::as_slice)
    }

    async fn add_columns(&mut self, reader: &Reader, text: &str) -> Result<()> {
        let rows = reader.sql(text).all::<(String, String, String, bool, bool)>().await?;
        for (table, name, of_type, optional, has_default) in rows {
            let of_type = of_type.replace("timestamp with time zone", "timestamptz");
            let column = FoundColumn { name, of_type, optional, has_default, references: None };
            self.tables.entry(table).or_default().columns.push(column);
        }
        Ok(())
    }

    async fn add_references(&mut self, reader: &Reader, text: &str) -> Result<()> {
        for (table, column, target, action) in
            reader.sql(text).all::<(String, String, String, String)>().await?
        {
            let columns = self.tables.get_mut(&table).map(|it| &mut it.columns);
            let column = columns.and_then(|it| it.iter_mut().find(|it| it.name == column));
            if let (Some(column), Some(on_delete)) = (column, on_delete(&action)) {
                column.references = Some((target, on_delete));
            }
        }
        Ok(())
    }

    async fn add_indexes(&mut self, reader: &Reader) -> Result<()> {
        let rows = reader.sql(POSTGRES_INDEXES).all::<(String, String, bool, bool)>().await?;
        for (table, name, unique, valid) in rows {
            self.tables.entry(table).or_default().indexes.insert(name, FoundIndex { unique, valid });
        }
        Ok(())
    }

    async fn add_enums(&mut self, reader: &Reader) -> Result<()> {
        for (name, variant) in reader.sql(POSTGRES_VARIANTS).all::<(String, String)>().await? {
            self.enums.entry(name).or_default().push(variant);
        }
        Ok(())
    }

    async fn add_captures(&mut self, reader: &Reader) -> Result<()> {
        for (table, body) in reader.sql(POSTGRES_CAPTURES).all::<(String, String)>().await? {
            self.tables.entry(table).or_default().captures.push(body);
        }
        Ok(())
    }

    async fn add_definitions(&mut self, reader: &Reader) -> Result<()> {
        let rows = reader.sql(SQLITE_DEFINITIONS).all::<(String, String, String, String)>().await?;
        for (table, kind, name, create) in rows {
            let table = self.tables.entry(table).or_default();
            if kind == "table" {
                table.definition = create;
                continue;
            }
            if kind == "index" {
                let unique = create.to_ascii_uppercase().starts_with("CREATE UNIQUE ");
                table.indexes.insert(name.clone(), FoundIndex { unique, valid: true });
            }
            if name.starts_with("mainstay_capture_") {
                table.captures.push(create.clone());
            }
            table.dependents.push(Dependent { name, is_trigger: kind == "trigger", create });
        }
        Ok(())
    }
}

/// What PostgreSQL has as a letter, and SQLite as words.
fn on_delete(action: &str) -> Option<OnDelete> {
    match action {
        "a" | "NO ACTION" => Some(OnDelete::NoAction),
        "r" | "RESTRICT" => Some(OnDelete::Restrict),
        "c" | "CASCADE" => Some(OnDelete::Cascade),
        "n" | "SET NULL" => Some(OnDelete::SetNull),
        _ => None,
    }
}

const POSTGRES_COLUMNS: &str = "SELECT c.relname::text, a.attname::text, \
     CASE WHEN t.typtype = 'e' THEN '\"' || t.typname || '\"' ELSE format_type(a.atttypid, a.atttypmod) END \
     || coalesce(' COLLATE \"' || l.collname || '\"', ''), NOT a.attnotnull, a.atthasdef \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_collation l ON l.oid = a.attcollation \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum";

const POSTGRES_REFERENCES: &str = "SELECT c.relname::text, a.attname::text, r.relname::text, \
     k.confdeltype::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
     JOIN pg_class r ON r.oid = k.confrelid \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
     WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 \
     AND c.relnamespace = current_schema()::regnamespace";

const POSTGRES_INDEXES: &str = "SELECT t.relname::text, i.relname::text, x.indisunique, x.indisvalid \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
     WHERE t.relnamespace = current_schema()::regnamespace";

const POSTGRES_VARIANTS: &str = "SELECT t.typname::text, e.enumlabel::text \
     FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
     WHERE t.typnamespace = current_schema()::regnamespace ORDER BY t.typname, e.enumsortorder";

const POSTGRES_CAPTURES: &str = "SELECT c.relname::text, p.prosrc FROM pg_trigger g \
     JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid \
     WHERE g.tgname = 'mainstay_capture' AND c.relnamespace = current_schema()::regnamespace";

const SQLITE_COLUMNS: &str = "SELECT m.name, c.name, c.type, c.\"notnull\" = 0, c.dflt_value IS NOT NULL \
     FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c \
     WHERE m.type = 'table' AND c.hidden = 0 ORDER BY m.name, c.cid";

const SQLITE_REFERENCES: &str = "SELECT m.name, f.\"from\", f.\"table\", f.on_delete \
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

const SQLITE_DEFINITIONS: &str = "SELECT tbl_name, type, name, sql FROM sqlite_master WHERE sql IS NOT NULL";
