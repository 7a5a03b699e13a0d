pub use mainstay_kernel::nearest;

/// `unknown field `titel`, did you mean `title`?`
pub(crate) fn unknown<'a>(what: &str, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let shown: String = wrong.chars().take(64).collect();
    match nearest(&shown, names) {
        Some(name) => format!("unknown {what} `{shown}`, did you mean `{name}`?"),
        None => format!("unknown {what} `{shown}`"),
    }
}
