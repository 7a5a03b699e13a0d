//! Discovery for `build.rs`: the folders of an application become modules and their registration, as
//! Rust that can be opened and read.
//!
//! A build runs [`discover`]: the folders are walked (`tree`), each file is parsed (`scan`), the items
//! found in each of the known folders are registered ([`kind`](self)), and the text of it is written
//! (`render`, `keep`) where it says something else than before.

mod endpoint_path;
mod fault;
mod ident;
mod keep;
mod kind;
mod listing;
mod render;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

use std::path::{Path, PathBuf};

use fault::Fault;
use tree::Source;

/// Writes `discovered.rs` into `folder` (usually `src`) where what the folders hold has changed, and
/// tells Cargo when to look again. To be called from `build.rs`.
///
/// A file that cannot be parsed, a private item that would have to be registered, or an endpoint whose
/// file is not named for a method, ends the build with its file, line and column.
///
/// # Panics
/// Outside of `build.rs`, where Cargo does not name the folders.
pub fn discover(folder: &str) {
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.unwrap_or_else(|| panic!("{name} is not set: `discover` is to be called from `build.rs`"))
    };
    let (package, out) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR"));
    println!("cargo::rerun-if-changed={folder}");
    // Naming a folder that is not there would make every build dirty.
    if package.join(MIGRATIONS).is_dir() {
        println!("cargo::rerun-if-changed={MIGRATIONS}");
    }
    for fault in write(&package, folder, &out).err().into_iter().flatten() {
        println!("cargo::error={folder}/{fault}");
    }
}

/// Where migrations in SQL are, beside `Cargo.toml`.
const MIGRATIONS: &str = "migrations";

/// The file that is written.
const DISCOVERED: &str = "discovered.rs";

fn write(package: &Path, folder: &str, out: &Path) -> Result<(), Vec<Fault>> {
    let root = package.join(folder);
    let source = Source::read(&root)?;
    let text = render::discovered(&source, package.join(MIGRATIONS).is_dir())?;
    keep::rust(&root.join(DISCOVERED), &text).map_err(|error| vec![Fault::of(DISCOVERED, error)])?;
    let listing = listing::declared(&source);
    keep::text(&out.join("declared.rs"), &listing).map_err(|error| vec![Fault::of("declared.rs", error)])
}
