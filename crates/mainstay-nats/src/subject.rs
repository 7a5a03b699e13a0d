use mainstay_kernel::{Error, Result};

/// What every subject and stream of an environment begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Namespace(String);

/// Ours, whatever an application's queues are called.
const OURS: &str = "mainstay";

impl Namespace {
    pub(crate) fn new(prefix: &str) -> Result<Self> {
        let is_word = |it: &str| !it.is_empty() && it.bytes().all(is_plain);
        if prefix.is_empty() || prefix.split('.').all(is_word) {
            return Ok(Self(prefix.to_owned()));
        }
        Err(Error::internal(format!(
            "`{prefix}` cannot begin subjects (NATS_PREFIX): expected letters, digits, `-` and `_` with dots between words"
        )))
    }

    /// The subject of a queue: its calls are below it.
    pub(crate) fn queue(&self, queue: &str) -> String {
        self.below(queue)
    }

    /// The stream that keeps a queue's requests.
    pub(crate) fn stream(&self, queue: &str) -> String {
        self.below(queue).replace('.', "-")
    }

    /// Where a queue's tasks are pointed to; of every queue with `*`.
    pub(crate) fn pointers(&self, queue: &str) -> String {
        self.below(&format!("{OURS}.tasks.{queue}"))
    }

    /// Where the processes of a database tell each other that something was committed.
    pub(crate) fn changes(&self, database: &str) -> String {
        self.below(&format!("{OURS}.changes.{database}"))
    }

    /// The stream of the pointers to tasks.
    pub(crate) fn pointer_stream(&self) -> String {
        self.below(OURS).replace('.', "-") + "-tasks"
    }

    /// Whether an answer may be sent there: not to the broker's own subjects, not to those that our streams keep, where
    /// it would be taken for a request.
    pub(crate) fn may_be_told(&self, subject: &str, queues: &[&'static str]) -> bool {
        let is_word = |it: &str| {
            !it.is_empty() && !it.bytes().any(|it| it <= b' ' || it == 0x7f || matches!(it, b'*' | b'>'))
        };
        let is_below = |queue: &str| {
            let rest = subject.strip_prefix(self.below(queue).as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        subject.len() <= 1024
            && subject.split('.').all(is_word)
            && !subject.starts_with('$')
            && !is_below(OURS)
            && !queues.iter().any(|queue| is_below(queue))
    }

    /// A subject of this environment without what all of them begin with.
    pub(crate) fn within<'s>(&self, subject: &'s str) -> Option<&'s str> {
        if self.0.is_empty() { Some(subject) } else { subject.strip_prefix(&self.0)?.strip_prefix('.') }
    }

    /// The stream that keeps what others publish under these subjects.
    pub(crate) fn messages(&self, pattern: &str) -> String {
        let words = pattern.replace('.', "-").replace('*', "any").replace('>', "all");
        self.below(OURS).replace('.', "-") + "-messages-" + &words
    }

    fn below(&self, name: &str) -> String {
        if self.0.is_empty() { name.to_owned() } else { format!("{}.{name}", self.0) }
    }
}

/// Whether a queue of this name can have a subject.
pub(crate) fn can_name(queue: &str) -> Result<()> {
    if queue != OURS && !queue.is_empty() && queue.bytes().all(is_plain) {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the queue `{queue}` cannot be reached over NATS: expected a name of letters, digits, `-` and `_`, other than `{OURS}`"
    )))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_has_subjects_of_its_own() {
        let (none, staging) = (Namespace::new("").unwrap(), Namespace::new("eu.staging").unwrap());
        assert_eq!((none.queue("jobs"), none.stream("jobs")), ("jobs".to_owned(), "jobs".to_owned()));
        assert_eq!(staging.queue("jobs"), "eu.staging.jobs");
        assert_eq!(staging.stream("jobs"), "eu-staging-jobs");
        assert_eq!(staging.pointers("*"), "eu.staging.mainstay.tasks.*");
        assert_eq!(staging.changes("1a"), "eu.staging.mainstay.changes.1a");
        for wrong in ["a.", "a b", ">", "a.*"] {
            assert!(Namespace::new(wrong).unwrap_err().to_string().contains("NATS_PREFIX"), "{wrong}");
        }
    }

    #[test]
    fn no_answer_goes_where_it_would_be_a_request_or_a_command() {
        let namespace = Namespace::new("").unwrap();
        for (subject, may) in [
            ("_INBOX.x.1", true),
            ("replies", true),
            ("jobs", false),
            ("jobs.users.create", false),
            ("jobsters.users", true),
            ("mainstay.tasks.jobs", false),
            ("$JS.API.STREAM.DELETE.jobs", false),
            ("a..b", false),
            ("a.*", false),
            ("a.>", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(namespace.may_be_told(subject, &["jobs"]), may, "{subject}");
        }
    }

    #[test]
    fn a_queue_whose_name_is_no_word_has_no_subject() {
        assert!(can_name("jobs").is_ok());
        for wrong in ["mainstay", "a.b", "", "a b", "*"] {
            assert!(can_name(wrong).is_err(), "{wrong}");
        }
    }
}
