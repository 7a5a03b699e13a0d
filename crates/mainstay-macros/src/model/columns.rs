use darling::error::Accumulator;
use darling::{Error, Result};
use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, Ident, LitStr, Type, Visibility, parse_quote};

use super::attributes::{self, DefaultValue, FieldAttributes, ModelAttributes, OnDelete, Readers};
use super::shape::{self, Shape};
use super::{Paths, checks, names, rules};
use crate::report::at;

/// One column, with everything decided.
pub(super) struct Column {
    /// The struct's field; none for a column that the model has without declaring it.
    pub(super) field: Option<Declared>,
    pub(super) ty: Type,
    pub(super) name: String,
    pub(super) json: String,
    pub(super) part: Part,
    pub(super) write: Write,
    pub(super) read: Read,
    pub(super) references: Option<(Type, OnDelete)>,
    pub(super) default: Option<DefaultValue>,
    pub(super) index: Option<IndexKind>,
    pub(super) searched: bool,
    /// The value's garde rules, as an expression over `it`.
    pub(super) rules: Option<TokenStream>,
    /// Those of them that are data, each an expression.
    pub(super) described: Vec<TokenStream>,
}

/// A field of the author's.
pub(super) struct Declared {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) docs: Vec<Attribute>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    CreatedAt,
    UpdatedAt,
    Version,
    Overflow,
    Plain,
}

/// What the field asks for by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexKind {
    Plain,
    Unique,
}

impl IndexKind {
    fn of(field: &FieldAttributes) -> Option<Self> {
        match (field.unique.is_present(), field.index.is_present()) {
            (true, _) => Some(Self::Unique),
            (false, true) => Some(Self::Plain),
            (false, false) => None,
        }
    }
}

#[derive(Default)]
pub(super) struct Write {
    pub(super) create: Writer,
    pub(super) update: Writer,
}

/// Which clients may set a field in an action.
#[derive(Default)]
pub(super) enum Writer {
    #[default]
    Nobody,
    Everyone,
    Role(LitStr),
}

impl Writer {
    fn of(written: Option<&attributes::Writer>) -> Self {
        match written {
            None => Self::Nobody,
            Some(attributes::Writer { role: None }) => Self::Everyone,
            Some(attributes::Writer { role: Some(role) }) => Self::Role(role.clone()),
        }
    }

    pub(super) fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody)
    }
}

pub(super) enum Read {
    Everyone,
    Role(LitStr),
    Private,
}

/// The columns of a model: its fields, then those it has without declaring them. What is wrong goes
/// to `errors`.
pub(super) fn all(written: &ModelAttributes, paths: &Paths, errors: &mut Accumulator) -> Vec<Column> {
    let fields = written.data.as_ref().take_struct().map(|it| it.fields).unwrap_or_default().into_iter();
    let declared: Vec<_> =
        fields.filter_map(|it| errors.handle(Column::of(it, &written.ident, paths))).collect();
    let has = |part| declared.iter().any(|it| it.part == part);
    let kernel = &paths.kernel;
    let time: Type = parse_quote!(#kernel::Timestamp);
    let hidden = [
        Column::hidden(Part::CreatedAt, "created_at", time.clone(), Read::Everyone),
        Column::hidden(Part::UpdatedAt, "updated_at", time, Read::Everyone),
        Column::hidden(Part::Version, "version", parse_quote!(i64), Read::Private),
    ];
    let hidden: Vec<_> = hidden.into_iter().filter(|it| !has(it.part)).collect();
    declared.into_iter().chain(hidden).collect()
}

/// Refuses a model without an id, and names that two columns share.
pub(super) fn distinct(columns: &[Column], model: &Ident) -> Result<()> {
    let mut errors = Error::accumulator();
    if !columns.iter().any(|it| it.part == Part::Id) {
        errors.push(at(model, format!("a model has an id: add `pub id: Id<{model}>`")));
    }
    if columns.iter().filter(|it| it.part == Part::Version).count() > 1 {
        errors.push(at(model, "a row has one version: drop `#[model(version)]` from the other fields"));
    }
    for column in columns.iter().filter(|it| it.part == Part::Overflow).skip(1) {
        let token = column.token().unwrap_or_else(|| model.span());
        errors.push(at(&token, "a row has one overflow: drop this field"));
    }
    for (position, column) in columns.iter().enumerate() {
        let earlier = &columns[..position];
        let token = column.token().unwrap_or_else(|| model.span());
        if earlier.iter().any(|it| it.name == column.name) {
            errors.push(at(&token, format!("two fields are kept in the column `{}`", column.name)));
        } else if earlier.iter().any(|it| it.json == column.json) {
            errors.push(at(&token, format!("clients know two fields as `{}`", column.json)));
        }
    }
    errors.finish()
}

impl Column {
    /// The column of a field, or all that is wrong with it.
    fn of(field: &FieldAttributes, model: &Ident, paths: &Paths) -> Result<Self> {
        let mut errors = Error::accumulator();
        let ident = field.ident.clone().unwrap_or_else(|| format_ident!("unnamed"));
        let plain = ident.unraw().to_string();
        let ty = shape::named(&field.ty, model);
        let part = errors.handle(part(field, &plain)).unwrap_or(Part::Plain);
        let write = errors.handle(write(field, &plain, part)).unwrap_or_default();
        let read = errors.handle(read(field, part)).unwrap_or(Read::Everyone);
        let references = errors.handle(references(field, &ty)).flatten();
        let searched = errors.handle(searched(field)).unwrap_or_default();
        errors.handle(default_conflict(field));
        let rules = errors.handle(checks::rules(&field.attrs, &ty, &paths.garde)).flatten();
        let described = rules::described(&field.attrs, &ty, paths);
        let name = errors.handle(column_name(field, &plain)).unwrap_or_default();
        let json = errors.handle(json_name(field, &plain)).unwrap_or_default();
        let default = default(field, part, &write);
        let index = IndexKind::of(field);
        let docs = field.attrs.iter().filter(|it| it.path().is_ident("doc")).cloned().collect();
        let field = Some(Declared { ident, vis: field.vis.clone(), docs });
        errors.finish_with(Self {
            field,
            ty,
            name,
            json,
            part,
            write,
            read,
            references,
            default,
            index,
            searched,
            rules,
            described,
        })
    }

    /// A column that the model has without declaring it.
    fn hidden(part: Part, name: &str, ty: Type, read: Read) -> Self {
        Self {
            field: None,
            ty,
            name: name.to_owned(),
            json: names::json(name),
            part,
            write: Write::default(),
            read,
            references: None,
            default: None,
            index: None,
            searched: false,
            rules: None,
            described: Vec::new(),
        }
    }

    /// The field's name in the struct; empty when there is none.
    pub(super) fn field_name(&self) -> String {
        self.field.as_ref().map(|it| it.ident.unraw().to_string()).unwrap_or_default()
    }

    fn token(&self) -> Option<Span> {
        self.field.as_ref().map(|it| it.ident.span())
    }
}

fn part(field: &FieldAttributes, name: &str) -> Result<Part> {
    if field.overflow.is_present() || Shape::of(&field.ty) == Shape::Overflow {
        return overflow(field).map(|()| Part::Overflow);
    }
    let (part, expected, shape) = match name {
        "id" => (Part::Id, "Id<Self>", Shape::Id),
        "created_at" => (Part::CreatedAt, "Timestamp", Shape::Timestamp),
        "updated_at" => (Part::UpdatedAt, "Timestamp", Shape::Timestamp),
        _ if field.version.is_present() => (Part::Version, "i64", Shape::Int64),
        "version" if field.column.is_none() || field.rename.is_none() => {
            let message = "`version` is the name of the row's own version: \
                           add `#[model(version)]`, or give the field another name";
            return Err(at(&field.token(), message));
        }
        _ => return Ok(Part::Plain),
    };
    if part != Part::Version && field.version.is_present() {
        return Err(at(&field.version.span(), format!("`{name}` cannot be the row's version too")));
    }
    if shape::is_option(&field.ty) || Shape::of(&field.ty) != shape {
        return Err(at(&field.ty, format!("`{name}` is the framework's: its type must be `{expected}`")));
    }
    Ok(part)
}

/// Checks that the attribute and the type go together, and that nothing is asked of it that only a
/// field with a name for clients can have.
fn overflow(field: &FieldAttributes) -> Result<()> {
    let flag = &field.overflow;
    if !flag.is_present() {
        return Err(at(&field.ty, "an `Overflow` takes in what is not declared: add `#[model(overflow)]`"));
    }
    if shape::is_option(&field.ty) || Shape::of(&field.ty) != Shape::Overflow {
        return Err(at(&field.ty, "what takes in undeclared properties has the type `Overflow`"));
    }
    let others = [
        (field.version.is_present(), "version"),
        (field.index.is_present(), "index"),
        (field.unique.is_present(), "unique"),
        (field.required.is_present(), "required"),
        (field.rename.is_some(), "rename"),
    ];
    match others.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => {
            Err(at(&flag.span(), format!("clients do not know the overflow by name: drop `{name}`")))
        }
        None => Ok(()),
    }
}

fn write(field: &FieldAttributes, name: &str, part: Part) -> Result<Write> {
    let Some(writers) = &field.write else { return Ok(Write::default()) };
    let write =
        Write { create: Writer::of(writers.create.as_ref()), update: Writer::of(writers.update.as_ref()) };
    match part {
        Part::Plain | Part::Overflow => Ok(write),
        Part::Id if !write.update.is_somebody() => Ok(write),
        Part::Id => Err(at(&writers.span(), "an id never changes: write `write(create)`")),
        Part::CreatedAt | Part::UpdatedAt | Part::Version => {
            Err(at(&writers.span(), format!("the framework sets `{name}`: clients cannot write it")))
        }
    }
}

fn read(field: &FieldAttributes, part: Part) -> Result<Read> {
    let private = &field.private;
    let role = field.read.as_ref().and_then(Readers::role);
    if part == Part::Id && (private.is_present() || role.is_some()) {
        return Err(at(&field.token(), "whoever sees a row sees its id"));
    }
    match role {
        Some(_) if private.is_present() => {
            Err(at(&private.span(), "`private` hides the field from every role: drop it or `read(…)`"))
        }
        Some(role) => Ok(Read::Role(role.clone())),
        None if private.is_present() => Ok(Read::Private),
        None => Ok(Read::Everyone),
    }
}

/// Whoever may search a text can find out what it says.
fn searched(field: &FieldAttributes) -> Result<bool> {
    let search = &field.search;
    if !search.is_present() {
        return Ok(false);
    }
    if Shape::of(&field.ty) != Shape::Text {
        let message = "only a text is searched: the field's type must be `String` or `Option<String>`";
        return Err(at(&search.span(), message));
    }
    if field.private.is_present() || field.read.is_some() {
        let message = "a search tells what the field holds to whoever reads the row: \
                       drop `search`, or `private` and `read(…)`";
        return Err(at(&search.span(), message));
    }
    Ok(true)
}

fn references(field: &FieldAttributes, ty: &Type) -> Result<Option<(Type, OnDelete)>> {
    let on_delete = field.on_delete.as_ref();
    let Some(target) = shape::argument(shape::without_option(ty), "Ref") else {
        let message = "only a reference has this: the field's type must be `Ref<…>` or `Option<Ref<…>>`";
        return match on_delete {
            _ if field.references.is_present() => Err(at(&field.references.span(), message)),
            Some(it) => Err(at(&it.span(), message)),
            None => Ok(None),
        };
    };
    match on_delete {
        Some(it) if **it == OnDelete::SetNull && !shape::is_option(ty) => {
            Err(at(&it.span(), "`set_null` needs a reference that may be missing: `Option<Ref<…>>`"))
        }
        it => Ok(Some((target.clone(), it.map(|it| **it).unwrap_or_default()))),
    }
}

fn default_conflict(field: &FieldAttributes) -> Result<()> {
    let required = &field.required;
    if required.is_present() && field.default.is_some() {
        return Err(at(&required.span(), "a required field has no default: drop one of the two"));
    }
    if required.is_present() && shape::is_option(&field.ty) {
        return Err(at(&required.span(), "an `Option` may be missing: drop `required` or the `Option`"));
    }
    Ok(())
}

/// The default that the author wrote, or the one that goes without saying.
fn default(field: &FieldAttributes, part: Part, write: &Write) -> Option<DefaultValue> {
    if !matches!(part, Part::Plain | Part::Overflow) || field.required.is_present() {
        return None;
    }
    if field.default.is_some() {
        return field.default.clone();
    }
    let shape = Shape::of(&field.ty);
    let given_by_client =
        matches!(write.create, Writer::Everyone) && matches!(shape, Shape::Text | Shape::Bytes);
    let made_up = !shape::is_option(&field.ty) && !shape.names_something() && !given_by_client;
    made_up.then_some(DefaultValue::OfType)
}

fn column_name(field: &FieldAttributes, plain: &str) -> Result<String> {
    if let Some(chosen) = &field.column {
        return names::chosen_snake(chosen);
    }
    let is_reference = Shape::of(&field.ty) == Shape::Ref && !plain.ends_with("_id");
    Ok(if is_reference { format!("{plain}_id") } else { plain.to_owned() })
}

fn json_name(field: &FieldAttributes, plain: &str) -> Result<String> {
    let name = field.rename.as_ref().map_or_else(|| names::json(plain), LitStr::value);
    if name == "type" {
        let message = "every row carries its model's name as `type`: \
                       give this field another one with `#[model(rename = \"…\")]`";
        return Err(at(&field.token(), message));
    }
    match &field.rename {
        Some(chosen) => names::chosen_json(chosen),
        None => Ok(name),
    }
}
