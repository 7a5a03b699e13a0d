use std::fmt;

use serde_json::Value as Json;

/// The most parts of a pointer: JSON that nests deeper is not read either.
const MOST_PARTS: usize = 128;

/// A place in a document (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    text: String,
    parts: Vec<String>,
}

impl Pointer {
    /// Reads a pointer; what is wrong with it, when it is none.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let parts = match text.strip_prefix('/') {
            Some(rest) => rest.split('/').map(unescape).collect::<Result<Vec<_>, _>>()?,
            None if text.is_empty() => Vec::new(),
            None => return Err("expected a JSON Pointer, which begins with a slash"),
        };
        if parts.len() > MOST_PARTS {
            return Err("expected a JSON Pointer of at most 128 parts");
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Its parts, unescaped.
    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The field of a row that it leads into; `None` for the whole row.
    pub(super) fn field(&self) -> Option<&str> {
        self.parts.first().map(String::as_str)
    }

    /// Where it leads in this document.
    pub(super) fn find<'a>(&self, document: &'a Json) -> Option<&'a Json> {
        self.parts.iter().try_fold(document, |at, part| match at {
            Json::Object(members) => members.get(part),
            Json::Array(items) => items.get(index(part)?),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        })
    }

    /// Where it leads in this document, to be changed.
    pub(super) fn find_mut<'a>(&self, document: &'a mut Json) -> Option<&'a mut Json> {
        follow(document, &self.parts)
    }

    /// The container of where it leads, and its last part.
    pub(super) fn parent<'a>(&self, document: &'a mut Json) -> Option<(&'a mut Json, &str)> {
        let (last, before) = self.parts.split_last()?;
        Some((follow(document, before)?, last))
    }

    /// Whether `other` lies inside of what this leads to.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.parts.len() > self.parts.len() && other.parts.starts_with(&self.parts)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn follow<'a>(document: &'a mut Json, parts: &[String]) -> Option<&'a mut Json> {
    parts.iter().try_fold(document, |at, part| match at {
        Json::Object(members) => members.get_mut(part),
        Json::Array(items) => items.get_mut(index(part)?),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    })
}

/// The position that a part names in a list: digits without leading zeros.
pub(super) fn index(part: &str) -> Option<usize> {
    let is_number = part.bytes().all(|it| it.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    part.parse().ok().filter(|_| is_number)
}

fn unescape(part: &str) -> Result<String, &'static str> {
    let mut pieces = part.split('~');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (escaped, rest) = match piece.split_at_checked(1) {
            Some(("0", rest)) => ('~', rest),
            Some(("1", rest)) => ('/', rest),
            Some(_) | None => return Err("expected ~0 or ~1 where a tilde stands"),
        };
        text.push(escaped);
        text.push_str(rest);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_pointer_of_the_rfc_leads_where_it_says() {
        let document = json!({
            "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
        });
        let found = |text: &str| Pointer::read(text).unwrap().find(&document).cloned();
        assert_eq!(found(""), Some(document.clone()));
        assert_eq!(found("/foo"), Some(json!(["bar", "baz"])));
        assert_eq!(found("/foo/0"), Some(json!("bar")));
        let keys = ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"];
        for (number, key) in keys.into_iter().enumerate() {
            assert_eq!(found(key), Some(json!(number)), "{key}");
        }
    }

    #[test]
    fn what_is_no_pointer_or_no_position_leads_nowhere() {
        for text in ["a", "~0", "/~", "/~2", "/a~", "/é~é"] {
            assert!(Pointer::read(text).is_err(), "{text}");
        }
        assert!(Pointer::read(&"/a".repeat(129)).is_err());
        for part in ["", "-", "00", "01", "+1", "-1", "1e0", "1.0", " 1", "99999999999999999999"] {
            assert_eq!(index(part), None, "{part}");
        }
    }

    #[test]
    fn an_escaped_tilde_is_not_unescaped_twice() {
        assert_eq!(Pointer::read("/~01").unwrap().parts(), ["~1"]);
        assert_eq!(Pointer::read("/~1~0").unwrap().parts(), ["/~"]);
    }
}
