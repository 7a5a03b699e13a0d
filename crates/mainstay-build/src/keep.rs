//! Writes what was generated, where it says something new.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::Item;

/// Writes Rust that is checked in: only when its meaning has changed, so that how it is formatted is its
/// owner's to say, and as the newest of its folder's files rather than as newer, for Cargo would build
/// again for it.
pub(crate) fn rust(path: &Path, text: &str) -> io::Result<()> {
    let old = fs::read_to_string(path).unwrap_or_default();
    if meaning(&old).is_some_and(|old| Some(old) == meaning(text)) {
        return Ok(());
    }
    let before = newest(path.parent().unwrap_or(path))?;
    fs::write(path, formatted(path, text).unwrap_or_else(|| text.to_owned()))?;
    File::options().append(true).open(path)?.set_modified(before)
}

/// Writes a text of the build's own.
pub(crate) fn text(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text)
}

/// The text without what a formatter may change: order of modules, spaces, commas at an end.
fn meaning(text: &str) -> Option<Vec<String>> {
    Some(items(&syn::parse_file(text).ok()?.items))
}

fn items(all: &[Item]) -> Vec<String> {
    let mut meanings: Vec<String> = all.iter().map(item).collect();
    meanings.sort();
    meanings
}

fn item(item: &Item) -> String {
    let Item::Mod(module) = item else { return tokens(item.to_token_stream()) };
    let Some((_, within)) = &module.content else { return tokens(module.to_token_stream()) };
    let attributes: TokenStream = module.attrs.iter().map(|it| it.to_token_stream()).collect();
    format!("{} mod {} {{{}}}", tokens(attributes), module.ident, items(within).join(" "))
}

/// Without spaces, and without a comma before a closing bracket; `{a}` for one name is `a`.
fn tokens(stream: TokenStream) -> String {
    let mut text: String = stream.to_string().split_whitespace().collect();
    for (written, plain) in [(",)", ")"), (",}", "}"), (",]", "]")] {
        text = text.replace(written, plain);
    }
    if let (Some((before, names)), true) = (text.split_once("::{"), text.contains("use")) {
        let names = names.trim_end_matches("};");
        if !names.contains(',') {
            return format!("{before}::{names};");
        }
    }
    text
}

/// As the application's own `rustfmt` would have it, where there is one.
fn formatted(path: &Path, text: &str) -> Option<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(path.parent()?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    rustfmt.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = rustfmt.wait_with_output().ok()?;
    let formatted = output.status.success().then_some(output.stdout)?;
    String::from_utf8(formatted).ok().filter(|it| !it.is_empty())
}

/// When something below the folder was last changed.
fn newest(folder: &Path) -> io::Result<SystemTime> {
    let mut newest = fs::metadata(folder)?.modified()?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let modified = if path.is_dir() { self::newest(&path)? } else { fs::metadata(&path)?.modified()? };
        newest = newest.max(modified);
    }
    Ok(newest)
}
