//! The text of `discovered.rs`.

use std::fmt::Write as _;

use crate::endpoint_path::{self, EndpointPath};
use crate::fault::Fault;
use crate::ident;
use crate::kind::{Address, Kind, Names, Place, Rows};
use crate::scan::{File, Item};
use crate::tree::{Folder, Module, Name, Source};

const HEAD: &str = "\
//! The modules of the folders beside this file, and what they declare as one part of the application.
//!
//! Written by `build.rs` when files come and go: keep it in version control, and edit the folders instead.

";

/// One registration: the conditions under which it is there, and the call.
struct Call {
    conditions: Vec<String>,
    call: String,
}

/// The whole file.
pub(crate) fn discovered(source: &Source, has_migrations: bool) -> Result<String, Vec<Fault>> {
    let mut text = HEAD.to_owned();
    for (place, folder) in &source.places {
        let _ =
            writeln!(text, "/// {}\n#[path = {:?}]\npub mod {} {{", place.about, place.folder, place.folder);
        modules(folder, place, &mut text);
        text.push_str("}\n\n");
    }
    let (calls, faults) = registrations(source);
    if !faults.is_empty() {
        return Err(faults);
    }
    app(&calls, has_migrations, &mut text);
    Ok(text)
}

fn modules(folder: &Folder, place: &Place, text: &mut String) {
    for (name, within) in
        folder.folders.iter().filter(|(_, it)| !it.modules.is_empty() || !it.folders.is_empty())
    {
        path_attribute(name, &name.on_disk, text);
        let _ = writeln!(text, "pub mod {} {{", name.ident);
        modules(within, place, text);
        text.push_str("}\n");
    }
    for (name, module) in &folder.modules {
        if module.is_test {
            text.push_str("#[cfg(test)]\n");
        }
        path_attribute(name, &format!("{}.rs", name.on_disk), text);
        let _ = writeln!(text, "{}mod {};", if module.is_test { "" } else { "pub " }, name.ident);
    }
    if place.names == Names::Flat {
        let modules = folder.modules.iter().filter(|(_, it)| !it.is_test).map(|(name, _)| name);
        let names = modules.chain(folder.folders.keys()).map(|it| format!("{}::*", it.ident));
        let names = names.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "\n#[allow(unused_imports)]\npub use self::{{{names}}};");
    }
}

fn path_attribute(name: &Name, file: &str, text: &mut String) {
    if !ident::is_found_by(&name.ident, &name.on_disk) {
        let _ = writeln!(text, "#[path = {file:?}]");
    }
}

/// What is to be registered, in the order of the kinds and then of the files.
fn registrations(source: &Source) -> (Vec<Call>, Vec<Fault>) {
    let (mut calls, mut faults) = (Vec::new(), Vec::new());
    for (place, folder) in &source.places {
        each(folder, place.folder, &mut |module, path| {
            let Some(file) = source.file(&module.path) else { return };
            for item in &file.items {
                match registration(item, file, path) {
                    Ok(call) => calls.push((rank(&item.kind), call)),
                    Err(fault) => faults.push(fault),
                }
            }
            if place.folder == "commands" {
                match command(file, path) {
                    Ok(call) => calls.push((u8::MAX, call)),
                    Err(fault) => faults.push(fault),
                }
            }
        });
    }
    calls.sort_by_key(|(rank, _)| *rank);
    (calls.into_iter().map(|(_, call)| call).collect(), faults)
}

/// Calls `visit` for each file below, with the path of its module.
fn each<'a>(folder: &'a Folder, path: &str, visit: &mut impl FnMut(&'a Module, &str)) {
    for (name, module) in folder.modules.iter().filter(|(_, it)| !it.is_test) {
        visit(module, &format!("{path}::{}", name.ident));
    }
    for (name, within) in &folder.folders {
        each(within, &format!("{path}::{}", name.ident), visit);
    }
}

fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Model(Rows::Users) => 0,
        Kind::Model(Rows::Plain) => 1,
        Kind::Hook => 2,
        Kind::RequestHook => 3,
        Kind::Middleware => 4,
        Kind::Endpoint(_) => 5,
        Kind::Mutation => 6,
        Kind::Query => 7,
        Kind::Worker => 8,
        Kind::Cron => 9,
    }
}

fn registration(item: &Item, file: &File, module: &str) -> Result<Call, Fault> {
    let (name, word) = (&item.name, item.kind.word());
    if !item.is_visible {
        let what = format!("the {word} `{name}` is private, so that it cannot be registered: make it `pub`");
        return Err(Fault::at(&file.path, item.span, what));
    }
    let path = format!("{module}::{name}");
    let call = match &item.kind {
        Kind::Model(Rows::Users) => format!("users::<{path}>()"),
        Kind::Model(Rows::Plain) => format!("model::<{path}>()"),
        Kind::Hook => format!("hook({path})"),
        Kind::RequestHook => format!("request_hook({path})"),
        Kind::Middleware => match endpoint_path::folder(&file.path) {
            Some(below) => format!("middleware_below({below:?}, {path})"),
            None => format!("middleware({path})"),
        },
        Kind::Mutation | Kind::Query => format!("operation({path})"),
        Kind::Worker => format!("worker({path})"),
        Kind::Cron => format!("cron({path})"),
        Kind::Endpoint(Address::Attribute) => format!("endpoint({path})"),
        Kind::Endpoint(Address::File) => {
            let at = EndpointPath::of(&file.path).map_err(|what| Fault::at(&file.path, item.span, what))?;
            format!("endpoint_at(::mainstay::prelude::Method::{}, {:?}, {path})", at.method, at.path)
        }
    };
    Ok(Call { conditions: item.conditions.clone(), call })
}

/// A file of the commands is a command of its name.
fn command(file: &File, module: &str) -> Result<Call, Fault> {
    let stem = module.rsplit("::").next().unwrap_or(module);
    let Some(function) = file.functions.iter().find(|it| it.name == stem) else {
        let what = format!(
            "expected `pub async fn {stem}(cx: CommandCx) -> Result<()>`, the command that the file is named for: \
             what is no command goes to `services`"
        );
        return Err(Fault::of(&file.path, what));
    };
    let name = stem.trim_start_matches("r#").replace('_', "-");
    let call = format!("command({name:?}, {:?}, {module}::{stem})", function.about);
    Ok(Call { conditions: Vec::new(), call })
}

fn app(calls: &[Call], has_migrations: bool, text: &mut String) {
    text.push_str("/// Everything that the folders declare, to be given to `App::mount`.\n");
    text.push_str("pub fn app() -> ::mainstay::Mount {\n");
    let (plain, conditional): (Vec<_>, Vec<_>) = calls.iter().partition(|it| it.conditions.is_empty());
    text.push_str(if conditional.is_empty() { "" } else { "let app = " });
    text.push_str("::mainstay::Mount::new()\n");
    for Call { call, .. } in plain {
        let _ = writeln!(text, "        .{call}");
    }
    if has_migrations {
        text.push_str("        .migrations(::mainstay::migrations!())\n");
    }
    text.push_str("        .declared(file!(), &include!(concat!(env!(\"OUT_DIR\"), \"/declared.rs\")))");
    for Call { conditions, call } in &conditional {
        text.push_str(";\n");
        for condition in conditions {
            let _ = writeln!(text, "#[cfg({condition})]");
        }
        let _ = write!(text, "let app = app.{call}");
    }
    text.push_str(if conditional.is_empty() { "\n}\n" } else { ";\napp\n}\n" });
}
