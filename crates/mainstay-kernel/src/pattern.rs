use std::str::Chars;

/// What a text must look like, as in SQL's `LIKE`: `%` stands for any characters, `_` for one, and
/// `\` takes the character after it for itself (at the end: itself). It fits the whole text or not.
///
/// ```
/// use mainstay_kernel::Pattern;
/// assert!(Pattern::like("a%_").matches("abc"));
/// assert!(!Pattern::like("A%").matches("abc"));
/// assert!(Pattern::ilike(r"100\%").matches("100%"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    case: Case,
}

/// Which letters a pattern takes for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// Each letter is only itself.
    Kept,
    /// ASCII letters stand for both cases; every other character is only itself.
    Folded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

impl Pattern {
    /// A pattern whose letters are only themselves.
    pub fn like(text: &str) -> Self {
        Self { parts: parts(text), case: Case::Kept }
    }

    /// A pattern whose ASCII letters stand for both cases.
    pub fn ilike(text: &str) -> Self {
        Self { parts: parts(&text.to_ascii_lowercase()), case: Case::Folded }
    }

    /// The texts that hold this one, in which nothing is special.
    pub fn containing(text: &str) -> Self {
        let inner = text.chars().map(Part::Char);
        let parts = [Part::Any].into_iter().chain(inner).chain([Part::Any]).collect();
        Self { parts, case: Case::Kept }
    }

    /// Which letters it takes for one.
    pub fn case(&self) -> Case {
        self.case
    }

    /// What every text that it fits begins with, as far as it is one text.
    ///
    /// ```
    /// use mainstay_kernel::Pattern;
    /// assert_eq!(Pattern::like("ab%c").prefix(), "ab");
    /// assert_eq!(Pattern::ilike("ab%c").prefix(), "", "`AB` may begin it too");
    /// ```
    pub fn prefix(&self) -> String {
        let one = |part: &Part| match (part, self.case) {
            (Part::Char(it), Case::Kept) => Some(*it),
            (Part::Char(it), Case::Folded) => Some(*it).filter(|it| !it.is_ascii_alphabetic()),
            (Part::Any | Part::One, _) => None,
        };
        self.parts.iter().map_while(one).collect()
    }

    /// Whether it fits the whole text. The last `%` takes ever more characters until the rest fits;
    /// earlier ones never have to be tried again.
    pub fn matches(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text.chars());
        let mut last: Option<(usize, Chars<'_>)> = None;
        loop {
            if self.parts.get(at) == Some(&Part::Any) {
                at += 1;
                last = Some((at, rest.clone()));
                continue;
            }
            let mut ahead = rest.clone();
            match (self.parts.get(at), ahead.next()) {
                (None, None) => return true,
                (Some(&part), Some(it)) if self.takes(part, it) => (at, rest) = (at + 1, ahead),
                (Some(_), None) => return false,
                (_, Some(_)) => {
                    let Some((after, from)) = &mut last else { return false };
                    from.next();
                    (at, rest) = (*after, from.clone());
                }
            }
        }
    }

    fn takes(&self, part: Part, it: char) -> bool {
        match (part, self.case) {
            (Part::Any | Part::One, _) => true,
            (Part::Char(wanted), Case::Kept) => wanted == it,
            (Part::Char(wanted), Case::Folded) => wanted == it.to_ascii_lowercase(),
        }
    }

    /// The pattern as text, with nothing left to interpretation.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.parts.len() + 2);
        for part in &self.parts {
            match part {
                Part::Any => text.push('%'),
                Part::One => text.push('_'),
                Part::Char(it) => {
                    if matches!(it, '%' | '_' | '\\') {
                        text.push('\\');
                    }
                    text.push(*it);
                }
            }
        }
        text
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(it) = chars.next() {
        let part = match it {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Char(chars.next().unwrap_or('\\')),
            it => Part::Char(it),
        };
        if part != Part::Any || parts.last() != Some(&Part::Any) {
            parts.push(part);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_text_or_not() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("_", "", false),
            ("_", "é", true),
            ("a%", "a", true),
            ("%a", "ba", true),
            ("%a", "ab", false),
            ("a_c", "abc", true),
            ("%ab%ab%", "abxab", true),
            ("%ab%ab%", "abxb", false),
            ("%aab", "aaaab", true),
            ("A%", "a", false),
            (r"\%", "%", true),
            (r"\%", "a", false),
            (r"\_\\", r"_\", true),
            (r"a\", r"a\", true),
            (r"\é", "é", true),
        ] {
            assert_eq!(Pattern::like(pattern).matches(text), fits, "{pattern} {text}");
            assert_eq!(Pattern::like(&Pattern::like(pattern).text()), Pattern::like(pattern));
        }
    }

    #[test]
    fn folding_is_of_ascii_alone() {
        assert!(Pattern::ilike("AbC_").matches("aBcÉ"));
        assert!(!Pattern::ilike("É").matches("é"));
        assert!(!Pattern::ilike("K").matches("\u{212a}"), "the kelvin sign is no k");
    }

    #[test]
    fn nothing_is_special_in_a_text_to_be_contained() {
        assert!(Pattern::containing("0%_").matches("100%_!"));
        assert!(!Pattern::containing("0%_").matches("100 _"));
    }

    /// Backtracking over every `%` would take for ever.
    #[test]
    fn a_hostile_pattern_takes_no_longer_than_its_length_times_the_texts() {
        let pattern = Pattern::like(&"%a".repeat(400));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(10_000))));
    }
}
