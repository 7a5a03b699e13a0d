//! `mainstay add model`

use std::fmt::Write as _;
use std::fs;

use anyhow::{Result, bail};

use super::field::{Field, Holds};
use crate::name::{Name, nearest};
use crate::project::Project;
use crate::template::fill;

/// Writes the model, with a scope that gives its rows to whom they belong.
pub(super) fn add(project: &Project, name: &str, fields: &[String]) -> Result<String> {
    let name = Name::read(name)?;
    let fields = fields.iter().map(|it| Field::read(it)).collect::<Result<Vec<_>>>()?;
    for (position, field) in fields.iter().enumerate() {
        if fields[..position].iter().any(|it| it.name == field.name) {
            bail!("the field `{}` is there twice: leave one of the two away", field.name.snake());
        }
        if let Holds::Row(model) = &field.holds {
            let is_itself = *model == name;
            if !is_itself {
                must_be_there(project, model)?;
            }
        }
    }
    let path = format!("src/models/{}.rs", name.snake());
    project.write(&path, &text(&name, &fields))?;
    let owned = if owner(&fields).is_some() { "its owner" } else { "whoever is signed in" };
    Ok(format!(
        "wrote {path}\nnext: its scope admits {owned}: say in it who else may read and write\n      `cargo run -- routes` lists \
         its routes; in development `cargo run` makes its table"
    ))
}

/// Refuses a model that has no file.
pub(super) fn must_be_there(project: &Project, model: &Name) -> Result<()> {
    if project.has(&format!("src/models/{}.rs", model.snake())) {
        return Ok(());
    }
    let files = fs::read_dir(project.root().join("src/models")).into_iter().flatten().flatten();
    let names = files.filter_map(|it| Some(it.file_name().to_str()?.strip_suffix(".rs")?.to_owned()));
    let mut models: Vec<_> = names.filter_map(|it| Some(Name::read(&it).ok()?.camel())).collect();
    models.sort();
    let words: Vec<_> = models.iter().map(String::as_str).collect();
    bail!("there is no model `{}` in src/models, {}", model.camel(), nearest(&model.camel(), &words))
}

/// The field that says whose a row is: `user:User`.
fn owner(fields: &[Field]) -> Option<&Field> {
    let users =
        |it: &&Field| matches!(&it.holds, Holds::Row(model) if model.snake() == "user") && !it.is_optional;
    fields.iter().find(users)
}

fn text(name: &Name, fields: &[Field]) -> String {
    let owner = owner(fields);
    let mut others: Vec<_> = fields.iter().filter_map(row).filter(|it| *it != name.camel()).collect();
    others.sort();
    others.dedup();
    let uses = match &others[..] {
        [] => String::new(),
        [one] => format!("\nuse crate::models::{one};\n"),
        several => format!("\nuse crate::models::{{{}}};\n", several.join(", ")),
    };
    let mut declared = String::new();
    for field in fields {
        let _ = write!(declared, "{}", declaration(field, owner.is_some_and(|it| it == field)));
    }
    let template = match owner {
        Some(_) => include_str!("../../templates/add/owned_model.rs.in"),
        None => include_str!("../../templates/add/model.rs.in"),
    };
    let column = owner.map(|it| it.name.snake().to_uppercase()).unwrap_or_default();
    let values = [
        ("Model", name.camel()),
        ("words", name.words()),
        ("uses", uses),
        ("fields", declared),
        ("OWNER", column),
        ("an", if name.words().starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" }.to_owned()),
    ];
    fill(template, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn row(field: &Field) -> Option<String> {
    match &field.holds {
        Holds::Row(model) => Some(model.camel()),
        Holds::Value(_) => None,
    }
}

fn declaration(field: &Field, is_owner: bool) -> String {
    let name = field.name.snake();
    let (attribute, ty) = match &field.holds {
        Holds::Value(ty) => ("write".to_owned(), (*ty).to_owned()),
        Holds::Row(model) => {
            let goes = if field.is_optional { "set_null" } else { "cascade" };
            let write = if is_owner { "" } else { "write(create), " };
            (format!("{write}references, on_delete = {goes}"), format!("Ref<{}>", model.camel()))
        }
    };
    let ty = if field.is_optional { format!("Option<{ty}>") } else { ty };
    let about = match is_owner {
        true => "Whose it is: set by the scope, not by clients.".to_owned(),
        false => format!("Its {}.", field.name.words()),
    };
    format!("    /// {about}\n    #[model({attribute})]\n    pub {name}: {ty},\n")
}
