/// Method and path of an endpoint by its file: `endpoints/posts/[id]/publish/post.rs` is
/// `POST /posts/{id}/publish`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EndpointPath {
    /// The variant of `Method`.
    pub(crate) method: &'static str,
    pub(crate) path: String,
}

/// File names and what they stand for.
const METHODS: [(&str, &str); 5] =
    [("get", "Get"), ("post", "Post"), ("put", "Put"), ("patch", "Patch"), ("delete", "Delete")];

impl EndpointPath {
    /// Of `file`, below the folder of the endpoints.
    ///
    /// # Errors
    /// What is wrong with the file's name.
    pub(crate) fn of(file: &str) -> Result<Self, String> {
        let below = file.trim_start_matches("endpoints/").trim_end_matches(".rs");
        let (folders, stem) = below.rsplit_once('/').unwrap_or(("", below));
        match METHODS.iter().find(|(name, _)| *name == stem) {
            Some((_, method)) => Ok(Self { method, path: path(folders) }),
            None => Err(no_method(file, stem, below)),
        }
    }
}

/// A slip of a method's name, or a name that would be a folder's.
fn no_method(file: &str, stem: &str, below: &str) -> String {
    let is_slip = |name: &&str| strsim::osa_distance(name, stem) == 1;
    if let Some(meant) = METHODS.iter().map(|(name, _)| *name).find(is_slip) {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        return format!("`{stem}` is not a method, did you mean `{folder}/{meant}.rs`?");
    }
    let names = METHODS.map(|(name, _)| name).join("`, `");
    format!(
        "`{stem}` is not a method: name the file `{names}`, as in `endpoints/{below}/get.rs`, or say method and path in \
         the attribute: `#[endpoint(get, \"/{}\")]`",
        path(below).trim_start_matches('/')
    )
}

/// What a file of the endpoints' folders is around: `/admin` for `endpoints/admin/middleware.rs`.
pub(crate) fn folder(file: &str) -> Option<String> {
    let below = file.strip_prefix("endpoints/")?;
    Some(path(below.rsplit_once('/').map_or("", |(folders, _)| folders)))
}

fn path(folders: &str) -> String {
    let segments = folders.split('/').filter(|it| !it.is_empty()).map(segment);
    let path: String = segments.map(|it| format!("/{it}")).collect();
    if path.is_empty() { "/".to_owned() } else { path }
}

/// `[id]` is the parameter `{id}`.
fn segment(folder: &str) -> String {
    match folder.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(parameter) => format!("{{{}}}", parameter.replace('-', "_")),
        None => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_method_and_path() {
        let of = |file: &str| EndpointPath::of(file).map(|it| (it.method, it.path)).expect("a method");
        assert_eq!(of("endpoints/posts/[id]/publish/post.rs"), ("Post", "/posts/{id}/publish".to_owned()));
        assert_eq!(of("endpoints/[post-id]/get.rs"), ("Get", "/{post_id}".to_owned()));
        assert_eq!(of("endpoints/sign-up/delete.rs").1, "/sign-up");
        assert_eq!(of("endpoints/get.rs").1, "/");
        let wrong = EndpointPath::of("endpoints/admin/hello.rs").expect_err("not a method");
        assert!(wrong.starts_with("`hello` is not a method"), "{wrong}");
        assert!(wrong.contains("`endpoints/admin/hello/get.rs`"), "{wrong}");
    }
}
