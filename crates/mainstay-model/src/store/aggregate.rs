//! Groups of rows and what they come to, the same on both stores.

use mainstay_kernel::{Dialect, Error, Fixed, Kind, Result, Row, Statement, Value};

use super::condition;
use super::select::rank;
use super::sql::Builder;
use crate::aggregate::{Fold, Term};
use crate::group::{By, GroupSort, Groups};
use crate::{ColumnDef, Schema};

/// The low half of an integer.
const LOW: &str = " & 4294967295";
/// Its high half, with the sign.
const HIGH: &str = " >> 32";

/// Reads groups: the keys of each, then the parts of its terms.
pub(crate) fn groups(dialect: Dialect, schema: &Schema, asked: &Groups) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT ").list(&asked.keys, |sql, &key| {
        sql.name(schema.column(key).name);
    });
    for (position, term) in asked.terms.iter().enumerate() {
        if position > 0 || !asked.keys.is_empty() {
            sql.text(", ");
        }
        parts(&mut sql, schema, term);
    }
    sql.text(" FROM ").name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, &asked.predicate);
    if !asked.keys.is_empty() {
        sql.text(" GROUP BY ").list(&asked.keys, |sql, &key| {
            sql.name(schema.column(key).name);
        });
        order(&mut sql, schema, asked);
        sql.text(" LIMIT ").number(asked.limit);
        if asked.offset > 0 {
            sql.text(" OFFSET ").number(asked.offset);
        }
    }
    sql.build()
}

/// By what was asked, then by the keys.
fn order(sql: &mut Builder, schema: &Schema, asked: &Groups) {
    let keys = asked.keys.iter().map(|&key| GroupSort { by: By::Key(key), descending: false });
    let sorts = asked.sorts.iter().copied().chain(keys);
    sql.text(" ORDER BY ").list(sorts, |sql, sort| {
        let direction = if sort.descending { " DESC NULLS LAST" } else { " ASC NULLS LAST" };
        match sort.by {
            By::Key(key) => {
                rank(sql, schema.column(key));
                sql.text(direction);
            }
            By::Term(term) => by_term(sql, schema, term, direction),
        }
    });
}

fn by_term(sql: &mut Builder, schema: &Schema, term: Term, direction: &str) {
    let column = schema.column(term.column);
    match term.fold {
        Fold::Count => call(sql, "count", column),
        Fold::Sum if is_whole(column) => {
            // What the low halves carry over belongs to the high ones.
            sql.text("coalesce(");
            half(sql, column, HIGH);
            sql.text(" + (");
            half(sql, column, LOW);
            sql.text(HIGH).text("), 0)").text(direction).text(", coalesce(");
            half(sql, column, LOW);
            sql.text(LOW).text(", 0)");
        }
        Fold::Sum => {
            sql.text("coalesce(");
            call(sql, "sum", column);
            sql.text(", 0)");
        }
        Fold::Average => call(sql, "avg", column),
        Fold::Least | Fold::Greatest => extreme(sql, column, term.fold),
    }
    sql.text(direction);
}

/// What is read of a term; [`take`] makes one value of it.
fn parts(sql: &mut Builder, schema: &Schema, term: &Term) {
    let column = schema.column(term.column);
    match term.fold {
        Fold::Count => call(sql, "count", column),
        Fold::Sum | Fold::Average => {
            if is_whole(column) {
                // PostgreSQL's sum of integers is another type, and SQLite's fails where ours may still fit:
                // sums of halves fit on both.
                half(sql, column, HIGH);
                sql.text(", ");
                half(sql, column, LOW);
            } else {
                call(sql, "sum", column);
            }
            sql.text(", ");
            call(sql, "count", column);
        }
        Fold::Least | Fold::Greatest => extreme(sql, column, term.fold),
    }
}

fn is_whole(column: &ColumnDef) -> bool {
    matches!(column.kind, Kind::Int | Kind::Decimal(_))
}

fn call(sql: &mut Builder, function: &str, column: &ColumnDef) {
    sql.text(function).text("(").name(column.name).text(")");
}

fn half(sql: &mut Builder, column: &ColumnDef, half: &str) {
    sql.text("CAST(sum(").name(column.name).text(half).text(") AS bigint)");
}

/// The least or greatest value. PostgreSQL has none of truth values, UUIDs and bytes: those have another
/// form with the same order.
fn extreme(sql: &mut Builder, column: &ColumnDef, fold: Fold) {
    let is_least = fold == Fold::Least;
    let function = if is_least { "min(" } else { "max(" };
    match (sql.dialect, column.kind) {
        (_, Kind::Enum(_)) => {
            sql.text(function);
            rank(sql, column);
            sql.text(")");
        }
        (Dialect::Postgres, Kind::Bool) => {
            sql.text(if is_least { "bool_and(" } else { "bool_or(" }).name(column.name).text(")");
        }
        (Dialect::Postgres, Kind::Uuid) => {
            sql.text(function).name(column.name).text("::text COLLATE \"C\")::uuid");
        }
        (Dialect::Postgres, Kind::Bytes) => {
            sql.text("decode(").text(function).text("encode(").name(column.name);
            sql.text(", 'hex') COLLATE \"C\"), 'hex')");
        }
        (
            Dialect::Postgres,
            Kind::Int
            | Kind::Float
            | Kind::Text
            | Kind::Timestamp
            | Kind::Json
            | Kind::Decimal(_)
            | Kind::Date,
        )
        | (
            Dialect::Sqlite,
            Kind::Bool
            | Kind::Int
            | Kind::Float
            | Kind::Text
            | Kind::Bytes
            | Kind::Uuid
            | Kind::Timestamp
            | Kind::Json
            | Kind::Decimal(_)
            | Kind::Date,
        ) => {
            sql.text(function).name(column.name).text(")");
        }
    }
}

/// The values of one group.
pub(crate) fn read(row: &Row, schema: &Schema, asked: &Groups) -> Result<Vec<Value>> {
    let mut values = Vec::with_capacity(asked.keys.len() + asked.terms.len());
    for (at, &key) in asked.keys.iter().enumerate() {
        values.push(row.read(at, schema.column(key).kind)?.to_value());
    }
    let mut cells = Cells { row, at: asked.keys.len() };
    for term in &asked.terms {
        values.push(take(&mut cells, schema, *term)?);
    }
    Ok(values)
}

/// A row, read from left to right.
struct Cells<'a> {
    row: &'a Row,
    at: usize,
}

impl Cells<'_> {
    fn next(&mut self, kind: Kind) -> Result<Value> {
        self.at += 1;
        Ok(self.row.read(self.at - 1, kind)?.to_value())
    }

    /// A number; zero where there is none.
    fn int(&mut self) -> Result<i64> {
        Ok(if let Value::Int(it) = self.next(Kind::Int)? { it } else { 0 })
    }
}

fn take(cells: &mut Cells<'_>, schema: &Schema, term: Term) -> Result<Value> {
    let column = schema.column(term.column);
    match term.fold {
        Fold::Count => cells.next(Kind::Int),
        Fold::Sum if is_whole(column) => sum(schema, column, whole(cells)?.0),
        Fold::Sum => {
            let (sum, _) = float(cells, schema, column)?;
            Ok(Value::Float(sum))
        }
        Fold::Average if is_whole(column) => {
            let (sum, count) = whole(cells)?;
            Ok(mean(column.kind, sum, count))
        }
        Fold::Average => {
            let (sum, count) = float(cells, schema, column)?;
            Ok(if count == 0 { Value::Null } else { Value::Float(sum / as_float(count.into())) })
        }
        Fold::Least | Fold::Greatest => most(cells, column.kind),
    }
}

/// The least or greatest value; a variant comes as its rank.
fn most(cells: &mut Cells<'_>, kind: Kind) -> Result<Value> {
    let Kind::Enum(of) = kind else { return cells.next(kind) };
    let rank = cells.next(Kind::Int)?;
    Ok(if let Value::Int(rank) = rank {
        Value::Enum(of.at(usize::try_from(rank).unwrap_or(0)))
    } else {
        rank
    })
}

/// The exact sum of integers, and how many.
fn whole(cells: &mut Cells<'_>) -> Result<(i128, i64)> {
    let (high, low) = (cells.int()?, cells.int()?);
    Ok(((i128::from(high) << 32) + i128::from(low), cells.int()?))
}

fn sum(schema: &Schema, column: &ColumnDef, sum: i128) -> Result<Value> {
    let fits = i64::try_from(sum).map_err(|_| too_large(schema, column))?;
    Ok(if let Kind::Decimal(scale) = column.kind {
        Value::Decimal(Fixed { units: fits, scale })
    } else {
        Value::Int(fits)
    })
}

/// The sum of floats, and how many.
fn float(cells: &mut Cells<'_>, schema: &Schema, column: &ColumnDef) -> Result<(f64, i64)> {
    let (sum, count) = (cells.next(Kind::Float)?, cells.int()?);
    let sum = if let Value::Float(it) = sum { it } else { f64::NAN };
    match count {
        0 => Ok((0.0, 0)),
        _ if sum.is_finite() => Ok((sum, count)),
        _ => Err(too_large(schema, column)),
    }
}

fn mean(kind: Kind, sum: i128, count: i64) -> Value {
    let count = i128::from(count);
    if count == 0 {
        return Value::Null;
    }
    let Kind::Decimal(scale) = kind else { return Value::Float(as_float(sum) / as_float(count)) };
    // Half away from zero.
    let units = (2 * sum.abs() + count) / (2 * count) * sum.signum();
    // It lies between two numbers that fit.
    Value::Decimal(Fixed { units: i64::try_from(units).unwrap_or(i64::MAX), scale })
}

#[expect(clippy::cast_precision_loss, reason = "a mean of integers is the nearest float")]
fn as_float(number: i128) -> f64 {
    number as f64
}

fn too_large(schema: &Schema, column: &ColumnDef) -> Error {
    Error::internal(format!(
        "the sum of `{}` in `{}` does not fit in 64 bits: sum fewer rows at a time",
        column.name, schema.table
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_decimals_is_rounded_half_away_from_zero() {
        for (sum, count, expected) in [(5, 2, 3), (-5, 2, -3), (7, 3, 2), (8, 3, 3), (0, 3, 0), (-1, 3, 0)] {
            let units = Fixed { units: expected, scale: 2 };
            assert_eq!(mean(Kind::Decimal(2), sum, count), Value::Decimal(units), "{sum} / {count}");
        }
        let most = i128::from(i64::MAX);
        let units = Fixed { units: i64::MAX, scale: 0 };
        assert_eq!(mean(Kind::Decimal(0), most * 3, 3), Value::Decimal(units));
        assert_eq!(mean(Kind::Int, 1, 0), Value::Null);
    }
}
