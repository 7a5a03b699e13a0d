use mainstay_kernel::Value;

use crate::Predicate;

/// What `predicate` says of a row: true, false, or unknown (`None`), as SQL would. Where it looks at
/// rows of other models it is unknown.
pub fn evaluate(predicate: &Predicate, row: &[Value]) -> Option<bool> {
    match predicate {
        Predicate::Always => Some(true),
        Predicate::Never => Some(false),
        Predicate::Unknown => None,
        Predicate::Not(it) => evaluate(it, row).map(|it| !it),
        Predicate::And(all) => all.iter().try_fold_truth(row, false),
        Predicate::Or(any) => any.iter().try_fold_truth(row, true),
        Predicate::Exists(_) => None,
        Predicate::Search(it) => Some(it.finds(row)),
        Predicate::Column(column, atom) => atom.holds(row.get(*column).unwrap_or(&Value::Null)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compare;

    fn is(column: usize, value: i64) -> Predicate {
        Predicate::same(column, &Value::Int(value))
    }

    #[test]
    fn a_missing_operand_is_never_true_nor_false() {
        let missing = Predicate::compare(0, Compare::Equal, None);
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
