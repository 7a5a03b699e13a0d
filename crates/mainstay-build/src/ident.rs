/// A module's name for a file or folder: `[id]` becomes `id`, `sign-up` becomes `sign_up`, and `type`
/// becomes `r#type`. `None` where no name can be made of it.
pub(crate) fn module(name: &str) -> Option<String> {
    let bare = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(name);
    let ident = bare.replace('-', "_");
    if syn::parse_str::<syn::Ident>(&ident).is_ok() {
        return Some(ident);
    }
    let raw = format!("r#{ident}");
    syn::parse_str::<syn::Ident>(&raw).is_ok().then_some(raw)
}

/// Whether Rust finds the file of the module by its name alone.
pub(crate) fn is_found_by(ident: &str, name: &str) -> bool {
    ident.strip_prefix("r#").unwrap_or(ident) == name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_module_or_nothing() {
        let names = ["post", "[id]", "sign-up", "type", "[post-id]"];
        let idents = ["post", "id", "sign_up", "r#type", "post_id"];
        assert_eq!(names.map(module), idents.map(|it| Some(it.to_owned())));
        for wrong in ["2fa", "a b", "", "[]", "self", "crate", "a.b", "é+"] {
            assert_eq!(module(wrong), None, "{wrong}");
        }
        assert!(is_found_by("r#type", "type") && is_found_by("post", "post"));
        assert!(!is_found_by("id", "[id]") && !is_found_by("sign_up", "sign-up"));
    }
}
