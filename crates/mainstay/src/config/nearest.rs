/// The candidate that `word` was most likely meant to be: at most a third of its letters differ, or
/// it is the beginning of the candidate.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(word: &str, candidate: &str) -> usize {
    if word.len() >= 3 && candidate.starts_with(word) { 1 } else { strsim::osa_distance(word, candidate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_a_stranger_finds_none() {
        let names = ["MAINSTAY_ENV", "AUTH_SECRET", "AUTH_JWT_SECRET", "production"];
        assert_eq!(nearest("MAINSTAY_EVN", names), Some("MAINSTAY_ENV"));
        assert_eq!(nearest("auth_jwt_secrets", names), Some("AUTH_JWT_SECRET"));
        assert_eq!(nearest("prod", names), Some("production"));
        assert_eq!(nearest("AUTH_GITHUB_CLIENT_ID", names), None);
        assert_eq!(nearest("", names), None);
    }
}
