use mainstay_kernel::{Error, NoSearch, Result, Search, Value};

use crate::{Filter, Model, Predicate, Schema, Subject};

/// A search in a row's texts. It finds the row or does not: what is missing holds no word.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// What is searched for.
    pub search: Search,
    /// Where: all fields of the model that are searched, one of them as it will be after an update.
    pub fields: Vec<Subject>,
}

/// The rows of `M` that a search finds, in the fields marked `#[model(search)]`. What it understands
/// is said at [`Search`]. The derive macro writes this as `Post::search`.
///
/// # Errors
/// Bad request, when the text holds no word to be found, or more than a search may have; when no
/// field of `M` is searched.
pub fn search<M: Model>(text: &str) -> Result<Filter<M>> {
    predicate(M::SCHEMA, text).map(Filter::new)
}

pub(crate) fn predicate(schema: &Schema, text: &str) -> Result<Predicate> {
    if schema.search.is_empty() {
        let why = format!(
            "unknown field `search`: no text of a {} is searched, mark one with `#[model(search)]`",
            schema.name
        );
        return Err(Error::bad_request("unknown_field", why));
    }
    let search = Search::parse(text).map_err(not_one)?;
    let fields = schema.search.iter().map(|&it| Subject::Column(it)).collect();
    Ok(Predicate::Search(Box::new(Searched { search, fields })))
}

fn not_one(why: NoSearch) -> Error {
    Error::bad_request("bad_request", format!("`search` {why}"))
}

impl Searched {
    /// Whether it finds this row.
    pub(crate) fn finds(&self, row: &[Value]) -> bool {
        self.search.finds(self.fields.iter().map(|field| match field {
            Subject::Column(column) => row.get(*column).map_or("", text),
            Subject::Value(value) => text(value),
        }))
    }

    /// What it says once these columns have these values.
    pub(crate) fn after(mut self, assignments: &[(usize, Value)]) -> Predicate {
        for field in &mut self.fields {
            let Subject::Column(column) = field else { continue };
            if let Some((_, value)) = assignments.iter().find(|(it, _)| it == column) {
                *field = Subject::Value(Value::Text(text(value).to_owned()));
            }
        }
        match (self.is_settled(), self.finds(&[])) {
            (false, _) => Predicate::Search(Box::new(self)),
            (true, true) => Predicate::Always,
            (true, false) => Predicate::Never,
        }
    }

    fn is_settled(&self) -> bool {
        self.fields.iter().all(|it| matches!(it, Subject::Value(_)))
    }
}

fn text(value: &Value) -> &str {
    if let Value::Text(it) = value { it } else { "" }
}
