//! The values that an author binds to the marks of a statement.

use super::marks::{self, Mark};
use crate::{Dialect, Error, IntoValue, Result, Statement, Value, nearest};

/// A statement on its way: its text, and what is bound to it so far.
pub(super) struct Draft {
    text: String,
    dialect: Dialect,
    next: Vec<Value>,
    named: Vec<(String, Value)>,
}

impl Draft {
    pub(super) fn new(text: &str, dialect: Dialect) -> Self {
        Self { text: text.to_owned(), dialect, next: Vec::new(), named: Vec::new() }
    }

    pub(super) fn bind(&mut self, value: impl IntoValue) {
        self.next.push(value.into_value());
    }

    pub(super) fn bind_as(&mut self, name: &str, value: impl IntoValue) {
        self.named.push((name.trim_start_matches(':').to_owned(), value.into_value()));
    }

    /// The statement, once each mark has its value and each value its mark.
    pub(super) fn statement(self) -> Result<Statement> {
        let marked = marks::read(&self.text, self.dialect).map_err(Error::internal)?;
        self.check(&marked.marks)?;
        let mut next = self.next.into_iter();
        let mut value = |mark: &Mark| match mark {
            Mark::Next => next.next(),
            Mark::Named(name) => self.named.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone()),
        };
        let values = marked.marks.iter().map(|mark| value(mark).unwrap_or(Value::Null)).collect();
        Ok(Statement::with(marked.text, values))
    }

    fn check(&self, marks: &[Mark]) -> Result<()> {
        let names = || {
            marks.iter().filter_map(|it| match it {
                Mark::Named(name) => Some(name.as_str()),
                Mark::Next => None,
            })
        };
        for (position, (name, _)) in self.named.iter().enumerate() {
            if !names().any(|it| it == name) {
                return Err(Error::internal(match nearest(name, names()) {
                    Some(near) => format!("the statement has no `:{name}`, did you mean `:{near}`?"),
                    None => format!("the statement has no `:{name}`"),
                }));
            }
            if self.named[..position].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::internal(format!("`:{name}` is bound twice")));
            }
        }
        if let Some(name) = names().find(|name| self.named.iter().all(|(it, _)| it != name)) {
            return Err(Error::internal(format!(
                "nothing is bound to `:{name}`: add `.bind_as(\"{name}\", …)`"
            )));
        }
        let (wanted, given) = (marks.len() - names().count(), self.next.len());
        if wanted != given {
            return Err(Error::internal(format!(
                "the statement has {wanted} `?`, and {given} values are bound to them: bind one to each, in \
                 their order"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, next: usize, named: &[&str]) -> String {
        let mut draft = Draft::new(text, Dialect::Sqlite);
        (0..next).for_each(|_| draft.bind(1));
        named.iter().for_each(|name| draft.bind_as(name, 1));
        draft.statement().unwrap_err().to_string()
    }

    #[test]
    fn a_value_too_many_or_too_few_is_named_with_the_nearest() {
        assert_eq!(
            refusal("a = ? and b = ?", 1, &[]),
            "the statement has 2 `?`, and 1 values are bound to them: bind one to each, in their order"
        );
        assert_eq!(
            refusal("a = :views", 0, &["viws"]),
            "the statement has no `:viws`, did you mean `:views`?"
        );
        assert_eq!(refusal("a = 1", 0, &["views"]), "the statement has no `:views`");
        assert_eq!(
            refusal("a = :a and b = :views", 0, &["a"]),
            "nothing is bound to `:views`: add `.bind_as(\"views\", …)`"
        );
        assert_eq!(refusal("a = :a", 0, &["a", ":a"]), "`:a` is bound twice");
    }
}
