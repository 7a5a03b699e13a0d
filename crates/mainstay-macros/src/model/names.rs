use darling::{Error, Result};
use heck::{ToKebabCase, ToLowerCamelCase, ToSnakeCase};
use syn::LitStr;
use syn::ext::IdentExt;

use super::attributes::ModelAttributes;
use crate::report::at;

/// What a model is called in each place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// `blog_post`
    pub(super) name: String,
    /// `blog-posts`
    pub(super) plural: String,
    /// `blogPosts`
    pub(super) list_key: String,
    /// `blog_posts`
    pub(super) table: String,
}

impl Names {
    /// The names that a struct gives when its author says nothing.
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_snake_case();
        let table = pluralized(&name);
        Self { plural: table.to_kebab_case(), list_key: table.to_lower_camel_case(), table, name }
    }

    /// The names with what the author chose.
    pub(super) fn chosen(written: &ModelAttributes) -> Result<Self> {
        let mut errors = Error::accumulator();
        let mut names = Self::of(&written.ident.unraw().to_string());
        if let Some(name) = &written.name {
            names.name = errors.handle(chosen_snake(name)).unwrap_or_default();
        }
        if let Some(plural) = &written.plural {
            names = names.with_plural(errors.handle(chosen_kebab(plural)).unwrap_or_default());
        }
        if let Some(table) = &written.table {
            names.table = errors.handle(chosen_snake(table)).unwrap_or_default();
        }
        errors.handle(names.key_is_free(written));
        errors.handle(names.table_is_free(written));
        errors.finish_with(names)
    }

    /// The list key follows the plural.
    fn with_plural(self, plural: String) -> Self {
        Self { list_key: plural.to_lower_camel_case(), plural, ..self }
    }

    /// Refuses a key that means something else in a list answer.
    fn key_is_free(&self, written: &ModelAttributes) -> Result<()> {
        if !TAKEN_LIST_KEYS.contains(&self.list_key.as_str()) {
            return Ok(());
        }
        let message = format!(
            "a list answer has a `{}` already: give the model another plural with `#[model(plural = \"…\")]`",
            self.list_key
        );
        Err(at(&written.plural.as_ref().map_or_else(|| written.ident.span(), LitStr::span), message))
    }

    fn table_is_free(&self, written: &ModelAttributes) -> Result<()> {
        let message = if self.table.starts_with("mainstay_") {
            "tables named `mainstay_…` are the framework's: choose another name".to_owned()
        } else if self.table.len() > LONGEST {
            format!("the table's name `{}` is longer than {LONGEST} letters", self.table)
        } else {
            return Ok(());
        };
        Err(at(&written.table.as_ref().map_or_else(|| written.ident.span(), LitStr::span), message))
    }
}

/// What a list answer holds beside the rows.
const TAKEN_LIST_KEYS: [&str; 3] = ["next", "total", "totalCapped"];

/// The name that clients know a field by.
pub(super) fn json(field: &str) -> String {
    field.to_lower_camel_case()
}

/// Letters that both stores take in a name: PostgreSQL cuts off what is longer, without a word.
pub(super) const LONGEST: usize = 63;

/// A table, column or model name that the author chose.
pub(crate) fn chosen_snake(name: &LitStr) -> Result<String> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    chosen(name, fits, "lower-case letters, digits and `_`, such as `blog_post`")
}

/// A route segment that the author chose.
pub(super) fn chosen_kebab(name: &LitStr) -> Result<String> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    chosen(name, fits, "lower-case letters, digits and `-`, such as `blog-posts`")
}

/// A field name for clients that the author chose.
pub(super) fn chosen_json(name: &LitStr) -> Result<String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    chosen(name, fits, "letters, digits and `_`, such as `createdAt`")
}

fn chosen(name: &LitStr, fits: impl Fn(char) -> bool, expected: &str) -> Result<String> {
    let text = name.value();
    let starts = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    if starts && text.chars().all(fits) && text.len() <= LONGEST {
        Ok(text)
    } else {
        let message =
            format!("`{text}` is no name here: expected a letter, then at most {} {expected}", LONGEST - 1);
        Err(at(name, message))
    }
}

/// A snake-case name with its last word in the plural.
fn pluralized(name: &str) -> String {
    match name.rsplit_once('_') {
        Some((start, word)) => format!("{start}_{}", plural(word)),
        None => plural(name),
    }
}

const IRREGULAR: &[(&str, &str)] = &[
    ("axis", "axes"),
    ("calf", "calves"),
    ("child", "children"),
    ("criterion", "criteria"),
    ("datum", "data"),
    ("echo", "echoes"),
    ("foot", "feet"),
    ("goose", "geese"),
    ("half", "halves"),
    ("hero", "heroes"),
    ("knife", "knives"),
    ("leaf", "leaves"),
    ("lens", "lenses"),
    ("life", "lives"),
    ("loaf", "loaves"),
    ("man", "men"),
    ("medium", "media"),
    ("mouse", "mice"),
    ("ox", "oxen"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("potato", "potatoes"),
    ("quiz", "quizzes"),
    ("shelf", "shelves"),
    ("thief", "thieves"),
    ("tomato", "tomatoes"),
    ("tooth", "teeth"),
    ("veto", "vetoes"),
    ("wife", "wives"),
    ("wolf", "wolves"),
    ("woman", "women"),
];

/// Words that are their own plural.
const SAME: &[&str] = &[
    "aircraft",
    "data",
    "deer",
    "equipment",
    "feedback",
    "fish",
    "information",
    "media",
    "metadata",
    "money",
    "news",
    "people",
    "series",
    "sheep",
    "software",
    "species",
    "staff",
];

fn plural(word: &str) -> String {
    if SAME.contains(&word) {
        return word.to_owned();
    }
    if let Some((_, plural)) = IRREGULAR.iter().find(|(singular, _)| *singular == word) {
        return (*plural).to_owned();
    }
    if let Some(stem) = word.strip_suffix("sis") {
        return format!("{stem}ses");
    }
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if is_plural(word) {
        return word.to_owned();
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end));
    format!("{word}{}", if hisses { "es" } else { "s" })
}

/// Whether a word in `s` is a plural already, such as `settings` and `preferences`, and not one
/// such as `status`, `address`, `analysis` or `alias`.
fn is_plural(word: &str) -> bool {
    word.strip_suffix('s').is_some_and(|stem| !stem.is_empty() && !stem.ends_with(['a', 'i', 's', 'u']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_name_becomes_the_name_of_each_place() {
        let names = Names::of("BlogPost");
        let expected = ["blog_post", "blog-posts", "blogPosts", "blog_posts"];
        assert_eq!([&names.name, &names.plural, &names.list_key, &names.table], expected);
        assert_eq!(Names::of("HTTPServer").plural, "http-servers");
    }

    #[test]
    fn a_chosen_plural_changes_the_list_key_and_not_the_table() {
        let names = Names::of("Datum").with_plural("data-points".to_owned());
        assert_eq!([&names.plural, &names.list_key, &names.table], ["data-points", "dataPoints", "data"]);
    }

    #[test]
    fn only_the_last_word_is_made_plural() {
        assert_eq!(Names::of("PersonCategory").table, "person_categories");
        assert_eq!(Names::of("OrderChild").table, "order_children");
    }

    #[test]
    fn plurals_are_english() {
        let words = [
            ("post", "posts"),
            ("category", "categories"),
            ("day", "days"),
            ("box", "boxes"),
            ("status", "statuses"),
            ("address", "addresses"),
            ("alias", "aliases"),
            ("branch", "branches"),
            ("wish", "wishes"),
            ("analysis", "analyses"),
            ("person", "people"),
            ("quiz", "quizzes"),
            ("photo", "photos"),
            ("hero", "heroes"),
            ("settings", "settings"),
            ("series", "series"),
            ("index", "indexes"),
            ("house", "houses"),
        ];
        for (singular, expected) in words {
            assert_eq!(plural(singular), expected);
        }
    }

    #[test]
    fn a_field_is_camel_case_for_clients() {
        assert_eq!([json("created_at"), json("title")], ["createdAt", "title"]);
    }
}
