use std::path::Path;

use super::shape::{Shape, Wrong};

/// Any number of one shape, separated by commas.
pub(super) struct List<S>(pub(super) S);

impl<S: Shape> Shape for List<S> {
    type Out = Vec<S::Out>;

    fn expected(&self) -> String {
        format!("a list, separated by commas, of {}", self.0.expected())
    }

    fn read(&self, text: &str, root: &Path) -> Result<Self::Out, Wrong> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| self.0.read(item, root)).collect()
    }
}
