//! `mainstay add endpoint`

use anyhow::{Result, bail};

use crate::name::{Name, nearest};
use crate::project::Project;
use crate::template::fill;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Writes the endpoint to where its path says.
pub(super) fn add(project: &Project, method: &str, path: &str) -> Result<String> {
    let method = method.to_ascii_lowercase();
    if !METHODS.contains(&method.as_str()) {
        bail!("unknown method `{method}`, {}", nearest(&method, &METHODS));
    }
    let segments = Segment::all(path)?;
    let shown: String = segments.iter().map(|it| format!("/{}", it.shown())).collect();
    let shown = if shown.is_empty() { "/" } else { &shown };
    let arguments = arguments(&segments);
    let values = [
        ("METHOD", method.to_ascii_uppercase()),
        ("path", format!("/v1{}", shown.trim_end_matches('/'))),
        ("arguments", arguments),
        ("answer", answer(&segments)),
    ];
    let template = include_str!("../../templates/add/endpoint.rs.in");
    let text = fill(template, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    let file = format!("{}/{method}.rs", within(&segments));
    project.write(&file, &text)?;
    let curl = format!("curl -X {} http://127.0.0.1:3000/v1{shown}", method.to_ascii_uppercase());
    Ok(format!("wrote {file}\nnext: say in it what it does; `cargo run`, then `{curl}`"))
}

/// The folder of the endpoints at this path.
pub(super) fn folder(path: &str) -> Result<String> {
    Ok(within(&Segment::all(path)?))
}

fn within(segments: &[Segment]) -> String {
    let folders = segments.iter().map(|it| format!("/{}", it.folder()));
    std::iter::once("src/endpoints".to_owned()).chain(folders).collect()
}

enum Segment {
    Word(String),
    Parameter(String),
}

impl Segment {
    fn all(path: &str) -> Result<Vec<Self>> {
        let path = path.trim_matches('/');
        if path == "v1" || path.starts_with("v1/") {
            bail!("endpoints are below `/v1` anyway: write `{}`", path.trim_start_matches("v1"));
        }
        let segments =
            path.split('/').filter(|_| !path.is_empty()).map(Self::read).collect::<Result<Vec<_>>>()?;
        let names: Vec<_> = segments.iter().filter_map(Self::parameter).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            bail!("the parameter `{twice}` is there twice: give one of the two another name");
        }
        Ok(segments)
    }

    fn read(written: &str) -> Result<Self> {
        let within = |open, close| written.strip_prefix(open).and_then(|it: &str| it.strip_suffix(close));
        if let Some(name) =
            within('{', '}').or_else(|| within('[', ']')).or_else(|| written.strip_prefix(':'))
        {
            return Ok(Self::Parameter(Name::read(name)?.snake().to_owned()));
        }
        let is_plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_".contains(it);
        if written.is_empty()
            || !written.chars().all(is_plain)
            || !written.starts_with(|it: char| it.is_ascii_lowercase())
        {
            bail!(
                "`{written}` cannot be a part of the path: use small letters, digits, `-` and `_`, beginning with a \
                 letter, or `{{name}}` for a parameter"
            );
        }
        Ok(Self::Word(written.to_owned()))
    }

    fn parameter(&self) -> Option<&str> {
        match self {
            Self::Parameter(name) => Some(name),
            Self::Word(_) => None,
        }
    }

    fn folder(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Parameter(name) => format!("[{name}]"),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Parameter(name) => format!("{{{name}}}"),
        }
    }
}

/// The handler's arguments: what is in the path.
fn arguments(segments: &[Segment]) -> String {
    let names: Vec<_> = segments.iter().filter_map(Segment::parameter).collect();
    match &names[..] {
        [] => String::new(),
        [one] => format!("Path({one}): Path<String>"),
        several => {
            let types = vec!["String"; several.len()].join(", ");
            format!("Path(({})): Path<({types})>", several.join(", "))
        }
    }
}

fn answer(segments: &[Segment]) -> String {
    let names: Vec<_> = segments.iter().filter_map(Segment::parameter).collect();
    let pairs = names.iter().map(|it| format!("\"{it}\": {it}")).collect::<Vec<_>>().join(", ");
    if pairs.is_empty() {
        "json!({ \"message\": \"hello\" })".to_owned()
    } else {
        format!("json!({{ {pairs} }})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_folders() {
        let of = |path: &str| folder(path).expect("a path");
        assert_eq!(of("/posts/{id}/publish"), "src/endpoints/posts/[id]/publish");
        assert_eq!(of("posts/[postId]"), "src/endpoints/posts/[post_id]");
        assert_eq!(of("/posts/:id/"), "src/endpoints/posts/[id]");
        assert_eq!(of("/"), "src/endpoints");
    }

    #[test]
    fn a_path_that_leaves_its_folder_or_is_no_path_is_refused() {
        for wrong in
            ["../secrets", "/posts/../../x", "a//b", "/a b", "/{2}", "/{}", "/Posts", "/.hidden", "/a.b"]
        {
            assert!(folder(wrong).is_err(), "{wrong}");
        }
        let said = folder("/v1/posts").err().map(|it| it.to_string());
        assert_eq!(said.as_deref(), Some("endpoints are below `/v1` anyway: write `/posts`"));
        let said = folder("/{id}/x/{id}").err().map(|it| it.to_string());
        assert!(said.is_some_and(|it| it.starts_with("the parameter `id` is there twice")));
    }
}
