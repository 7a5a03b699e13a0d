use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

/// The summary and the description: those that are named, else the first paragraph of the documentation and
/// the rest of it.
pub(crate) fn told(
    attributes: &[Attribute],
    summary: Option<&LitStr>,
    description: Option<&LitStr>,
) -> (String, String) {
    let text = text(attributes);
    let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let or = |named: Option<&LitStr>, else_: &str| named.map_or(else_.to_owned(), LitStr::value);
    (or(summary, &first.replace('\n', " ")), or(description, rest.trim()))
}

/// The text of documentation comments, without the space that each line begins with.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let lines: Vec<_> = attributes.iter().filter(|it| it.path().is_ident("doc")).filter_map(line).collect();
    lines.join("\n").trim().to_owned()
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(it) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &it.value else { return None };
    let text = text.value();
    Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
}
