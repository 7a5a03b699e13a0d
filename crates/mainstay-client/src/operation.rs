use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Undeclared;

/// What a segment of a subject may hold as it is: a dot would begin another segment.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// An operation of an application: its queue, its path, and the types of what it is given, gives and declares.
///
/// ```
/// use mainstay_client::Operation;
/// const GET_USER: Operation<(), Option<String>> = Operation::new("jobs", "users.get.$user_id");
/// assert_eq!(GET_USER.subject(&[("user_id", "a.b".to_owned())]).unwrap(), "jobs.users.get.a%2Eb");
/// ```
pub struct Operation<I, O, E = Undeclared> {
    queue: &'static str,
    path: &'static str,
    of: PhantomData<Shape<I, O, E>>,
}

/// Whether it can be sent and shared depends on none of them.
type Shape<I, O, E> = fn(&I) -> (O, E);

impl<I, O, E> Operation<I, O, E> {
    /// The one of this path on this queue, such as `jobs` and `users.get.$user_id`.
    pub const fn new(queue: &'static str, path: &'static str) -> Self {
        Self { queue, path, of: PhantomData }
    }

    /// Its path, with its parameters as they are declared.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The subject of a call with these parameters; each is percent-encoded.
    ///
    /// # Errors
    /// Names the parameter that is missing.
    pub fn subject(&self, params: &[(&str, String)]) -> Result<String, String> {
        let mut subject = self.queue.to_owned();
        for segment in self.path.split('.') {
            subject.push('.');
            match segment.strip_prefix('$') {
                None => subject.push_str(segment),
                Some(name) => {
                    let given = params.iter().find(|(it, _)| *it == name);
                    let (_, value) = given.ok_or_else(|| {
                        format!(
                            "the parameter `{name}` of `{}` is missing: give it by `.param(\"{name}\", …)`",
                            self.path
                        )
                    })?;
                    subject.extend(utf8_percent_encode(value, ENCODED));
                }
            }
        }
        Ok(subject)
    }
}

impl<I, O, E> Clone for Operation<I, O, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, O, E> Copy for Operation<I, O, E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_never_becomes_another_subject() {
        let operation: Operation<(), ()> = Operation::new("jobs", "posts.update.$id");
        for (value, subject) in [
            ("1", "jobs.posts.update.1"),
            ("a.b", "jobs.posts.update.a%2Eb"),
            (">", "jobs.posts.update.%3E"),
            ("* é", "jobs.posts.update.%2A%20%C3%A9"),
        ] {
            assert_eq!(operation.subject(&[("id", value.to_owned())]).unwrap(), subject);
        }
        assert!(operation.subject(&[]).unwrap_err().contains(".param(\"id\""));
    }
}
