//! A file of SQL as the statements in it.

use mainstay_kernel::Dialect;

/// One statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without the semicolon behind it.
    pub text: String,
    /// Its words and marks, for those who judge it.
    pub(super) tokens: Vec<Token>,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
}

/// A word or a mark of a statement; comments and the insides of texts are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word as it means: in small letters.
    Word(String),
    /// A quoted name, without its quotes.
    Name(String),
    /// A text.
    Text,
    /// Any other character.
    Mark(char),
}

impl Token {
    /// Whether this is the keyword, which is given in small letters.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word == keyword)
    }

    /// The name that it can be.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Name(name) => Some(name),
            Self::Text | Self::Mark(_) => None,
        }
    }
}

/// The statements of a file, in their order. A semicolon ends one, unless it stands in a text, a quoted
/// name, a comment, parentheses, or the body of a trigger (`BEGIN … END`) or of a function (`BEGIN ATOMIC`).
///
/// ```
/// use mainstay_kernel::Dialect;
/// use mainstay_model::migration::statements;
/// let file = "create table a (b text default ';'); -- one;\n insert into a values ('x')";
/// let texts: Vec<_> = statements(file, Dialect::Sqlite).into_iter().map(|it| it.text).collect();
/// assert_eq!(texts, ["create table a (b text default ';')", "insert into a values ('x')"]);
/// ```
pub fn statements(text: &str, dialect: Dialect) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut open = Open::at(0);
    let mut at = 0;
    while at < text.len() {
        let (token, length) = token(&text[at..], dialect);
        if token == Some(Token::Mark(';')) && open.ends() {
            found.extend(open.close(text, at));
            open = Open::at(at + length);
        } else if let Some(token) = token {
            open.push(token, at, at + length);
        }
        at += length;
    }
    found.extend(open.close(text, text.len()));
    found
}

/// A statement that is being read.
struct Open {
    start: usize,
    end: usize,
    tokens: Vec<Token>,
    depth: usize,
}

impl Open {
    fn at(start: usize) -> Self {
        Self { start, end: start, tokens: Vec::new(), depth: 0 }
    }

    fn push(&mut self, token: Token, start: usize, end: usize) {
        if self.tokens.is_empty() {
            self.start = start;
        }
        match token {
            Token::Mark('(') => self.depth += 1,
            Token::Mark(')') => self.depth = self.depth.saturating_sub(1),
            Token::Word(_) | Token::Name(_) | Token::Text | Token::Mark(_) => {}
        }
        self.end = end;
        self.tokens.push(token);
    }

    /// Whether a semicolon here ends the statement; otherwise it belongs to it.
    fn ends(&mut self) -> bool {
        let ends = self.depth == 0 && (!self.has_body() || self.is_at_end_of_body());
        if !ends {
            self.tokens.push(Token::Mark(';'));
        }
        ends
    }

    fn has_body(&self) -> bool {
        let mut words = self.tokens.iter();
        if !words.next().is_some_and(|it| it.is("create")) {
            return false;
        }
        let is_trigger =
            words.find(|it| !it.is("temp") && !it.is("temporary")).is_some_and(|it| it.is("trigger"));
        let begins = |second: Option<&str>| {
            self.tokens.windows(2).any(|it| it[0].is("begin") && second.is_none_or(|word| it[1].is(word)))
        };
        (is_trigger && begins(None)) || begins(Some("atomic"))
    }

    /// The END of a body comes right after a semicolon; one of a CASE does not.
    fn is_at_end_of_body(&self) -> bool {
        matches!(self.tokens.as_slice(), [.., Token::Mark(';'), last] if last.is("end"))
            || matches!(self.tokens.as_slice(), [.., first, last] if first.is("atomic") && last.is("end"))
    }

    fn close(self, text: &str, end: usize) -> Option<Statement> {
        if self.tokens.is_empty() {
            return None;
        }
        let line = 1 + text[..self.start].matches('\n').count();
        let end = end.min(text.len());
        debug_assert!(self.end <= end);
        Some(Statement { text: text[self.start..self.end].to_owned(), tokens: self.tokens, line })
    }
}

/// The token at the start of `text`, if it is one, and how many bytes it or the gap takes.
fn token(text: &str, dialect: Dialect) -> (Option<Token>, usize) {
    let Some(first) = text.chars().next() else { return (None, 0) };
    if first.is_whitespace() {
        return (None, first.len_utf8());
    }
    if text.starts_with("--") {
        return (None, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (None, comment(text, dialect));
    }
    if let Some(length) = text_literal(text, dialect) {
        return (Some(Token::Text), length);
    }
    let closes = match (first, dialect) {
        ('"', _) => Some('"'),
        ('`', Dialect::Sqlite) => Some('`'),
        ('[', Dialect::Sqlite) => Some(']'),
        _ => None,
    };
    if let Some(close) = closes {
        let length = quoted(text, close);
        let inside = text[1..length].strip_suffix(close).unwrap_or(&text[1..length]);
        let name = inside.replace(&format!("{close}{close}"), &close.to_string());
        return (Some(Token::Name(name)), length);
    }
    let word = text.find(|it: char| !is_word(it)).unwrap_or(text.len());
    if word > 0 {
        return (Some(Token::Word(text[..word].to_lowercase())), word);
    }
    (Some(Token::Mark(first)), first.len_utf8())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// How many bytes a text at the start takes: in quotes, or on PostgreSQL between dollars or with escapes.
fn text_literal(text: &str, dialect: Dialect) -> Option<usize> {
    match (text.as_bytes(), dialect) {
        ([b'\'', ..], _) => Some(quoted(text, '\'')),
        ([b'e' | b'E', b'\'', ..], Dialect::Postgres) => Some(escaped(text)),
        ([b'$', ..], Dialect::Postgres) => {
            let end = 1 + text[1..].find('$')?;
            let tag = &text[1..end];
            if !tag.chars().all(is_word) || tag.starts_with(|it: char| it.is_ascii_digit()) {
                return None;
            }
            let tag = &text[..=end];
            Some(text[tag.len()..].find(tag).map_or(text.len(), |at| 2 * tag.len() + at))
        }
        _ => None,
    }
}

/// Up to the quote that is not doubled.
fn quoted(text: &str, close: char) -> usize {
    let mut rest = 1;
    while let Some(at) = text[rest..].find(close) {
        rest += at + 1;
        if !text[rest..].starts_with(close) {
            return rest;
        }
        rest += 1;
    }
    text.len()
}

/// `E'…'`, in which a backslash takes the next character for itself.
fn escaped(text: &str) -> usize {
    let mut characters = text.char_indices().skip(2).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '\'' if characters.next_if(|(_, it)| *it == '\'').is_none() => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// PostgreSQL's comments nest.
fn comment(text: &str, dialect: Dialect) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 && at < text.len() {
        if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else if dialect == Dialect::Postgres && text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, dialect: Dialect) -> Vec<String> {
        statements(text, dialect).into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_and_nothing_else_does() {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            assert_eq!(texts(" ; ;; -- a;\n /* ; */ ", dialect), [""; 0]);
            assert_eq!(texts("a 'b;''c';\"d;\" -- ;\n, e;", dialect), ["a 'b;''c'", "\"d;\" -- ;\n, e"]);
            assert_eq!(texts("é 'é;", dialect), ["é 'é;"], "what is not closed goes on to the end");
        }
        let postgres = "a $$ ; $$; b $x$ ; $$ ; $x$ ; c E'\\';' ; /* /* ; */ ; */ d $1;";
        assert_eq!(
            texts(postgres, Dialect::Postgres),
            ["a $$ ; $$", "b $x$ ; $$ ; $x$", "c E'\\';'", "d $1"]
        );
        assert_eq!(texts("a [;] ; b `;`", Dialect::Sqlite), ["a [;]", "b `;`"]);
    }

    #[test]
    fn a_body_is_part_of_its_statement() {
        let trigger = "create temp trigger t after insert on a begin \
                       update b set c = case when d then 1 end; select 1; end";
        assert_eq!(texts(&format!("{trigger}; select 2;"), Dialect::Sqlite), [trigger, "select 2"]);
        let function =
            "create function f() returns int begin atomic select 1; select case when true then 2 end; end";
        assert_eq!(texts(&format!("{function}; select 2"), Dialect::Postgres), [function, "select 2"]);
        let rule = "create rule r as on insert to a do also (select 1; select 2)";
        assert_eq!(texts(&format!("{rule};"), Dialect::Postgres), [rule]);
        assert_eq!(texts("create trigger t execute function f(); select 1", Dialect::Postgres).len(), 2);
    }

    #[test]
    fn each_statement_knows_its_line() {
        let lines: Vec<_> = statements("-- one\n\nselect 1;\n\nselect\n2;", Dialect::Sqlite)
            .into_iter()
            .map(|it| it.line)
            .collect();
        assert_eq!(lines, [3, 5]);
    }
}
