//! `__query`: the steps of a query builder as a JSON list. They ask for what flat parameters ask for;
//! their conditions are one condition in the end, so that no `orWhere` reaches around a scope.

use mainstay_kernel::Result;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::asked::{Asked, MAX_LIMIT, MAX_OFFSET, Start};
use super::condition::{self, Operator};
use super::operand::Given;
use super::{bad, shown};
use crate::{Predicate, suggest};

/// The longest `__query`, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// How deep groups may stand in each other.
const MAX_DEPTH: usize = 5;

/// The methods of a query builder that `__query` takes.
pub const METHODS: [&str; 14] = [
    "where",
    "andWhere",
    "orWhere",
    "whereIn",
    "whereNot",
    "whereNotIn",
    "whereNull",
    "whereNotNull",
    "whereBetween",
    "orderBy",
    "limit",
    "offset",
    "select",
    "search",
];

/// One call of the builder's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    method: String,
    args: Vec<Json>,
}

/// Conditions one after the other. `and` binds tighter than `or`, as in SQL.
#[derive(Default)]
struct Chain(Vec<Predicate>);

enum Join {
    And,
    Or,
}

impl Chain {
    fn push(&mut self, join: Join, predicate: Predicate) {
        match (join, self.0.pop()) {
            (_, None) => self.0.push(predicate),
            (Join::And, Some(last)) => self.0.push(last.and(predicate)),
            (Join::Or, Some(last)) => self.0.extend([last, predicate]),
        }
    }

    fn finish(self) -> Predicate {
        if self.0.is_empty() {
            return Predicate::Always;
        }
        self.0.into_iter().fold(Predicate::Never, Predicate::or)
    }
}

/// Reads the steps into what is asked.
pub(super) fn read(asked: &mut Asked<'_>, text: &str) -> Result<()> {
    if text.len() > MAX_LENGTH {
        return Err(bad(format!("`__query` is longer than {MAX_LENGTH} bytes")));
    }
    let steps: Vec<Step> = serde_json::from_str(text).map_err(|error| not_steps("`__query`", &error))?;
    let mut chain = Chain::default();
    for step in &steps {
        match clause(asked, step, MAX_DEPTH)? {
            Some((join, predicate)) => chain.push(join, predicate),
            None => window(asked, step)?,
        }
    }
    asked.and(chain.finish());
    Ok(())
}

fn not_steps(what: &str, error: &serde_json::Error) -> mainstay_kernel::Error {
    let error: String = error.to_string().chars().take(200).collect();
    bad(format!("{what} is not a JSON list of {{\"method\": …, \"args\": […]}}: {error}"))
}

/// What a step says about rows; `None` when it is about something else.
fn clause(asked: &mut Asked<'_>, step: &Step, depth: usize) -> Result<Option<(Join, Predicate)>> {
    let clause = match step.method.as_str() {
        "where" | "andWhere" => (Join::And, comparison(asked, step, depth)?),
        "orWhere" => (Join::Or, comparison(asked, step, depth)?),
        "whereNot" => (Join::And, !comparison(asked, step, depth)?),
        "whereIn" => (Join::And, listed(asked, step, Operator::In)?),
        "whereNotIn" => (Join::And, listed(asked, step, Operator::NotIn)?),
        "whereBetween" => (Join::And, listed(asked, step, Operator::Between)?),
        "whereNull" => (Join::And, missing(asked, step, Operator::Equal)?),
        "whereNotNull" => (Join::And, missing(asked, step, Operator::NotEqual)?),
        _ => return Ok(None),
    };
    Ok(Some(clause))
}

/// `(field, value)`, `(field, operator, value)`, `({field: value, …})` or `({"__nested": […]})`.
fn comparison(asked: &mut Asked<'_>, step: &Step, depth: usize) -> Result<Predicate> {
    match step.args.as_slice() {
        [Json::Object(fields)] => match fields.get("__nested") {
            Some(steps) if fields.len() == 1 => group(asked, steps, depth),
            Some(_) => Err(bad("`__nested` stands alone in its object")),
            None => each(asked, fields),
        },
        [Json::String(field), value] => one(asked, field, Operator::Equal, value),
        [Json::String(field), Json::String(operator), value] => {
            one(asked, field, Operator::spelt(operator)?, value)
        }
        _ => Err(misused(
            step,
            "(field, value), (field, operator, value), ({field: value, …}) or ({\"__nested\": […]})",
        )),
    }
}

fn one(asked: &mut Asked<'_>, field: &str, operator: Operator, value: &Json) -> Result<Predicate> {
    asked.count_condition()?;
    condition::read(&asked.field(field)?, operator, &Given::Json(value))
}

/// All of them.
fn each(asked: &mut Asked<'_>, fields: &Map<String, Json>) -> Result<Predicate> {
    if fields.is_empty() {
        return Err(bad("an object of conditions names at least one field"));
    }
    let conditions = fields.iter().map(|(field, value)| one(asked, field, Operator::Equal, value));
    conditions.collect::<Result<Vec<_>>>().map(|all| all.into_iter().fold(Predicate::Always, Predicate::and))
}

fn group(asked: &mut Asked<'_>, steps: &Json, depth: usize) -> Result<Predicate> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(bad(format!("groups stand in each other at most {MAX_DEPTH} deep")));
    };
    let steps = Vec::<Step>::deserialize(steps).map_err(|error| not_steps("`__nested`", &error))?;
    let mut chain = Chain::default();
    for step in &steps {
        match clause(asked, step, depth)? {
            Some((join, predicate)) => chain.push(join, predicate),
            None if METHODS.contains(&step.method.as_str()) => {
                return Err(bad(format!("`{}` cannot stand in a group", step.method)));
            }
            None => return Err(unknown(step)),
        }
    }
    if steps.is_empty() {
        return Err(bad("a group holds at least one condition"));
    }
    Ok(chain.finish())
}

fn listed(asked: &mut Asked<'_>, step: &Step, operator: Operator) -> Result<Predicate> {
    match step.args.as_slice() {
        [Json::String(field), list @ Json::Array(_)] => one(asked, field, operator, list),
        _ => Err(misused(step, "(field, [value, …])")),
    }
}

fn missing(asked: &mut Asked<'_>, step: &Step, operator: Operator) -> Result<Predicate> {
    match step.args.as_slice() {
        [Json::String(field)] => one(asked, field, operator, &Json::Null),
        _ => Err(misused(step, "(field)")),
    }
}

/// What a step says about which of the rows are shown, and how.
fn window(asked: &mut Asked<'_>, step: &Step) -> Result<()> {
    match (step.method.as_str(), step.args.as_slice()) {
        ("orderBy", [Json::String(field)]) => asked.sort(field, false),
        ("orderBy", [Json::String(field), Json::String(direction)]) => match direction.as_str() {
            "asc" => asked.sort(field, false),
            "desc" => asked.sort(field, true),
            other => Err(bad(format!("`orderBy` takes asc or desc, not `{}`", shown(other)))),
        },
        ("orderBy", _) => Err(misused(step, "(field) or (field, \"asc\" or \"desc\")")),
        ("limit", _) => asked.limit(number(step, 1, MAX_LIMIT)?),
        ("offset", _) => asked.start(Start::Offset(number(step, 0, MAX_OFFSET)?)),
        ("select", [Json::Array(fields)]) => select(asked, step, fields),
        ("search", [Json::String(text)]) => asked.search(text),
        ("search", _) => Err(misused(step, "(text)")),
        ("select", fields) => select(asked, step, fields),
        _ => Err(unknown(step)),
    }
}

fn select(asked: &mut Asked<'_>, step: &Step, fields: &[Json]) -> Result<()> {
    let names: Option<Vec<&str>> = fields.iter().map(Json::as_str).collect();
    let names = names.filter(|it| !it.is_empty()).ok_or_else(|| misused(step, "(field, …)"))?;
    asked.select(names.into_iter())
}

fn number(step: &Step, least: u64, most: u64) -> Result<u64> {
    let number = match step.args.as_slice() {
        [number] => number.as_u64().filter(|it| (least..=most).contains(it)),
        _ => None,
    };
    number.ok_or_else(|| misused(step, &format!("(a whole number from {least} to {most})")))
}

fn misused(step: &Step, takes: &str) -> mainstay_kernel::Error {
    bad(format!("`{}` takes {takes}", shown(&step.method)))
}

fn unknown(step: &Step) -> mainstay_kernel::Error {
    bad(suggest::unknown("method", &step.method, METHODS))
}
