//! Names that nothing reads. A misspelt variable must not be ignored in silence.

use super::fault::{Fault, Found};
use super::nearest::nearest;
use super::sources::{Layer, Sources};
use super::table::{ALL, ROOT};

/// The variables of the framework's own tests and tools, which no application reads.
const TOOLS: [&str; 6] = [
    "MAINSTAY_BENCH_",
    "MAINSTAY_CHAOS_",
    "MAINSTAY_FUZZ_",
    "MAINSTAY_SOAK_",
    "MAINSTAY_TEST_",
    "MAINSTAY_XTASK_",
];

/// What was found: faults, and what is only worth saying.
#[derive(Default)]
pub(super) struct Unknown {
    pub(super) faults: Vec<Fault>,
    pub(super) notices: Vec<String>,
}

/// Whether the name is in one of the framework's name spaces.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("MAINSTAY_") || name.starts_with("AUTH_")
}

/// Looks for names that nothing reads. Every `MAINSTAY_*` and every key of `mainstay.toml` must be
/// known. `AUTH_*` is shared with other software: there, what resembles a known name is a fault and
/// the rest a notice.
pub(super) fn look(sources: &Sources) -> Unknown {
    let mut unknown = Unknown::default();
    for (layer, values) in &sources.layers {
        for name in values.keys() {
            judge(&mut unknown, sources, *layer, name);
        }
    }
    unknown
}

fn judge(unknown: &mut Unknown, sources: &Sources, layer: Layer, name: &str) {
    let own = sources.own_spelt(layer);
    if own.iter().any(|it| it == name) {
        return;
    }
    if layer == Layer::TomlApp || sources.claims(layer, name) {
        let suggestion = nearest(name, own.iter().map(String::as_str));
        // The table may hold more than variables.
        if suggestion.is_some() || sources.claims(layer, name) {
            unknown.faults.push(unread_own(name, layer, suggestion));
        }
        return;
    }
    let known: Vec<String> = ALL.iter().map(|it| layer.spelling(it.name())).collect();
    if name == layer.spelling(ROOT.name) && layer != Layer::Environment {
        unknown.faults.push(misplaced_root(layer));
    } else if !known.iter().any(|it| it == name) && is_claimed(name, layer) {
        let suggestion = nearest(name, known.iter().map(String::as_str));
        if suggestion.is_none() && name.starts_with("AUTH_") && layer != Layer::Toml {
            unknown.notices.push(format!("nothing in the framework reads {name} (from {layer})"));
        } else {
            unknown.faults.push(unread(name, layer, suggestion));
        }
    }
}

/// Whether the framework must know every such name.
fn is_claimed(name: &str, layer: Layer) -> bool {
    layer == Layer::Toml || (is_ours(name) && !TOOLS.iter().any(|tool| name.starts_with(tool)))
}

fn unread_own(name: &str, layer: Layer, suggestion: Option<&str>) -> Fault {
    Fault {
        name: name.to_owned(),
        found: Found::Something(layer),
        expected: "a variable that the application's configuration has a field for".to_owned(),
        fix: suggestion
            .map_or_else(|| "remove it, or add the field".to_owned(), |it| format!("did you mean `{it}`?")),
    }
}

fn unread(name: &str, layer: Layer, suggestion: Option<&str>) -> Fault {
    let (expected, otherwise) = match layer {
        Layer::Toml | Layer::TomlApp => {
            ("a key that the framework reads", "remove it, or move it into the table `[app]`")
        }
        Layer::CommandLine | Layer::Environment | Layer::EnvLocal | Layer::Env => (
            "a variable that the framework reads",
            "remove it, or give a variable of your own another prefix",
        ),
    };
    Fault {
        name: name.to_owned(),
        found: Found::Something(layer),
        expected: expected.to_owned(),
        fix: suggestion.map_or_else(|| otherwise.to_owned(), |it| format!("did you mean `{it}`?")),
    }
}

fn misplaced_root(layer: Layer) -> Fault {
    Fault {
        name: ROOT.name.to_owned(),
        found: Found::Something(layer),
        expected: "a variable of the process environment: the project root must be known to find this file"
            .to_owned(),
        fix: "set it where the process is started, or remove it".to_owned(),
    }
}
