//! How long files may be, tests not counted.

use super::{Fault, source::Source};

/// No file is longer, in lines.
const CAP: usize = 600;
/// Nine of ten files are at most this long, in lines.
const P90: usize = 400;

/// Files above the cap, and the whole if its ninetieth percentile is too long.
pub(super) fn faults(sources: &[Source]) -> Vec<Fault> {
    let mut shipped: Vec<&Source> = sources.iter().filter(|source| !source.is_test()).collect();
    shipped.sort_by_key(|source| source.length);
    let too_long = shipped.iter().filter(|source| source.length > CAP);
    let mut faults: Vec<Fault> =
        too_long.map(|source| Fault::new(&source.path, message(source.length, CAP))).collect();
    if let Some(source) = percentile(&shipped, 90).filter(|source| source.length > P90) {
        let what = format!("with it one file in ten is longer than {P90} lines: split the longest");
        faults.push(Fault::new(&source.path, what));
    }
    faults
}

fn message(length: usize, cap: usize) -> String {
    format!("{length} lines without tests, at most {cap}: split it where the domain does")
}

/// The smallest element that at least so many percent of the sorted list do not exceed (nearest rank).
fn percentile<'a>(sorted: &[&'a Source], percent: usize) -> Option<&'a Source> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, length: usize) -> Source {
        Source { path: path.into(), length, ..Source::default() }
    }

    fn short(count: usize) -> Vec<Source> {
        (0..count).map(|_| file("crates/a/src/short.rs", 20)).collect()
    }

    #[test]
    fn a_file_above_the_cap_is_a_fault() {
        let mut files = short(20);
        files.push(file("crates/a/src/at.rs", CAP));
        assert_eq!(faults(&files), []);
        files.push(file("crates/a/src/above.rs", CAP + 1));
        assert_eq!(faults(&files)[0].place, "crates/a/src/above.rs");
    }

    #[test]
    fn many_long_files_are_a_fault_though_each_is_under_the_cap() {
        let mut files = short(9);
        files.push(file("crates/a/src/long.rs", P90 + 1));
        assert_eq!(faults(&files), []);
        files.push(file("crates/a/src/long.rs", P90 + 1));
        assert_eq!(faults(&files).len(), 1);
    }

    #[test]
    fn test_files_may_be_long() {
        assert_eq!(faults(&[file("crates/a/tests/all.rs", 5000)]), []);
    }
}
