/// Puts values in place of `{{names}}`.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_wherever_its_name_stood() {
        assert_eq!(fill("{{a}} {b} {{a}}{{b}}", &[("a", "x"), ("b", "y")]), "x {b} xy");
    }
}
