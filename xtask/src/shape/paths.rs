//! No file names a folder of somebody's machine.

use super::{Fault, tree::Tree};

/// First folders of absolute paths that exist on one machine only, without their slashes.
const FOLDERS: [&str; 4] = ["work", "root", "home", "Users"];

/// Lines with such a path.
pub(super) fn faults(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in &tree.files {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names(line, folder)) {
                let what = format!("a path of one machine (`/{folder}/…`): make it relative");
                faults.push(Fault::at(&file.path, index + 1, what));
            }
        }
    }
    faults
}

/// Whether the line has `/FOLDER/` at the beginning of a path.
fn names(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    let begins_path = |(index, _): (usize, &str)| {
        let before = line[..index].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "._-}>)$".contains(before))
    };
    line.match_indices(&needle).any(begins_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(line: &str) -> usize {
        faults(&Tree::of(&[("a.md", line)])).len()
    }

    #[test]
    fn a_path_of_one_machine_is_a_fault() {
        for folder in FOLDERS {
            assert_eq!(count(&format!("see `/{folder}/ada/app`")), 1, "{folder}");
            assert_eq!(count(&format!("file:///{folder}/ada/app")), 1, "{folder}");
        }
    }

    #[test]
    fn the_end_of_a_relative_path_is_none() {
        for folder in FOLDERS {
            assert_eq!(
                count(&format!("src/{folder}/a.rs, ../{folder}/b and $HOME/{folder}/c")),
                0,
                "{folder}"
            );
        }
        assert_eq!(count("/workers/ and /v1/users/"), 0);
    }
}
