use mainstay_kernel::Result;

use super::asked::{Asked, MAX_LIMIT, Start};
use super::condition::{self, Operator};
use super::operand::Given;
use super::{Count, bad, shown, steps};
use crate::suggest;

const PARAMETERS: [&str; 11] = [
    "limit",
    "page",
    "cursor",
    "sort",
    "direction",
    "select",
    "search",
    "expand",
    "count",
    "where[field]",
    "__query",
];

/// Reads `name=value` pairs, each name at most once.
pub(super) fn read(asked: &mut Asked<'_>, pairs: &[(String, String)]) -> Result<()> {
    let (mut sort, mut direction) = (None, None);
    for (position, (name, value)) in pairs.iter().enumerate() {
        if pairs[..position].iter().any(|(earlier, _)| earlier == name) {
            return Err(bad(format!("`{}` is given twice", shown(name))));
        }
        match name.as_str() {
            "limit" => asked.limit(number(name, value, 1, MAX_LIMIT)?)?,
            "page" => asked.start(Start::Page(number(name, value, 1, u64::MAX)?))?,
            "cursor" => asked.start(Start::Cursor(value.clone()))?,
            "sort" => sort = Some(value.as_str()),
            "direction" => direction = Some(value.as_str()),
            "select" => asked.select(value.split(','))?,
            "search" => asked.search(value)?,
            "expand" => asked.expand(value)?,
            "count" => asked.count = count(value)?,
            "__query" => steps::read(asked, value)?,
            _ => match name.strip_prefix("where").filter(|path| path.starts_with('[')) {
                Some(path) => filter(asked, path, value)?,
                None => return Err(bad(suggest::unknown("parameter", name, PARAMETERS))),
            },
        }
    }
    sorts(asked, sort, direction)
}

/// `[field]` or `[field][op]`.
fn filter(asked: &mut Asked<'_>, path: &str, value: &str) -> Result<()> {
    let (field, operator) = split(path).ok_or_else(|| {
        bad(format!("`where{}` is not of the form where[field] or where[field][op]", shown(path)))
    })?;
    asked.count_condition()?;
    let field = asked.field(field)?;
    let operator = operator.map_or(Ok(Operator::Equal), Operator::named)?;
    asked.and(condition::read(&field, operator, &Given::Text(value))?);
    Ok(())
}

fn split(path: &str) -> Option<(&str, Option<&str>)> {
    let (field, rest) = path.strip_prefix('[')?.split_once(']')?;
    if rest.is_empty() {
        return Some((field, None));
    }
    let operator = rest.strip_prefix('[')?.strip_suffix(']')?;
    (!operator.contains(['[', ']'])).then_some((field, Some(operator)))
}

/// `-createdAt,title`; `direction=desc` turns the first around.
fn sorts(asked: &mut Asked<'_>, sort: Option<&str>, direction: Option<&str>) -> Result<()> {
    let turned = match direction {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => {
            return Err(bad(format!("`direction` is `{}`, expected asc or desc", shown(other))));
        }
    };
    let Some(sort) = sort else {
        return if direction.is_some() { Err(bad("`direction` needs `sort`")) } else { Ok(()) };
    };
    if asked.is_sorted() {
        return Err(bad("the order (`sort` or `orderBy`) is given twice"));
    }
    for (position, part) in sort.split(',').enumerate() {
        let (field, descending) = part.strip_prefix('-').map_or((part, false), |field| (field, true));
        asked.sort(field, descending != (turned && position == 0))?;
    }
    Ok(())
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
