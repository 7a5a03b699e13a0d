//! Everything that is declared, with its line: kept outside of the sources, where lines may move.

use std::fmt::Write as _;

use crate::tree::Source;

/// A Rust expression: an array of `Declared`.
pub(crate) fn declared(source: &Source) -> String {
    let mut text = "[\n".to_owned();
    for file in &source.files {
        for item in &file.items {
            for condition in &item.conditions {
                let _ = writeln!(text, "    #[cfg({condition})]");
            }
            let (kind, name, line) = (item.kind.word(), &item.name, item.span.start().line);
            let _ = writeln!(
                text,
                "    ::mainstay::Declared {{ kind: {kind:?}, name: {name:?}, file: {:?}, line: {line} }},",
                file.path
            );
        }
    }
    text + "]\n"
}
