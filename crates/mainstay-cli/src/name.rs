use anyhow::{Result, bail};
use heck::{ToKebabCase as _, ToSnakeCase as _, ToUpperCamelCase as _};

/// What a part is called, in whichever case it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// Reads `BlogPost`, `blog-post` or `blog_post`.
    ///
    /// # Errors
    /// What is wrong with it, and a name that would do where there is one.
    pub(crate) fn read(written: &str) -> Result<Self> {
        if written.is_empty() {
            bail!("a name is missing: use letters, digits, `-` and `_`, such as `blog_post`");
        }
        if let Some(wrong) = written.chars().find(|it| !it.is_ascii_alphanumeric() && !"-_".contains(*it)) {
            bail!(
                "`{wrong}` cannot stand in the name `{written}`: use letters, digits, `-` and `_`{}",
                instead(written)
            );
        }
        if !written.starts_with(|it: char| it.is_ascii_alphabetic()) {
            bail!("the name `{written}` must begin with a letter{}", instead(written));
        }
        let snake = written.to_snake_case();
        if syn::parse_str::<syn::Ident>(&snake).is_err() {
            bail!("`{written}` is a word of Rust's own: take another name, such as `{snake}_entry`");
        }
        Ok(Self(snake))
    }

    /// `blog_post`
    pub(crate) fn snake(&self) -> &str {
        &self.0
    }

    /// `BlogPost`
    pub(crate) fn camel(&self) -> String {
        self.0.to_upper_camel_case()
    }

    /// `blog-post`
    pub(crate) fn kebab(&self) -> String {
        self.0.to_kebab_case()
    }

    /// `blog post`
    pub(crate) fn words(&self) -> String {
        self.0.replace('_', " ")
    }
}

/// `; such as …`, with what remains of a name without what is wrong in it.
fn instead(written: &str) -> String {
    let plain: String = written.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
    let plain = plain.trim_start_matches(|it: char| !it.is_ascii_alphabetic()).to_snake_case();
    if syn::parse_str::<syn::Ident>(&plain).is_ok() { format!(", such as `{plain}`") } else { String::new() }
}

/// The nearest of these words, as the end of a message.
pub(crate) fn nearest(word: &str, words: &[&str]) -> String {
    let near = words.iter().min_by_key(|it| strsim::damerau_levenshtein(word, it));
    match near.filter(|it| strsim::damerau_levenshtein(word, it) <= 2) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of `{}`", words.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        Name::read(name).expect_err("it is no name").to_string()
    }

    #[test]
    fn a_name_is_read_in_any_case() {
        for written in ["BlogPost", "blog-post", "blog_post", "blogPost"] {
            let name = Name::read(written).expect("a name");
            let cases = (name.snake().to_owned(), name.camel(), name.kebab(), name.words());
            assert_eq!(
                cases,
                ("blog_post".into(), "BlogPost".into(), "blog-post".into(), "blog post".into())
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_name_is_said_with_one_that_would_do() {
        let dot = "`.` cannot stand in the name `../etc`: use letters, digits, `-` and `_`, such as `etc`";
        assert_eq!(refused("../etc"), dot);
        assert!(refused("a b").ends_with("such as `a_b`"));
        assert_eq!(refused("2fa"), "the name `2fa` must begin with a letter, such as `fa`");
        assert_eq!(
            refused("type"),
            "`type` is a word of Rust's own: take another name, such as `type_entry`"
        );
        assert!(refused("é").starts_with("`é` cannot stand"));
        assert!(refused("").starts_with("a name is missing"));
        assert!(refused("_").starts_with("the name `_` must begin with a letter"));
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_word() {
        assert_eq!(nearest("tex", &["text", "int"]), "did you mean `text`?");
        assert_eq!(nearest("blob", &["text", "int"]), "expected one of `text`, `int`");
    }
}
