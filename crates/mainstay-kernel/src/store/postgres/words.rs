//! Functions of PostgreSQL's that take texts apart as [`words`](crate::words()) does.

use std::fmt::Write as _;
use std::sync::LazyLock;

use ring::digest::{SHA256, digest};

use crate::words::{ACCENTS, FOLDED, SEPARATORS};

/// PostgreSQL's functions that take a text apart. Their names follow their definitions: an index rests on
/// what a function said when the index was made.
#[derive(Debug)]
pub struct WordFunctions {
    /// The name of the one that gives a text's words, with a space before, between and after them.
    pub plain: String,
    /// The name of the one that makes a `tsvector` of such words.
    pub lexemes: String,
    /// The statements that make them.
    pub create: [String; 2],
}

impl WordFunctions {
    /// Those of this version.
    pub fn get() -> &'static Self {
        &FUNCTIONS
    }
}

/// Longer words than a search may have are as good as these first characters of them, and a `tsvector`
/// takes none of more than 2 kB.
const LONGEST_WORD: u32 = 255;

static FUNCTIONS: LazyLock<WordFunctions> = LazyLock::new(|| {
    let (plain, lexemes) = (plain_body(), lexemes_body());
    let version = digest(&SHA256, format!("{plain}{lexemes}").as_bytes());
    let version: String = version.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let name = |stem: &str| format!("mainstay_{stem}_{version}");
    let create = |name: &str, returns: &str, body: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION {name}(text) RETURNS {returns} LANGUAGE plpgsql \
             IMMUTABLE PARALLEL SAFE COST 2000 AS $mainstay${body}$mainstay$"
        )
    };
    let (plain_name, lexemes_name) = (name("plain"), name("lexemes"));
    let create = [create(&plain_name, "text", &plain), create(&lexemes_name, "tsvector", &lexemes)];
    WordFunctions { plain: plain_name, lexemes: lexemes_name, create }
});

fn lexemes_body() -> String {
    format!(
        "
BEGIN
    RETURN array_to_tsvector(ARRAY(
        SELECT left(word, {LONGEST_WORD}) FROM unnest(string_to_array($1, ' ')) AS word WHERE word <> ''
    ));
END
"
    )
}

/// By code points alone, whatever the database's locale: as `words` does it.
fn plain_body() -> String {
    let accents: String = ACCENTS.chars().map(escaped).collect();
    let separators: String =
        SEPARATORS.iter().map(|(a, b)| format!("{}-{}", escaped(*a), escaped(*b))).collect();
    let ascii = r"\u0001-/:-@\[-`{-\u007f";
    let mut body = format!(
        "
DECLARE
    it text := lower(coalesce($1, '') COLLATE \"C\");
BEGIN
    IF it !~ '[^\\u0001-\\u007f]' THEN
        RETURN ' ' || btrim(regexp_replace(it, '[^a-z0-9]+', ' ', 'g')) || ' ';
    END IF;
    it := regexp_replace(it, '[{accents}]+', '', 'g');
    it := regexp_replace(it, '[{ascii}{separators}]+', ' ', 'g');"
    );
    for letters in FOLDED.chunk_by(|(one, _), (other, _)| block(*one) == block(*other)) {
        fold(&mut body, letters);
    }
    body.push_str("\n    RETURN ' ' || btrim(it) || ' ';\nEND\n");
    body
}

/// Letters of one alphabet, roughly: a text has few of them, and `translate` tries one letter after the
/// other.
fn block(letter: char) -> u32 {
    match u32::from(letter) {
        ..0x370 => 0,
        0x370..0x400 => 1,
        0x400..0x600 => 2,
        0x600..0x1e00 => 3,
        0x1e00..0x1f00 => 4,
        0x1f00..0x2000 => 5,
        0x2000..0x3000 => 6,
        0x3000..0xb000 => 7,
        0xb000..0x10000 => 8,
        0x10000.. => 9,
    }
}

fn fold(body: &mut String, letters: &[(char, char)]) {
    // Tried first, so that what stays as it is takes no search of the whole list.
    let common = " etaoinsrhldcumfpgwybvkxjqz0123456789".chars();
    let stays = letters.iter().map(|(_, into)| *into).filter(|it| !it.is_ascii());
    let mut frequent: Vec<char> = stays.collect();
    frequent.sort_unstable();
    frequent.dedup();
    let kept: String = common.chain(frequent).collect();
    let (from, into): (String, String) = letters.iter().copied().unzip();
    let (Some((first, _)), Some((last, _))) = (letters.first(), letters.last()) else { return };
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        "
    IF it ~ '[{}-{}]' THEN
        it := translate(it, '{kept}{from}', '{kept}{into}');
    END IF;",
        escaped(*first),
        escaped(*last)
    );
}

fn escaped(it: char) -> String {
    format!("\\U{:08X}", u32::from(it))
}
