/// `unknown rule `lenght`, did you mean `length`?`
pub(crate) fn unknown(what: &str, wrong: &str, names: &[&str]) -> String {
    match nearest(wrong, names) {
        Some(name) => format!("unknown {what} `{wrong}`, did you mean `{name}`?"),
        None => format!("unknown {what} `{wrong}`, expected one of `{}`", names.join("`, `")),
    }
}

/// The name that `wrong` most likely stands for.
pub(crate) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let scored = names.iter().map(|name| (strsim::jaro_winkler(wrong, name), *name));
    let near = scored.filter(|(score, _)| *score > 0.75);
    near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, name)| name)
}
