//! I11: the transactions have an order in which each sees exactly what those before it did.
//!
//! Each operation appends its own name to journals, and is answered with what they held before. The final journals
//! give the order of the versions, a prefix of one tells which version was read, and so each dependency is known. A
//! history is serializable if and only if they have no cycle: Adya, Liskov and O'Neil, "Generalized Isolation Level
//! Definitions", ICDE 2000; to infer them from appends is Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies
//! from Experimental Observations", VLDB 2020.

use serde_json::Value;

use super::graph::{Edge, Graph, Step};
use crate::history::History;

pub(super) fn faults(history: &History) -> Vec<String> {
    let mut graph = Graph::default();
    for (name, ops) in &history.state.journals {
        ops.windows(2).for_each(|pair| graph.put(&pair[0], Edge::Ww, name, &pair[1]));
    }
    let mut faults = Vec::new();
    for (op, _, answer) in history.committed_calls() {
        for (name, seen) in answer["seen"].as_object().into_iter().flatten() {
            faults.extend(read(history, &mut graph, op, name, seen));
        }
    }
    // From the gravest: writes alone, what was read, what was overwritten.
    let cycle = [Edge::Ww, Edge::Wr, Edge::Rw].into_iter().find_map(|weakest| graph.cycle(weakest));
    faults.extend(cycle.map(|steps| told(&steps)));
    faults
}

/// Notes what it means that this operation saw this list.
fn read<'h>(
    history: &'h History,
    graph: &mut Graph<'h>,
    op: &'h str,
    name: &'h str,
    seen: &'h Value,
) -> Option<String> {
    let ops = history.state.journals.get(name).map(Vec::as_slice).unwrap_or_default();
    let seen: Vec<&str> = seen.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(aborted) = seen.iter().find(|it| !history.committed(it)) {
        return Some(format!("{op} saw {aborted} in {name}, which did not commit (G1a)"));
    }
    let is_prefix = seen.len() <= ops.len() && seen.iter().zip(ops).all(|(seen, op)| seen == op);
    if !is_prefix {
        let last = seen.last().copied().unwrap_or_default();
        return Some(format!(
            "{op} saw {} entries of {name}, up to {last}, which it never began with",
            seen.len()
        ));
    }
    if let Some(last) = seen.len().checked_sub(1) {
        graph.put(&ops[last], Edge::Wr, name, op);
    }
    if let Some(next) = ops.get(seen.len()) {
        graph.put(op, Edge::Rw, name, next);
    }
    None
}

fn told(steps: &[Step<'_>]) -> String {
    let reads = steps.iter().filter(|it| it.edge == Edge::Rw).count();
    let class = match reads {
        0 if steps.iter().all(|it| it.edge == Edge::Ww) => "G0",
        0 => "G1c",
        1 => "G-single",
        _ => "G2",
    };
    let around: String = steps.iter().map(ToString::to_string).collect();
    let first = steps.first().map(|it| it.from).unwrap_or_default();
    format!("transactions without an order ({class}): {around}{first}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{sound, with_append};
    use super::*;
    use crate::history::Kept;

    fn sees(history: &mut History, op: &str, seen: Value) {
        history.state.results.insert(op.to_owned(), Kept { status: 200, body: json!({ "seen": seen }) });
    }

    #[test]
    fn transactions_one_after_the_other_have_an_order() {
        assert!(faults(&with_append("e", &json!({ "x": ["a", "b"], "y": ["b"] }))).is_empty());
    }

    #[test]
    fn writes_in_two_orders_are_found() {
        let mut history = sound();
        history.state.journals.insert("y".into(), vec!["b".into(), "a".into()]);
        sees(&mut history, "a", json!({ "x": [] }));
        sees(&mut history, "b", json!({ "x": ["a"] }));
        let cycle = "transactions without an order (G0): a -ww(x)-> b -ww(y)-> a";
        let other = "transactions without an order (G0): b -ww(y)-> a -ww(x)-> b";
        assert!([cycle, other].contains(&faults(&history)[0].as_str()));
    }

    #[test]
    fn a_lost_update_is_found() {
        // It read x before b appended, and appended after.
        let history = with_append("e", &json!({ "x": ["a"], "y": ["b"] }));
        let found = faults(&history);
        assert!(found.len() == 1 && found[0].contains("G-single"), "{found:?}");
    }

    #[test]
    fn information_that_goes_around_is_found() {
        // `a` saw what `b` wrote to y, and `b` saw what `a` wrote to x.
        let mut history = sound();
        sees(&mut history, "a", json!({ "x": [], "y": ["b"] }));
        let found = faults(&history);
        assert!(found.len() == 1 && found[0].contains("G1c"), "{found:?}");
    }

    #[test]
    fn write_skew_is_found() {
        // Each of `a` and `e` read what the other one wrote to, before it did.
        let mut history = sound();
        history.state.journals = [("x".into(), vec!["a".into()]), ("y".into(), vec!["e".into()])].into();
        sees(&mut history, "a", json!({ "y": [] }));
        sees(&mut history, "b", json!({}));
        let mut skewed = with_append("e", &json!({}));
        skewed.state.journals = history.state.journals;
        skewed.state.results = history.state.results;
        sees(&mut skewed, "e", json!({ "x": [] }));
        let found = faults(&skewed);
        assert!(found.len() == 1 && found[0].contains("G2"), "{found:?}");
    }

    #[test]
    fn reads_of_what_never_was_are_found() {
        let aborted = with_append("e", &json!({ "x": ["n"] }));
        assert_eq!(faults(&aborted), ["e saw n in x, which did not commit (G1a)"]);
        let other_order = with_append("e", &json!({ "x": ["b"] }));
        assert_eq!(faults(&other_order), ["e saw 1 entries of x, up to b, which it never began with"]);
    }
}
