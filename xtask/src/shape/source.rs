//! One Rust file as tokens: its literals, calls, functions and modules, without comments.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};

use super::{
    Fault,
    tree::{File, Tree},
};

/// Something in the file and its line, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: usize,
    pub(super) text: String,
}

/// What the rules look at in one Rust file.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    /// Lines before the `#[cfg(test)]` module that ends the file.
    pub(super) length: usize,
    /// What string literals hold, escapes unread; documentation is none.
    pub(super) literals: Vec<At>,
    /// Names of called methods.
    pub(super) calls: Vec<At>,
    /// Names of functions, those inside macros' arguments too.
    pub(super) functions: Vec<At>,
    /// Names of modules.
    pub(super) modules: Vec<At>,
}

impl Source {
    /// Every Rust file of the tree, and a fault for each that can't be read as tokens.
    pub(super) fn of_all(tree: &Tree) -> (Vec<Self>, Vec<Fault>) {
        let mut sources = Vec::new();
        let mut faults = Vec::new();
        for file in tree.files.iter().filter(|file| file.path.ends_with(".rs")) {
            match Self::of(file) {
                Ok(source) => sources.push(source),
                Err(fault) => faults.push(fault),
            }
        }
        (sources, faults)
    }

    fn of(file: &File) -> Result<Self, Fault> {
        let tokens: TokenStream = file
            .text
            .parse()
            .map_err(|error| Fault::new(&file.path, format!("not Rust as far as tokens go: {error}")))?;
        let mut source = Self { path: file.path.clone(), length: length(&file.text), ..Self::default() };
        source.walk(tokens);
        Ok(source)
    }

    /// The crate's folder, such as `crates/mainstay-kernel`, and the rest of the path.
    pub(super) fn crate_and_rest(&self) -> (&str, &str) {
        let depth =
            if self.path.starts_with("crates/") || self.path.starts_with("examples/") { 2 } else { 1 };
        match self.path.match_indices('/').nth(depth - 1) {
            Some((end, _)) => (&self.path[..end], &self.path[end + 1..]),
            None => ("", &self.path),
        }
    }

    /// Whether the whole file is test code.
    pub(super) fn is_test(&self) -> bool {
        let (_, rest) = self.crate_and_rest();
        rest.starts_with("tests/") || rest.contains("/tests/") || rest.ends_with("/tests.rs")
    }

    /// Whether the line is outside the tests at the end of the file.
    pub(super) fn ships(&self, line: usize) -> bool {
        !self.is_test() && line <= self.length
    }

    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = after_documentation(rest).unwrap_or(after);
            if rest.len() == after.len() {
                self.see(token, after);
            }
        }
    }

    fn see(&mut self, token: &TokenTree, after: &[TokenTree]) {
        match (token, after) {
            (TokenTree::Group(group), _) => self.walk(group.stream()),
            (TokenTree::Literal(literal), _) => self.literals.extend(text(literal)),
            (TokenTree::Ident(word), [TokenTree::Ident(name), ..]) if *word == "fn" => {
                self.functions.push(at(name));
            }
            (TokenTree::Ident(word), [TokenTree::Ident(name), ..]) if *word == "mod" => {
                self.modules.push(at(name));
            }
            (TokenTree::Punct(dot), [TokenTree::Ident(name), TokenTree::Group(group), ..])
                if dot.as_char() == '.' && group.delimiter() == Delimiter::Parenthesis =>
            {
                self.calls.push(at(name));
            }
            (TokenTree::Ident(_) | TokenTree::Punct(_), _) => {}
        }
    }
}

/// What follows `#[doc …]` or `#![doc …]`, into which the tokenizer turns documentation comments.
fn after_documentation(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(hash), TokenTree::Group(group), rest @ ..]
            if hash.as_char() == '#' && is_documentation(group) =>
        {
            Some(rest)
        }
        [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), rest @ ..]
            if hash.as_char() == '#' && bang.as_char() == '!' && is_documentation(group) =>
        {
            Some(rest)
        }
        _ => None,
    }
}

fn is_documentation(group: &Group) -> bool {
    matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}

fn at(name: &Ident) -> At {
    At { line: name.span().start().line, text: name.to_string() }
}

/// What stands between the quotes of a string literal; none for characters, bytes and numbers.
fn text(literal: &Literal) -> Option<At> {
    let written = literal.to_string();
    let inner = written.trim_start_matches(['b', 'c', 'r']).trim_matches('#');
    let text = inner.strip_prefix('"')?.strip_suffix('"')?.to_owned();
    Some(At { line: literal.span().start().line, text })
}

/// Lines before a `#[cfg(test)]` with a module's body at the left margin.
fn length(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |pair: &[&str]| {
        pair[0].trim_end() == "#[cfg(test)]"
            && pair[1].starts_with("mod ")
            && pair[1].trim_end().ends_with('{')
    };
    lines.windows(2).position(starts_tests).unwrap_or(lines.len())
}

#[cfg(test)]
impl Source {
    /// A file with this path and text.
    pub(super) fn parse(path: &str, text: &str) -> Self {
        Self::of(&File { path: path.into(), text: text.into() }).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(found: &[At]) -> Vec<(usize, &str)> {
        found.iter().map(|at| (at.line, at.text.as_str())).collect()
    }

    #[test]
    fn comments_and_documentation_are_not_literals() {
        let source = Source::parse(
            "crates/a/src/b.rs",
            "//! \"a\"\n/// \"b\"\n// \"c\"\nconst D: &str = \"d\";\n/* \"e\" */ const F: &str = r#\"f \"g\" \"#;\n",
        );
        assert_eq!(texts(&source.literals), [(4, "d"), (5, "f \"g\" ")]);
    }

    #[test]
    fn characters_and_bytes_are_not_strings_but_byte_strings_are() {
        let source = Source::parse("a.rs", "f('\"', b'x', 1, b\"bytes\", 'static)");
        assert_eq!(texts(&source.literals), [(1, "bytes")]);
    }

    #[test]
    fn functions_are_found_inside_macros_and_modules() {
        let source = Source::parse("a.rs", "suite! { async fn one() {} }\nmod inner { fn two() {} }");
        assert_eq!(texts(&source.functions), [(1, "one"), (2, "two")]);
        assert_eq!(texts(&source.modules), [(2, "inner")]);
    }

    #[test]
    fn methods_are_calls_and_fields_are_not() {
        let source = Source::parse("a.rs", "fn f() { a.begin; a.b\n.commit(1).await; free() }");
        assert_eq!(texts(&source.calls), [(2, "commit")]);
    }

    #[test]
    fn tests_at_the_end_do_not_count_as_length() {
        let source = Source::parse("crates/a/src/b.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n");
        assert_eq!(source.length, 2);
        assert!(source.ships(2) && !source.ships(4));
        let in_another_file = Source::parse("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert_eq!(in_another_file.length, 3);
    }

    #[test]
    fn a_path_is_split_behind_its_crate() {
        let split = |path| Source::parse(path, "").crate_and_rest().1.to_owned();
        assert_eq!(split("crates/a/src/b/c.rs"), "src/b/c.rs");
        assert_eq!(split("bench/src/main.rs"), "src/main.rs");
        assert!(Source::parse("crates/a/src/b/tests.rs", "").is_test());
        assert!(Source::parse("crates/a/tests/b.rs", "").is_test());
        assert!(!Source::parse("crates/mainstay-test/src/b.rs", "").is_test());
    }

    #[test]
    fn a_file_that_is_no_rust_is_a_fault() {
        let (sources, faults) = Source::of_all(&Tree::of(&[("a.rs", "fn a() {"), ("b.md", "}")]));
        assert!(sources.is_empty());
        assert_eq!(faults.len(), 1);
    }
}
