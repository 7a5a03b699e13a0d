use darling::Result;
use heck::ToSnakeCase as _;
use syn::LitStr;

use crate::report::at;

/// The path of an operation, such as `users.get.$userId`.
pub(super) struct OperationPath {
    pub(super) written: LitStr,
    params: Vec<String>,
}

/// A parameter of a path.
pub(super) struct Param {
    /// As it stands in the path.
    pub(super) name: String,
    /// As the argument is called.
    pub(super) argument: String,
}

impl OperationPath {
    /// Reads words with dots between them, of which some are `$parameters`.
    pub(super) fn read(written: LitStr) -> Result<Self> {
        let text = written.value();
        let mut params: Vec<String> = Vec::new();
        for part in text.split('.') {
            let name = part.strip_prefix('$').unwrap_or(part);
            if name.is_empty()
                || !name.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
            {
                return Err(at(&written, refusal(part, &text)));
            }
            if part.starts_with('$') {
                if params.iter().any(|it| it == name) {
                    return Err(at(
                        &written,
                        format!("the parameter `${name}` is there twice: give one of the two another name"),
                    ));
                }
                params.push(name.to_owned());
            }
        }
        Ok(Self { written, params })
    }

    /// Its parameters.
    pub(super) fn params(&self) -> Vec<Param> {
        let param = |name: &String| Param { name: name.clone(), argument: name.to_snake_case() };
        self.params.iter().map(param).collect()
    }
}

fn refusal(part: &str, path: &str) -> String {
    let name = part.strip_prefix(':').or_else(|| part.strip_prefix('{')?.strip_suffix('}'));
    if let Some(name) = name {
        return format!("a parameter is written `${name}`, not `{part}`");
    }
    if path.contains('/') {
        let dotted = path.trim_matches('/').replace('/', ".");
        return format!("an operation's path has dots, such as \"users.create\": write {dotted:?}");
    }
    format!("`{part}` in {path:?} is no word: expected a path such as \"users.get.$user_id\"")
}
