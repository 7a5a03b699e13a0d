use std::collections::BTreeMap;

/// The path of an operation: words with dots between them, of which those with `$` stand for any word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationPath(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Word(&'static str),
    Any(&'static str),
}

impl OperationPath {
    /// Reads one such as `users.get.$user_id`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &'static str) -> Result<Self, String> {
        let segment = |part: &'static str| match part.strip_prefix('$') {
            Some(name) if is_word(name) => Ok(Segment::Any(name)),
            None if is_word(part) => Ok(Segment::Word(part)),
            Some(_) | None => Err(format!(
                "`{part}` in the path `{text}` is no word: expected letters, digits, `-` and `_`, with `$` before a parameter"
            )),
        };
        text.split('.').map(segment).collect::<Result<_, _>>().map(Self)
    }

    /// The parameters, if this is the path of a call: its segments are percent-encoded, so that a dot in one of
    /// them never makes another path.
    pub fn matches(&self, called: &str) -> Option<BTreeMap<String, String>> {
        let mut params = BTreeMap::new();
        let mut segments = called.split('.');
        for ours in &self.0 {
            let theirs = decoded(segments.next()?)?;
            match ours {
                Segment::Word(word) if *word == theirs => {}
                Segment::Word(_) => return None,
                Segment::Any(_) if theirs.is_empty() => return None,
                Segment::Any(name) => drop(params.insert((*name).to_owned(), theirs)),
            }
        }
        segments.next().is_none().then_some(params)
    }

    /// Whether every call of one is a call of the other.
    pub fn is_like(&self, other: &Self) -> bool {
        self.shape().eq(other.shape())
    }

    /// How many of its segments are words: where several paths match a call, the one with the most does.
    pub fn words(&self) -> usize {
        self.shape().flatten().count()
    }

    fn shape(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|it| match it {
            Segment::Word(word) => Some(*word),
            Segment::Any(_) => None,
        })
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
}

/// The first segment of a call's path with an escape that is none, or that stands for no text.
pub(super) fn misspelled(called: &str) -> Option<&str> {
    called.split('.').find(|it| decoded(it).is_none())
}

/// A segment without its escapes; `None` when one of them is none.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |it: Option<u8>| char::from(it?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_dot_is_part_of_its_segment() {
        let path = OperationPath::read("posts.update.$post_id").unwrap();
        let params = path.matches("posts.update.a%2Eb%20c").unwrap();
        assert_eq!(params.get("post_id").map(String::as_str), Some("a.b c"));
        for other in
            ["posts.update", "posts.update.", "posts.update.1.2", "posts.delete.1", "posts.update.%zz"]
        {
            assert!(path.matches(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_no_path_says_so() {
        for text in ["", "users..get", "users.$", "users.*", "a b"] {
            assert!(OperationPath::read(text).is_err(), "{text}");
        }
        let (one, other) = (OperationPath::read("a.$x").unwrap(), OperationPath::read("a.$y").unwrap());
        assert!(one.is_like(&other) && !one.is_like(&OperationPath::read("a.b").unwrap()));
    }
}
