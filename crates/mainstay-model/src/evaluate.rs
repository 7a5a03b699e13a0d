use std::cmp::Ordering;

use mainstay_kernel::Value;

use crate::{Compare, Predicate};

/// What `predicate` says of a row: true, false, or unknown (`None`), as SQL would.
pub fn evaluate(predicate: &Predicate, row: &[Value]) -> Option<bool> {
    match predicate {
        Predicate::Always => Some(true),
        Predicate::Never => Some(false),
        Predicate::Not(it) => evaluate(it, row).map(|it| !it),
        Predicate::And(all) => all.iter().try_fold_truth(row, false),
        Predicate::Or(any) => any.iter().try_fold_truth(row, true),
        Predicate::Compare { column, .. } | Predicate::In { column, .. } | Predicate::IsNull(column) => {
            atom(predicate, row.get(*column).unwrap_or(&Value::Null))
        }
    }
}

/// Kleene's `and` and `or`: one decisive value decides, else one unknown makes all unknown.
trait FoldTruth<'a> {
    fn try_fold_truth(self, row: &[Value], decisive: bool) -> Option<bool>;
}

impl<'a, I: Iterator<Item = &'a Predicate>> FoldTruth<'a> for I {
    fn try_fold_truth(self, row: &[Value], decisive: bool) -> Option<bool> {
        let mut truth = Some(!decisive);
        for it in self {
            match evaluate(it, row) {
                Some(value) if value == decisive => return Some(decisive),
                Some(_) => {}
                None => truth = None,
            }
        }
        truth
    }
}

/// What a predicate on one column says of that column's value.
pub(crate) fn atom(predicate: &Predicate, value: &Value) -> Option<bool> {
    match predicate {
        Predicate::IsNull(_) => Some(value.is_null()),
        Predicate::Compare { compare, operand, .. } => {
            let order = order(value, operand.as_ref()?)?;
            Some(match compare {
                Compare::Equal => order.is_eq(),
                Compare::NotEqual => order.is_ne(),
                Compare::Less => order.is_lt(),
                Compare::LessOrEqual => order.is_le(),
                Compare::Greater => order.is_gt(),
                Compare::GreaterOrEqual => order.is_ge(),
            })
        }
        Predicate::In { values, .. } => {
            if values.is_empty() {
                return Some(false);
            }
            if value.is_null() {
                return None;
            }
            Some(values.iter().any(|it| order(value, it) == Some(Ordering::Equal)))
        }
        Predicate::Always | Predicate::Never | Predicate::And(_) | Predicate::Or(_) | Predicate::Not(_) => {
            None
        }
    }
}

/// How two values of one kind compare in the stores; unknown when one is missing or they differ in
/// kind.
pub(crate) fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Json(a), Value::Json(b)) if a == b => Some(Ordering::Equal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(column: usize, value: i64) -> Predicate {
        Predicate::same(column, &Value::Int(value))
    }

    #[test]
    fn a_missing_operand_is_never_true_nor_false() {
        let missing = Predicate::Compare { column: 0, compare: Compare::Equal, operand: None };
        let row = [Value::Int(1)];
        assert_eq!(evaluate(&missing, &row), None);
        assert_eq!(evaluate(&!missing.clone(), &row), None);
        assert_eq!(evaluate(&missing.clone().or(is(0, 1)), &row), Some(true));
        assert_eq!(evaluate(&missing.and(is(0, 2)), &row), Some(false));
    }

    #[test]
    fn a_scope_after_an_update_judges_the_assigned_value() {
        let mine = is(1, 7);
        assert_eq!(mine.clone().after(&[(1, Value::Int(8))]), Predicate::Never);
        assert_eq!(mine.clone().after(&[(1, Value::Int(7))]), Predicate::Always);
        assert_eq!(mine.clone().after(&[(0, Value::Int(8))]), mine);
        let unknown = (!mine).after(&[(1, Value::Null)]);
        assert_eq!(evaluate(&unknown, &[]), None, "not-unknown is unknown");
    }
}
