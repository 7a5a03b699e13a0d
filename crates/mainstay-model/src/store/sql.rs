use std::fmt::Write as _;

use mainstay_kernel::{Dialect, Statement, Value};

use crate::Schema;

/// SQL text under construction with the values of its placeholders. Names only ever come from a
/// schema; values are only ever bound.
pub(crate) struct Builder {
    pub(crate) dialect: Dialect,
    text: String,
    params: Vec<Value>,
}

impl Builder {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::with_capacity(512), params: Vec::with_capacity(8) }
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A quoted name.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        quote(&mut self.text, name);
        self
    }

    /// A text that comes from a schema, such as the name of a variant.
    pub(crate) fn literal(&mut self, text: &str) -> &mut Self {
        self.text.push('\'');
        self.text.push_str(&text.replace('\'', "''"));
        self.text.push('\'');
        self
    }

    /// A placeholder bound to this value.
    pub(crate) fn bind(&mut self, value: Value) -> &mut Self {
        self.params.push(value);
        let mark = match self.dialect {
            Dialect::Postgres => '$',
            Dialect::Sqlite => '?',
        };
        self.text.push(mark);
        self.number(self.params.len() as u64)
    }

    /// `each` for every item, with commas between.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            each(self, item);
        }
        self
    }

    /// Every column of the schema, in its order.
    pub(crate) fn columns(&mut self, schema: &Schema) -> &mut Self {
        self.list(schema.columns, |sql, column| {
            sql.name(column.name);
        })
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        match u8::try_from(number) {
            // Most are placeholders of a few columns.
            Ok(digit @ 0..=9) => self.text.push(char::from(b'0' + digit)),
            Ok(_) | Err(_) => {
                let _ = write!(self.text, "{number}");
            }
        }
        self
    }

    pub(crate) fn build(self) -> Statement {
        Statement::with(self.text, self.params)
    }
}

/// A name as it stands in a statement.
pub(super) fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    quote(&mut text, name);
    text
}

fn quote(text: &mut String, name: &str) {
    text.push('"');
    if name.contains('"') {
        text.push_str(&name.replace('"', "\"\""));
    } else {
        text.push_str(name);
    }
    text.push('"');
}
