use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::fault::{Fault, Faults, Found};
use super::shape::Shape;
use super::sources::Layer;
use super::table::ROOT;
use super::variable::Fallback;

/// The project root, the first of:
/// 1. `MAINSTAY_ROOT`;
/// 2. the nearest folder from the working folder upwards that holds a `mainstay.toml`;
/// 3. the package that Cargo runs (`CARGO_MANIFEST_DIR`), or the nearest folder above it that holds
///    a `mainstay.toml`;
/// 4. the nearest folder from the working folder upwards that holds a `Cargo.toml`;
/// 5. the working folder.
pub(super) fn find(
    working: io::Result<PathBuf>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Faults> {
    let working = working.map_err(|error| Faults(vec![gone(&error)]))?;
    if let Some(given) = variable(ROOT.name).filter(|it| !it.is_empty()) {
        let text = given.to_string_lossy();
        return ROOT.shape.read(&text, &working).map_err(|_| Faults(vec![no_folder(&text)]));
    }
    let package = variable("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|it| it.is_dir());
    let package = package.map(|it| nearest(&it, "mainstay.toml").unwrap_or(it));
    Ok(nearest(&working, "mainstay.toml")
        .or(package)
        .or_else(|| nearest(&working, "Cargo.toml"))
        .unwrap_or(working))
}

fn nearest(folder: &Path, file: &str) -> Option<PathBuf> {
    folder.ancestors().find(|it| it.join(file).is_file()).map(Path::to_owned)
}

fn no_folder(text: &str) -> Fault {
    Fault {
        name: ROOT.name.to_owned(),
        found: Found::Text(text.to_owned(), Layer::Environment),
        expected: ROOT.shape.expected(),
        fix: ROOT.fallback.fix(ROOT.name, ROOT.example),
    }
}

fn gone(error: &io::Error) -> Fault {
    Fault {
        name: "working folder".to_owned(),
        found: Found::Nothing,
        expected: "a folder that exists".to_owned(),
        fix: format!("start the process in a folder that exists ({})", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// A folder with these empty files in it.
    fn tree(files: &[&str]) -> TempDir {
        let top = TempDir::new().unwrap();
        for file in files {
            let path = top.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        top
    }

    fn found(top: &TempDir, working: &str, variables: &[(&str, PathBuf)]) -> PathBuf {
        let variable = |name: &str| variables.iter().find(|(it, _)| *it == name).map(|(_, path)| path.into());
        let root = find(Ok(top.path().join(working)), variable).unwrap();
        root.strip_prefix(top.path()).unwrap().to_owned()
    }

    #[test]
    fn the_nearest_mainstay_toml_decides_before_any_cargo_toml() {
        let top = tree(&["app/mainstay.toml", "app/crates/api/Cargo.toml", "app/crates/api/src/lib.rs"]);
        assert_eq!(found(&top, "app/crates/api/src", &[]), Path::new("app"));
        let cargo = [("CARGO_MANIFEST_DIR", top.path().join("app/crates/api"))];
        assert_eq!(found(&top, "app/crates/api/src", &cargo), Path::new("app"));
    }

    #[test]
    fn the_package_that_cargo_runs_is_the_root_from_wherever_it_is_run() {
        let top = tree(&["Cargo.toml", "examples/blog/Cargo.toml", "docs/a.md"]);
        let cargo = [("CARGO_MANIFEST_DIR", top.path().join("examples/blog"))];
        for working in ["", "docs", "examples/blog"] {
            assert_eq!(found(&top, working, &cargo), Path::new("examples/blog"), "{working}");
        }
    }

    #[test]
    fn without_cargo_the_nearest_package_or_the_working_folder_is_the_root() {
        let top = tree(&["blog/Cargo.toml", "blog/src/main.rs", "srv/blog"]);
        assert_eq!(found(&top, "blog/src", &[]), Path::new("blog"));
        assert_eq!(found(&top, "srv", &[]), Path::new("srv"));
    }

    #[test]
    fn mainstay_root_decides_before_all_else() {
        let top = tree(&["app/mainstay.toml", "other/file"]);
        assert_eq!(found(&top, "app", &[("MAINSTAY_ROOT", top.path().join("other"))]), Path::new("other"));
        assert_eq!(
            found(&top, "app", &[("MAINSTAY_ROOT", PathBuf::from("../other"))]),
            Path::new("app/../other")
        );
    }

    #[test]
    fn a_mainstay_root_that_is_no_folder_is_a_fault() {
        let top = tree(&["file"]);
        for odd in ["file", "missing"] {
            let faults =
                find(Ok(top.path().to_owned()), |name| (name == "MAINSTAY_ROOT").then(|| odd.into()));
            let report = faults.unwrap_err().to_string();
            assert!(report.contains("MAINSTAY_ROOT") && report.contains(&format!("`{odd}`")), "{report}");
        }
    }

    #[test]
    fn a_working_folder_that_is_gone_is_a_fault() {
        let report = find(Err(io::ErrorKind::NotFound.into()), |_| None).unwrap_err().to_string();
        assert!(report.contains("working folder"), "{report}");
    }
}
