use mainstay_kernel::{Caller, Error, Kind, Result, Timestamp, Value};

use crate::cursor;
use crate::{Compare, ModelEntry, Predicate, Schema, Visible, suggest};

/// Rows of a page, unless the caller says otherwise.
const DEFAULT_LIMIT: u64 = 25;
/// The most rows of a page.
const MAX_LIMIT: u64 = 100;
/// The furthest a page may start; a cursor goes on from anywhere.
const MAX_OFFSET: u64 = 100_000;
/// The most conditions of a filter.
const MAX_CONDITIONS: usize = 32;
/// The most values of an `in`.
const MAX_IN: usize = 100;
/// The most sorts.
const MAX_SORTS: usize = 8;

/// A column to sort by. Missing values come last in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// Position of the column.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// What a list says about how many rows match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Exactly, up to 10 000.
    #[default]
    Capped,
    /// Exactly, under the time limit for reads.
    Exact,
    /// Nothing.
    None,
    /// Exactly up to 10 000, and no rows.
    Only,
}

/// What a caller wants to see of a model's rows, within what the scope lets it see.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The caller's own conditions.
    pub filter: Predicate,
    /// In which order; always ends with the primary key.
    pub sorts: Vec<Sort>,
    /// How many rows.
    pub limit: u64,
    /// How many rows to leave out first.
    pub offset: u64,
    /// The rows after this one.
    pub after: Option<Predicate>,
    /// Whether to count.
    pub count: Count,
    /// Which fields to answer with.
    pub visible: Visible,
}

/// Reads the parameters of a list: `limit page cursor sort direction select count where[…]`.
///
/// # Errors
/// Bad request, naming the parameter and what was expected; unknown field or operator, naming the
/// nearest valid one. A field that the caller may not see is unknown.
pub fn parse_list(model: &ModelEntry, who: &Caller, pairs: &[(String, String)]) -> Result<ListQuery> {
    let mut reading = Reading::new(model.schema, who);
    for (name, value) in pairs {
        reading.take(name, value)?;
    }
    reading.finish()
}

struct Reading<'a> {
    schema: &'static Schema,
    visible: Visible,
    seen: Vec<&'a str>,
    filter: Predicate,
    conditions: usize,
    limit: Option<u64>,
    page: Option<u64>,
    cursor: Option<&'a str>,
    sort: Option<&'a str>,
    direction: Option<&'a str>,
    select: Option<&'a str>,
    count: Count,
}

const PARAMETERS: [&str; 8] =
    ["limit", "page", "cursor", "sort", "direction", "select", "count", "where[field]"];

impl<'a> Reading<'a> {
    fn new(schema: &'static Schema, who: &Caller) -> Self {
        Self {
            schema,
            visible: Visible::to(schema, who),
            seen: Vec::new(),
            filter: Predicate::Always,
            conditions: 0,
            limit: None,
            page: None,
            cursor: None,
            sort: None,
            direction: None,
            select: None,
            count: Count::default(),
        }
    }

    fn take(&mut self, name: &'a str, value: &'a str) -> Result<()> {
        if self.seen.contains(&name) {
            return Err(bad(format!("`{}` is given twice", shown(name))));
        }
        self.seen.push(name);
        match name {
            "limit" => self.limit = Some(number(name, value, 1, MAX_LIMIT)?),
            "page" => self.page = Some(number(name, value, 1, u64::MAX)?),
            "cursor" => self.cursor = Some(value),
            "sort" => self.sort = Some(value),
            "direction" => self.direction = Some(value),
            "select" => self.select = Some(value),
            "count" => self.count = count(value)?,
            _ => match name.strip_prefix("where") {
                Some(path) if path.starts_with('[') => self.condition(path, value)?,
                Some(_) | None => return Err(bad(suggest::unknown("parameter", name, PARAMETERS))),
            },
        }
        Ok(())
    }

    /// `[field]` or `[field][op]`.
    fn condition(&mut self, path: &str, value: &str) -> Result<()> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(bad(format!("a filter has at most {MAX_CONDITIONS} conditions")));
        }
        let (field, operator) = split(path).ok_or_else(|| {
            bad(format!("`where{}` is not of the form where[field] or where[field][op]", shown(path)))
        })?;
        let column = self.column(field)?;
        let condition = condition(self.schema, column, operator.unwrap_or("eq"), value)?;
        self.filter = std::mem::replace(&mut self.filter, Predicate::Always).and(condition);
        Ok(())
    }

    /// The column of a field that the caller may see.
    fn column(&self, field: &str) -> Result<usize> {
        self.schema.field(field).filter(|&it| self.visible.has(it)).ok_or_else(|| {
            Error::bad_request(
                "unknown_field",
                suggest::unknown("field", field, self.visible.fields(self.schema)),
            )
        })
    }

    fn finish(self) -> Result<ListQuery> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let offset = (self.page.unwrap_or(1) - 1).saturating_mul(limit);
        if offset > MAX_OFFSET {
            return Err(bad(format!(
                "a page starts at row {MAX_OFFSET} at the furthest; go on with `cursor` instead"
            )));
        }
        if self.cursor.is_some() && self.page.is_some() {
            return Err(bad("`cursor` and `page` exclude each other"));
        }
        let sorts = self.sorts()?;
        let after = self.cursor.map(|it| cursor::read(self.schema, &sorts, it)).transpose()?;
        let visible = self.selected()?;
        Ok(ListQuery { filter: self.filter, sorts, limit, offset, after, count: self.count, visible })
    }

    fn sorts(&self) -> Result<Vec<Sort>> {
        let mut sorts: Vec<Sort> = Vec::new();
        for part in self.sort.into_iter().flat_map(|it| it.split(',')) {
            let (field, descending) = part.strip_prefix('-').map_or((part, false), |field| (field, true));
            let column = self.column(field)?;
            if self.schema.column(column).kind == Kind::Json || sorts.iter().any(|it| it.column == column) {
                return Err(bad(format!("`sort` cannot use `{field}` here: it is JSON, or named twice")));
            }
            sorts.push(Sort { column, descending });
        }
        if sorts.len() > MAX_SORTS {
            return Err(bad(format!("`sort` names at most {MAX_SORTS} fields")));
        }
        match (self.direction, sorts.first_mut()) {
            (None, _) | (Some("asc"), Some(_)) => {}
            (Some("desc"), Some(first)) => first.descending = !first.descending,
            (Some("asc" | "desc"), None) => return Err(bad("`direction` needs `sort`")),
            (Some(other), _) => {
                return Err(bad(format!("`direction` is `{}`, expected asc or desc", shown(other))));
            }
        }
        let id = self.schema.id();
        if !sorts.iter().any(|it| it.column == id) {
            sorts.push(Sort { column: id, descending: false });
        }
        Ok(sorts)
    }

    fn selected(&self) -> Result<Visible> {
        let Some(select) = self.select else { return Ok(self.visible.clone()) };
        let columns = select.split(',').map(|field| self.column(field)).collect::<Result<Vec<_>>>()?;
        Ok(self.visible.clone().only(self.schema, &columns))
    }
}

fn split(path: &str) -> Option<(&str, Option<&str>)> {
    let (field, rest) = path.strip_prefix('[')?.split_once(']')?;
    if rest.is_empty() {
        return Some((field, None));
    }
    let operator = rest.strip_prefix('[')?.strip_suffix(']')?;
    (!operator.contains(['[', ']'])).then_some((field, Some(operator)))
}

const OPERATORS: [&str; 10] = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "nin", "null", "between"];

fn condition(schema: &'static Schema, column: usize, operator: &str, text: &str) -> Result<Predicate> {
    let def = schema.column(column);
    if def.kind == Kind::Json && operator != "null" {
        let why = format!("`{}` is JSON and can only be tested with `null`", def.field);
        return Err(Error::bad_request("unknown_operator", why));
    }
    let compare = |compare| -> Result<Predicate> {
        Ok(Predicate::Compare { column, compare, operand: Some(operand(def.field, def.kind, text)?) })
    };
    match operator {
        "eq" => compare(Compare::Equal),
        "ne" => compare(Compare::NotEqual),
        "lt" => compare(Compare::Less),
        "lte" => compare(Compare::LessOrEqual),
        "gt" => compare(Compare::Greater),
        "gte" => compare(Compare::GreaterOrEqual),
        "in" => Ok(Predicate::In { column, values: operands(def.field, def.kind, text)? }),
        "nin" => Ok(!Predicate::In { column, values: operands(def.field, def.kind, text)? }),
        "between" => between(column, operands(def.field, def.kind, text)?),
        "null" if operand(def.field, Kind::Bool, text)? == Value::Bool(true) => Ok(Predicate::IsNull(column)),
        "null" => Ok(!Predicate::IsNull(column)),
        other => Err(Error::bad_request("unknown_operator", suggest::unknown("operator", other, OPERATORS))),
    }
}

fn between(column: usize, values: Vec<Value>) -> Result<Predicate> {
    let [low, high] =
        <[Value; 2]>::try_from(values).map_err(|_| bad("`between` takes two values, as in `1,10`"))?;
    let bound = |compare, value| Predicate::Compare { column, compare, operand: Some(value) };
    Ok(bound(Compare::GreaterOrEqual, low).and(bound(Compare::LessOrEqual, high)))
}

/// `a,b,c`, or a JSON list where a text holds a comma.
fn operands(field: &str, kind: Kind, text: &str) -> Result<Vec<Value>> {
    let parts: Vec<String> = if text.starts_with('[') {
        let list: Vec<serde_json::Value> = serde_json::from_str(text)
            .map_err(|_| bad(format!("`{field}` is compared with a list that is not JSON")))?;
        list.iter().map(|it| scalar(field, it)).collect::<Result<_>>()?
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    if parts.len() > MAX_IN {
        return Err(bad(format!(
            "`{field}` is compared with {} values, at most {MAX_IN} are taken",
            parts.len()
        )));
    }
    parts.iter().map(|it| operand(field, kind, it)).collect()
}

/// What one element of a list says, as it would stand in `a,b,c`.
fn scalar(field: &str, element: &serde_json::Value) -> Result<String> {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String as Text};
    match element {
        Text(it) => Ok(it.clone()),
        Number(_) | Bool(_) => Ok(element.to_string()),
        Null | Array(_) | Object(_) => Err(bad(format!(
            "`{field}` is compared with a list that holds more than texts, numbers and booleans"
        ))),
    }
}

fn operand(field: &str, kind: Kind, text: &str) -> Result<Value> {
    let expected = |what: &str| bad(format!("`{field}` is compared with `{}`, expected {what}", shown(text)));
    match kind {
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(expected("true or false")),
        },
        Kind::Int => text.parse().map(Value::Int).map_err(|_| expected("an integer")),
        Kind::Float => {
            let number = text.parse::<f64>().ok().filter(|it| it.is_finite());
            number.map(Value::Float).ok_or_else(|| expected("a number"))
        }
        Kind::Text if text.contains('\0') => Err(expected("a text without NUL")),
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Uuid => uuid::Uuid::try_parse(text).map(Value::Uuid).map_err(|_| expected("a UUID")),
        Kind::Timestamp => {
            text.parse::<Timestamp>().map(Value::Timestamp).map_err(|_| expected("an RFC 3339 time"))
        }
        Kind::Bytes => base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text)
            .map(Value::Bytes)
            .map_err(|_| expected("base64")),
        Kind::Json => Err(expected("nothing: it is JSON")),
    }
}

fn count(text: &str) -> Result<Count> {
    match text {
        "exact" => Ok(Count::Exact),
        "none" => Ok(Count::None),
        "only" => Ok(Count::Only),
        other => Err(bad(format!("`count` is `{}`, expected exact, none or only", shown(other)))),
    }
}

fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64> {
    let number = text.parse().ok().filter(|it| (least..=most).contains(it));
    let to = if most == u64::MAX { String::new() } else { format!(" to {most}") };
    number.ok_or_else(|| {
        bad(format!("`{name}` is `{}`, expected a whole number from {least}{to}", shown(text)))
    })
}

fn bad(description: impl Into<String>) -> Error {
    Error::bad_request("bad_request", description)
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
