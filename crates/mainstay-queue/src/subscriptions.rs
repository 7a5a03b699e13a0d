use mainstay_kernel::{Error, Result};

use crate::{JobName, Work};

/// Which workers are given what is published.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions(Vec<(Pattern, JobName)>);

/// Subjects, such as `audit.*.created` or `audit.>`.
#[derive(Clone, Debug)]
struct Pattern {
    text: &'static str,
    words: Vec<Word>,
}

#[derive(Clone, Copy, Debug)]
enum Word {
    Exactly(&'static str),
    /// `*`: one word.
    Any,
    /// `>`: one word or more, to the end.
    Rest,
}

impl Subscriptions {
    /// Those of these workers.
    ///
    /// # Errors
    /// Internal, when a pattern is none: it names the worker and its place.
    pub fn of(work: &Work) -> Result<Self> {
        let subscribed = work.workers.iter().filter_map(|it| Some((it.spec, it.spec.subscribe?)));
        let read = subscribed.map(|(spec, pattern)| {
            let pattern = Pattern::read(pattern).map_err(|message| {
                Error::internal(format!(
                    "the worker `{}` ({}) subscribes to `{pattern}`: {message}",
                    spec.name, spec.place
                ))
            })?;
            Ok((pattern, spec.job()))
        });
        read.collect::<Result<_>>().map(Self)
    }

    /// Whether nobody subscribes to anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns that somebody subscribes to, each with its worker.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, JobName)> {
        self.0.iter().map(|(pattern, job)| (pattern.text, *job))
    }

    /// The workers that are given what is published under this subject.
    pub(crate) fn to(&self, subject: &str) -> impl Iterator<Item = JobName> {
        self.0.iter().filter(move |(pattern, _)| pattern.matches(subject)).map(|(_, job)| *job)
    }
}

impl Pattern {
    fn read(text: &'static str) -> Result<Self, String> {
        let words: Vec<_> = text.split('.').collect();
        let last = words.len() - 1;
        let read = words.into_iter().enumerate().map(|(at, word)| match word {
            "*" => Ok(Word::Any),
            ">" if at == last => Ok(Word::Rest),
            ">" => Err("`>` stands for all that follows, so nothing follows it".to_owned()),
            word => is_word(word).map(|()| Word::Exactly(word)),
        });
        read.collect::<Result<_, _>>().map(|words| Self { text, words })
    }

    fn matches(&self, subject: &str) -> bool {
        let mut said = subject.split('.');
        for word in &self.words {
            let next = said.next();
            match (word, next) {
                (Word::Rest, Some(_)) => return true,
                (Word::Any, Some(_)) => {}
                (Word::Exactly(word), Some(next)) if *word == next => {}
                (Word::Any | Word::Rest | Word::Exactly(_), _) => return false,
            }
        }
        said.next().is_none()
    }
}

/// Whether something can be published under it: words between dots, as NATS has them.
pub(crate) fn is_subject(subject: &str) -> Result<()> {
    subject
        .split('.')
        .try_for_each(is_word)
        .map_err(|message| Error::internal(format!("nothing can be published under `{subject}`: {message}")))
}

fn is_word(word: &str) -> Result<(), String> {
    if word.is_empty() {
        return Err(
            "there is a word missing: expected words between dots, such as `audit.users.created`".to_owned()
        );
    }
    match word.chars().find(|it| it.is_whitespace() || it.is_control() || matches!(it, '*' | '>')) {
        Some(wrong) => Err(format!("the word `{word}` holds {wrong:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_in_nats() {
        for (pattern, subject, matches) in [
            ("audit.users.created", "audit.users.created", true),
            ("audit.users.created", "audit.users", false),
            ("audit.users", "audit.users.created", false),
            ("audit.*.created", "audit.users.created", true),
            ("audit.*", "audit.users.created", false),
            ("audit.>", "audit.users.created", true),
            ("audit.>", "audit", false),
            (">", "audit", true),
        ] {
            assert_eq!(Pattern::read(pattern).unwrap().matches(subject), matches, "{pattern} {subject}");
        }
    }

    #[test]
    fn what_is_no_subject_is_refused() {
        assert!(is_subject("audit.users.created").is_ok());
        for (subject, said) in [
            ("audit..created", "a word missing"),
            ("", "a word missing"),
            ("audit.*", "`*` holds '*'"),
            ("audit users", "`audit users` holds ' '"),
        ] {
            let error = is_subject(subject).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(Pattern::read("audit.>.created").unwrap_err().contains("nothing follows"));
    }
}
