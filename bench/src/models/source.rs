//! The sources of an application with many models.

use std::fmt::Write as _;
use std::path::Path;

/// The application's package.
pub(super) fn name(models: usize) -> String {
    format!("weighed-{models}")
}

/// Its `Cargo.toml`, with the profile that `mainstay`'s own workspace has.
pub(super) fn manifest(models: usize, workspace: &Path) -> String {
    format!(
        r#"[package]
name = "{}"
version = "0.1.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
mainstay = {{ path = "{}" }}

[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false

# The macros read every model at every edit.
[profile.dev.package.mainstay-macros]
opt-level = 3

[profile.dev.package.proc-macro2]
opt-level = 3

[profile.dev.package.quote]
opt-level = 3

[profile.dev.package.syn]
opt-level = 3
"#,
        name(models),
        workspace.join("crates/mainstay").display()
    )
}

/// Its `main.rs`; another edit is another text.
pub(super) fn main(models: usize, edit: usize) -> String {
    let mut mounted = String::new();
    for number in 0..models {
        let _ = write!(mounted, "\n        .model::<models::M{number}>()");
    }
    format!(
        r#"//! Weighed.
#![allow(dead_code)]

mod models;
use mainstay::prelude::*;

async fn hello() -> Response {{
    respond::ok(json!({{ "message": "hello {edit}" }}))
}}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {{
    App::new("weighed").route(get("/hello", hello)){mounted}.run().await
}}
"#
    )
}

/// Its `models/mod.rs`.
pub(super) fn modules(models: usize) -> String {
    (0..models).map(|number| format!("mod m{number};\npub(crate) use m{number}::M{number};\n")).collect()
}

/// A model as applications have them; another edit is another rule.
pub(super) fn model(number: usize, edit: usize) -> String {
    let parent = number.saturating_sub(1);
    let import = if number == parent { String::new() } else { format!("use super::M{parent};\n") };
    include_str!("model.txt")
        .replace("<import>", &import)
        .replace("<number>", &number.to_string())
        .replace("<parent>", &parent.to_string())
        .replace("<limit>", &(200 + edit).to_string())
}
