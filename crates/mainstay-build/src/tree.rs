//! The source folder: every file parsed, and those of the known folders as modules.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::DISCOVERED;
use crate::fault::Fault;
use crate::ident;
use crate::kind::{PLACES, Place};
use crate::scan::File;

/// What a source folder holds.
pub(crate) struct Source {
    /// Every file that is not only there for tests, by path.
    pub(crate) files: Vec<File>,
    /// The known folders that are there.
    pub(crate) places: Vec<(&'static Place, Folder)>,
}

/// A folder as a module of modules.
#[derive(Default)]
pub(crate) struct Folder {
    pub(crate) folders: BTreeMap<Name, Folder>,
    pub(crate) modules: BTreeMap<Name, Module>,
}

/// A file or folder, and the module that it becomes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) ident: String,
    pub(crate) on_disk: String,
}

/// One file as a module.
pub(crate) struct Module {
    /// Below the source folder.
    pub(crate) path: String,
    /// Whether it is compiled for tests only.
    pub(crate) is_test: bool,
}

impl Source {
    /// Reads the folder.
    pub(crate) fn read(root: &Path) -> Result<Self, Vec<Fault>> {
        let mut paths = Vec::new();
        walk(root, "", &mut paths).map_err(|error| vec![Fault::of("", error)])?;
        paths.sort();
        let (files, faults) = parse(root, &paths);
        let places = PLACES.iter().map(|place| (place, Folder::of(place.folder, &paths)));
        let (places, wrong): (Vec<_>, Vec<_>) = places.partition(|(_, folder)| folder.is_ok());
        let wrong = wrong.into_iter().filter_map(|(_, folder)| folder.err()).flatten();
        let faults: Vec<_> = faults.into_iter().chain(wrong).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let places = places.into_iter().filter_map(|(place, folder)| Some((place, folder.ok()?)));
        let source = Self { files, places: places.filter(|(_, folder)| !folder.is_empty()).collect() };
        source.unused().map_or(Ok(source), |fault| Err(vec![fault]))
    }

    /// Refuses a program that has folders, and no module of what is written of them: it would run without them.
    fn unused(&self) -> Option<Fault> {
        let root = self.file("main.rs").or_else(|| self.file("lib.rs"))?;
        if self.places.is_empty() || self.files.iter().any(|it| it.has_discovered) {
            return None;
        }
        let folders: Vec<_> = self.places.iter().map(|(place, _)| format!("`{}`", place.folder)).collect();
        let what = format!(
            "what {} holds is written into `{DISCOVERED}`, which nothing uses: add `mod discovered;` here, and \
             `.mount(discovered::app())` to the `App`",
            folders.join(", ")
        );
        Some(Fault::of(&root.path, what))
    }

    /// The file at this path, unless it is only there for tests.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|it| it.path == path)
    }
}

/// The Rust files below `folder`, with `/` on every platform. Programs of their own are left out.
fn walk(root: &Path, folder: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let name = entry?.file_name();
        let Some(name) = name.to_str().filter(|it| !it.starts_with('.')) else { continue };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if root.join(&path).is_dir() {
            if path != "bin" {
                walk(root, &path, found)?;
            }
        } else if name.ends_with(".rs") && path != DISCOVERED {
            found.push(path);
        }
    }
    Ok(())
}

fn parse(root: &Path, paths: &[String]) -> (Vec<File>, Vec<Fault>) {
    let (mut files, mut faults, mut tests) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let text = fs::read_to_string(root.join(path)).map_err(|error| Fault::of(path, error));
        match text.and_then(|text| File::read(path, &text)) {
            Ok(file) => {
                tests.extend(file.tests.iter().map(|test| beside(path, test)));
                files.push(file);
            }
            Err(fault) => faults.push(fault),
        }
    }
    let is_test = |path: &str| {
        tests.iter().any(|test| {
            path.strip_prefix(test).is_some_and(|it| it.is_empty() || it == ".rs" || it.starts_with('/'))
        })
    };
    files.retain(|it| !is_test(&it.path) && !is_for_tests(stem(&it.path)));
    (files, faults)
}

/// Where the module `test` of the file `path` is, without `.rs`.
fn beside(path: &str, test: &str) -> String {
    let (folder, stem) = path.rsplit_once('/').map_or(("", stem(path)), |(folder, _)| (folder, stem(path)));
    let folder = match (stem, test.ends_with(".rs")) {
        ("main" | "lib" | "mod", _) | (_, true) => folder.to_owned(),
        (stem, false) => format!("{folder}/{stem}"),
    };
    format!("{folder}/{test}").trim_start_matches('/').to_owned()
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// `tests.rs` and `post_tests.rs`, by custom.
fn is_for_tests(stem: &str) -> bool {
    stem == "tests" || stem.ends_with("_tests") || stem.ends_with("_test")
}

impl Folder {
    /// The modules of `folder` among these paths.
    fn of(folder: &str, paths: &[String]) -> Result<Self, Vec<Fault>> {
        let mut root = Self::default();
        let mut faults = Vec::new();
        for path in paths.iter().filter(|it| it.starts_with(&format!("{folder}/"))) {
            if owner(path, folder, paths).is_none() {
                faults.extend(root.add(path, &path[folder.len() + 1..]).err());
            }
        }
        root.clashes(folder, &mut faults);
        if faults.is_empty() { Ok(root) } else { Err(faults) }
    }

    fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.folders.values().all(Self::is_empty)
    }

    fn add(&mut self, path: &str, rest: &str) -> Result<(), Fault> {
        let (first, below) = rest.split_once('/').map_or((rest, None), |(first, below)| (first, Some(below)));
        let on_disk = match below {
            None => first.trim_end_matches(".rs"),
            Some(_) => first,
        };
        if on_disk == "mod" {
            let folder = path.trim_end_matches("/mod.rs");
            let what = format!("the modules of `{folder}` are declared in `{DISCOVERED}`: delete this file");
            return Err(Fault::of(path, what));
        }
        let Some(ident) = ident::module(on_disk) else {
            return Err(Fault::of(path, no_module(on_disk)));
        };
        let name = Name { ident, on_disk: on_disk.to_owned() };
        match below {
            // A folder with a `mod.rs` declares its modules itself.
            Some("mod.rs") => self.insert(name, path),
            Some(below) => return self.folders.entry(name).or_default().add(path, below),
            None => self.insert(name, path),
        }
        Ok(())
    }

    fn insert(&mut self, name: Name, path: &str) {
        let is_test = is_for_tests(&name.on_disk);
        self.modules.insert(name, Module { path: path.to_owned(), is_test });
    }

    fn clashes(&self, folder: &str, faults: &mut Vec<Fault>) {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for Name { ident, on_disk } in self.folders.keys().chain(self.modules.keys()) {
            if let Some(first) = seen.insert(ident, on_disk) {
                let what = format!(
                    "`{first}` and `{on_disk}` would both be the module `{ident}`: rename one of them"
                );
                faults.push(Fault::of(folder, what));
            }
        }
        for (name, within) in &self.folders {
            within.clashes(&format!("{folder}/{}", name.on_disk), faults);
        }
    }
}

/// What a name that no module can have is told, with the nearest that one can.
fn no_module(on_disk: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let within = on_disk.trim_start_matches(['[', '{', ':']).trim_end_matches([']', '}']);
    let parameter = format!("[{within}]");
    if within != on_disk && within.chars().all(plain) && ident::module(&parameter).is_some() {
        return format!(
            "`{on_disk}` cannot be the name of a module, did you mean `{parameter}`, a parameter?"
        );
    }
    format!(
        "`{on_disk}` cannot be the name of a module: use letters, digits and `_`, or `[name]` for a parameter"
    )
}

/// The file that declares the module of `path` itself: `posts.rs` beside the folder `posts`, or its `mod.rs`.
fn owner<'a>(path: &str, root: &str, paths: &'a [String]) -> Option<&'a str> {
    let mut folder = path.rsplit_once('/')?.0;
    while folder != root {
        let files = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
        if let Some(owner) = paths.iter().find(|it| *it != path && files.contains(it)) {
            return Some(owner);
        }
        folder = folder.rsplit_once('/')?.0;
    }
    None
}
