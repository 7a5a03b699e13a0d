use anyhow::{Result, bail};

use crate::name::{Name, nearest};

/// A field of a new model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) holds: Holds,
    pub(super) is_optional: bool,
}

/// What it holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A type of Rust's or the framework's.
    Value(&'static str),
    /// A row of another model.
    Row(Name),
}

/// Words for types, and the types.
const KINDS: [(&str, &str); 7] = [
    ("text", "String"),
    ("int", "i64"),
    ("float", "f64"),
    ("bool", "bool"),
    ("time", "Timestamp"),
    ("date", "Date"),
    ("json", "Json<Value>"),
];

/// Fields that a model has without being asked.
const OWN: [&str; 5] = ["id", "type", "created_at", "updated_at", "version"];

impl Field {
    /// Reads `title:text`, `due:date?` or `post:Post`.
    pub(super) fn read(written: &str) -> Result<Self> {
        let Some((name, holds)) = written.split_once(':') else {
            bail!("the field `{written}` has no type: write it like `{written}:text`");
        };
        if OWN.contains(&name) {
            bail!("every model has `{name}` already: leave it away");
        }
        let (holds, is_optional) = holds.strip_suffix('?').map_or((holds, false), |it| (it, true));
        Ok(Self { name: Name::read(name)?, holds: Holds::read(name, holds)?, is_optional })
    }
}

impl Holds {
    fn read(field: &str, word: &str) -> Result<Self> {
        if let Some((_, ty)) = KINDS.iter().find(|(kind, _)| *kind == word) {
            return Ok(Self::Value(ty));
        }
        if word.starts_with(|it: char| it.is_ascii_uppercase()) && !KINDS.iter().any(|(_, ty)| *ty == word) {
            return Ok(Self::Row(Name::read(word)?));
        }
        let words = KINDS.map(|(kind, _)| kind);
        let near = KINDS.iter().find(|(_, ty)| *ty == word);
        let hint = near.map_or_else(|| nearest(word, &words), |(kind, _)| format!("did you mean `{kind}`?"));
        bail!("unknown type `{word}` of the field `{field}`, {hint}, or the name of a model, such as `Post`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_with_its_type() {
        let read = |written: &str| Field::read(written).expect("a field");
        assert_eq!(read("title:text").holds, Holds::Value("String"));
        let due = read("due_on:date?");
        assert_eq!((due.name.snake(), due.is_optional), ("due_on", true));
        assert_eq!(read("post:BlogPost").holds, Holds::Row(Name::read("blog_post").expect("a name")));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_told_how_to_write_it() {
        let refused = |written: &str| Field::read(written).expect_err("no field").to_string();
        assert_eq!(refused("title"), "the field `title` has no type: write it like `title:text`");
        assert!(
            refused("title:txt").starts_with("unknown type `txt` of the field `title`, did you mean `text`?")
        );
        assert!(refused("title:String").contains("did you mean `text`?"));
        assert_eq!(refused("id:int"), "every model has `id` already: leave it away");
        assert!(refused("2fa:text").contains("must begin with a letter"));
    }
}
