//! "Did you mean …": the known name nearest to an unknown one.

/// The known name most like `name` (Jaro–Winkler), when any is like it at all.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// What a reader takes for a slip of the pen: `titel` and `title` are 0.95, unrelated words below 0.6.
    const ALIKE: f64 = 0.75;
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_nonsense_is_not() {
        let known = ["title", "body", "createdAt"];
        assert_eq!(nearest("titel", known), Some("title"));
        assert_eq!(nearest("created_at", known), Some("createdAt"));
        assert_eq!(nearest("zzz", known), None);
    }
}
