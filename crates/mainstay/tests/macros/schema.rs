use mainstay::kernel::Value;
use mainstay::model::{
    About, Action, ColumnDef, Granted, Model, OnDelete, Part, Read, Schema, Write, Writer,
};

use crate::by_hand::Twin;
use crate::derived::{Post, Setting, User};
use crate::look::{column, position, text};

/// A schema as text, with functions replaced by what they return.
fn described(schema: &Schema) -> String {
    let columns = schema.columns.iter().map(|it| {
        let references = it.references.map(|it| ((it.table)(), it.on_delete));
        let default = it.default.map(|it| it());
        let ColumnDef { name, field, kind, optional, part, write, read, about, .. } = it;
        let About { docs, rules, range, json } = about;
        let about = format!("{docs} {rules:?} {range:?} {}", json.is_some());
        format!("{name} {field} {kind:?} {optional} {part:?} {write:?} {read:?} {references:?} {default:?} {about}\n")
    });
    let Schema { name, plural, list_key, docs, table, indexes, search, live, .. } = schema;
    format!(
        "{name} {plural} {list_key} {docs} {table} {live}\n{}{indexes:?}{search:?}",
        columns.collect::<String>()
    )
}

fn default<M: Model>(field: &str) -> Option<Value> {
    column::<M>(field).default.map(|it| it())
}

/// How many indexes this field is the first column of.
fn leads(field: &str) -> usize {
    let position = position::<Post>(field);
    Post::SCHEMA.indexes.iter().filter(|it| it.columns.first() == Some(&position)).count()
}

#[test]
fn the_derived_schema_equals_the_one_written_by_hand() {
    let derived = described(Setting::SCHEMA).replace("setting", "twin");
    assert_eq!(derived, described(Twin::SCHEMA));
    assert_eq!(Setting::LABEL.index(), Twin::LABEL.index());
    let searched = [Setting::search("a").map(drop).is_ok(), Twin::search("a").map(drop).is_ok()];
    assert_eq!(searched, [true, true]);
    assert_eq!(Twin::GRANTS, User::GRANTS);
}

#[test]
fn names_follow_the_struct_or_the_author() {
    let Schema { name, plural, list_key, table, .. } = Post::SCHEMA;
    assert_eq!([*name, *plural, *list_key, *table], ["blog_entry", "blog-entries", "blogEntries", "entries"]);
    assert_eq!([column::<Post>("user").name, column::<Post>("parent").name], ["user_id", "parent_id"]);
    assert_eq!([column::<Post>("headline").name, column::<Post>("rating").name], ["title", "stars"]);
    assert_eq!(column::<Post>("match").name, "match");
}

#[test]
fn rules_of_writing_and_reading_are_the_authors() {
    let write = |field| column::<Post>(field).write;
    assert_eq!(write("headline"), Write { create: Writer::Everyone, update: Writer::Everyone });
    assert_eq!(write("notes"), Write { create: Writer::Nobody, update: Writer::Everyone });
    assert_eq!(write("rating"), Write { create: Writer::Everyone, update: Writer::Nobody });
    assert_eq!(write("views"), Write::default());
    let (admin, author) = (Writer::Role("admin"), Writer::Role("author"));
    assert_eq!(write("state"), Write { create: Writer::Nobody, update: admin });
    assert_eq!(write("match"), Write { create: Writer::Everyone, update: admin });
    assert_eq!(write("published"), Write { create: author, update: author });
    assert_eq!(column::<Post>("notes").read, Read::Role("editor"));
    assert_eq!(column::<Post>("state").read, Read::Private);
}

#[test]
fn references_name_the_other_table_and_what_a_delete_does() {
    let reference = |field| column::<Post>(field).references.map(|it| ((it.table)(), it.on_delete));
    assert_eq!(reference("user"), Some(("users", OnDelete::Cascade)));
    assert_eq!(reference("parent"), Some(("entries", OnDelete::SetNull)));
}

#[test]
fn a_model_has_its_version_and_times_without_declaring_them() {
    let parts: Vec<_> = User::SCHEMA.columns.iter().map(|it| (it.name, it.part)).collect();
    let last = [("created_at", Part::CreatedAt), ("updated_at", Part::UpdatedAt), ("version", Part::Version)];
    assert_eq!(parts[parts.len() - 3..], last);
    assert_eq!(column::<User>("version").read, Read::Private);
    assert_eq!(column::<User>("createdAt").read, Read::Everyone);
}

#[test]
fn a_declared_version_is_the_only_one() {
    let versions: Vec<_> = Post::SCHEMA.columns.iter().filter(|it| it.part == Part::Version).collect();
    assert_eq!(
        versions.iter().map(|it| (it.field, it.read)).collect::<Vec<_>>(),
        [("version", Read::Everyone)]
    );
}

#[test]
fn a_default_goes_without_saying_where_a_value_can_be_made_up() {
    assert_eq!(default::<Post>("headline"), None, "a text that clients give");
    assert_eq!(default::<Post>("slug"), Some(text("")), "a text that clients do not give");
    assert_eq!(default::<Post>("state"), Some(text("draft")), "the author's");
    assert_eq!(default::<Post>("views"), Some(Value::Int(10)), "the author's");
    assert_eq!(default::<Post>("published"), Some(Value::Bool(false)));
    assert_eq!(default::<Post>("rating"), None, "required");
    assert_eq!(default::<Post>("notes"), None, "an option");
    assert_eq!(default::<Post>("user"), None, "a reference");
    assert!(default::<Post>("tags").is_some());
}

#[test]
fn each_reference_leads_one_index() {
    assert_eq!([leads("user"), leads("parent")], [1, 1], "the struct's own indexes do");
    assert_eq!(Setting::SCHEMA.indexes.iter().filter(|it| it.columns == [1]).count(), 1);
    assert_eq!([leads("slug"), leads("published"), leads("headline")], [1, 1, 0]);
}

#[test]
fn an_identity_is_unique_and_not_the_clients_to_write() {
    let fields = ["issuer", "subject"].map(position::<User>);
    let index = User::SCHEMA.indexes.iter().find(|it| it.columns == fields);
    assert!(index.is_some_and(|it| it.unique));
    assert_eq!(column::<User>("issuer").write, Write::default());
}

#[test]
fn a_scope_grants_what_is_written() {
    assert_eq!(Post::GRANTS, [Action::Read, Action::Create, Action::Update, Action::Patch]);
    assert_eq!(User::GRANTS, []);
}

#[test]
fn a_token_is_the_position_of_its_column() {
    assert_eq!(Post::TITLE.index(), position::<Post>("headline"));
    assert_eq!(Post::PARENT.index(), position::<Post>("parent"));
    assert_eq!(Post::MATCH.index(), position::<Post>("match"));
    let _ = Post::NOTES.eq("x").and(Post::PARENT.is_null());
}
