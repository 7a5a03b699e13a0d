use std::collections::BTreeMap;

use mainstay_kernel::{Error, Result, nearest};

use super::{OperationEntry, OperationPath};

/// The operations of an application, found by their paths.
#[derive(Clone, Debug, Default)]
pub struct Operations(Vec<(OperationPath, OperationEntry)>);

/// An operation and the parameters of a call's path.
#[derive(Clone, Debug)]
pub struct Found {
    /// The operation.
    pub entry: OperationEntry,
    /// The parameters, by their names.
    pub params: BTreeMap<String, String>,
}

impl Operations {
    /// All of them.
    ///
    /// # Errors
    /// Internal, when a path is none, or two of them are one: it names both places.
    pub fn new(entries: impl IntoIterator<Item = OperationEntry>) -> Result<Self> {
        let mut known: Vec<(OperationPath, OperationEntry)> = Vec::new();
        for entry in entries {
            let spec = entry.spec;
            let path = OperationPath::read(spec.path).map_err(|message| {
                Error::internal(format!("the operation `{}` ({}): {message}", spec.name, spec.place))
            })?;
            if let Some((_, other)) = known.iter().find(|(it, _)| it.is_like(&path)) {
                return Err(Error::internal(format!(
                    "two operations have the path `{}`: `{}` at {} and `{}` at {}: give one of them another path",
                    spec.path, other.spec.name, other.spec.place, spec.name, spec.place
                )));
            }
            known.push((path, entry));
        }
        known.sort_by_key(|(path, _)| std::cmp::Reverse(path.words()));
        Ok(Self(known))
    }

    /// The operation that a call means.
    ///
    /// # Errors
    /// Not found; it names the nearest path.
    pub fn find(&self, called: &str) -> Result<Found> {
        let found = self.0.iter().find_map(|(path, entry)| Some((entry, path.matches(called)?)));
        found.map(|(entry, params)| Found { entry: *entry, params }).ok_or_else(|| {
            let paths = self.0.iter().map(|(_, entry)| entry.spec.path);
            let hint =
                nearest(called, paths).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            Error::http(404, "not_found", format!("there is no operation `{called}`{hint}"))
        })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &OperationEntry> {
        self.0.iter().map(|(_, entry)| entry)
    }
}
