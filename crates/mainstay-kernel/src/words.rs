//! The words of a text, the same in memory and on both stores: runs of letters and digits, small and
//! without accents.

mod table;

use std::sync::LazyLock;

/// What stands between words, beyond ASCII: the first and the last character of each range.
pub(crate) static SEPARATORS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| pairs(table::SEPARATORS));

/// Accents that are characters of their own.
pub(crate) const ACCENTS: &str = table::ACCENTS;

/// Letters beyond ASCII, and what each is taken for.
pub(crate) static FOLDED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| pairs(table::FOLDED));

/// The words of a text, in their order.
///
/// ```
/// use mainstay_kernel::words;
/// assert_eq!(words("Über C++, ann@example.com"), ["uber", "c", "ann", "example", "com"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for it in text.chars() {
        match role(it) {
            Role::Letter(it) => word.push(it),
            Role::Accent => {}
            Role::Between if word.is_empty() => {}
            Role::Between => words.push(std::mem::take(&mut word)),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// What a character is to a word.
enum Role {
    /// It is part of one, as this.
    Letter(char),
    /// It neither is part of one nor ends it.
    Accent,
    /// It ends one.
    Between,
}

fn role(it: char) -> Role {
    if it.is_ascii() {
        return if it.is_ascii_alphanumeric() {
            Role::Letter(it.to_ascii_lowercase())
        } else {
            Role::Between
        };
    }
    if ACCENTS.contains(it) {
        return Role::Accent;
    }
    let after = SEPARATORS.partition_point(|(first, _)| *first <= it);
    if after > 0 && it <= SEPARATORS[after - 1].1 {
        return Role::Between;
    }
    let folded = FOLDED.binary_search_by_key(&it, |(from, _)| *from);
    Role::Letter(folded.map_or(it, |at| FOLDED[at].1))
}

fn pairs(text: &str) -> Vec<(char, char)> {
    let mut characters = text.chars();
    std::iter::from_fn(|| characters.next().zip(characters.next())).collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn every_character_is_to_a_word_what_sqlite_takes_it_for() {
        let store = Connection::open_in_memory().unwrap();
        store
            .execute_batch(
                "create virtual table text using fts5(it, content='', tokenize='unicode61 remove_diacritics 2');
                 create virtual table word using fts5vocab(text, instance);
                 begin",
            )
            .unwrap();
        let mut insert = store.prepare("insert into text (rowid, it) values (?1, ?2)").unwrap();
        let characters = || '\u{1}'..=char::MAX;
        for it in characters() {
            insert.execute((u32::from(it), format!("a{it}b"))).unwrap();
        }
        let mut asked = store.prepare("select doc, term from word order by doc, offset").unwrap();
        let mut told = asked.query([]).unwrap();
        let mut next = || {
            let row = told.next().unwrap()?;
            Some((row.get::<_, u32>(0).unwrap(), row.get::<_, String>(1).unwrap()))
        };
        let mut coming = next();
        for it in characters() {
            let mut theirs = Vec::new();
            while let Some((_, word)) = coming.take_if(|(of, _)| *of == u32::from(it)) {
                theirs.push(word);
                coming = next();
            }
            assert_eq!(words(&format!("a{it}b")), theirs, "{:?}", it.escape_unicode().to_string());
        }
    }

    #[test]
    fn a_word_is_made_of_words_that_stay_as_they_are() {
        for &(from, into) in FOLDED.iter() {
            let word = into.to_string();
            assert_eq!((words(&from.to_string()), words(&word)), (vec![word.clone()], vec![word]));
        }
    }
}
