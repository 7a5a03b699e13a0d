//! A small history in which everything holds, for tests to break.

use serde_json::json;

use crate::history::{Answer, Call, Deed, History, Kept, Wish};

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.to_owned() }
}

fn call(history: &mut History, wish: Wish, answers: Vec<Answer>) {
    let op = wish.op().clone();
    if let Some(first) = answers.first().filter(|it| it.is_final()) {
        let body = serde_json::from_str(&first.body).unwrap();
        history.state.results.insert(op.clone(), Kept { status: first.status, body });
        if first.status == 200 {
            deed(history, "done", &op, None);
        }
    }
    history.calls.insert(op, Call { wish, answers, others: Vec::new() });
}

pub(super) fn deed(history: &mut History, kind: &str, op: &str, task: Option<&str>) {
    let deed = Deed { kind: kind.to_owned(), op: op.to_owned(), task: task.map(str::to_owned) };
    history.state.deeds.push(deed);
}

fn append(op: &str, read: &[&str], write: &[&str], refuse: bool) -> Wish {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Wish::Append { op: op.to_owned(), read: owned(read), write: owned(write), refuse }
}

/// `a` and `b` append, `t` moves money, `r` reminds, `s` is taken back by `c`, `d` dies, `n` is refused and `u` was
/// never heard of.
pub(super) fn sound() -> History {
    let mut history = History { opening_balance: 100, ..History::default() };
    let it = &mut history;
    let twice = |body: &str| vec![answer(200, body), answer(200, body)];
    call(it, append("a", &["y"], &["x"], false), twice(r#"{"seen":{"x":[],"y":[]}}"#));
    call(it, append("b", &["x"], &["x", "y"], false), twice(r#"{"seen":{"x":["a"],"y":[]}}"#));
    let refused = r#"{"error":"refused"}"#;
    call(it, append("n", &[], &["x"], true), vec![answer(409, refused)]);
    call(it, append("u", &[], &["x"], false), vec![answer(503, "{}")]);
    let transfer = Wish::Transfer { op: "t".into(), from: "p".into(), to: "q".into(), amount: 30 };
    call(it, transfer, twice("null"));
    for (op, dies) in [("r", false), ("s", false), ("d", true)] {
        call(it, Wish::Remind { op: op.into(), after: 5, dies, stumbles: 0 }, twice("null"));
    }
    call(it, Wish::Cancel { op: "c".into(), target: "s".into() }, twice(r#"{"cancelled":true}"#));
    it.calls.get_mut("a").unwrap().others.push(answer(409, r#"{"error":"request_id_conflict"}"#));

    for op in ["a", "b"] {
        deed(it, "note", op, Some(op));
    }
    deed(it, "ring", "r", Some("r"));
    it.state.dead.push(("ring".into(), "d".into()));
    for (name, ops) in [("x", vec!["a", "b"]), ("y", vec!["b"]), ("p", vec!["t"])] {
        let ops: Vec<String> = ops.into_iter().map(str::to_owned).collect();
        it.state.journals.insert(name.into(), ops.clone());
        it.state.echoes.insert(name.into(), ops);
    }
    it.state.accounts = [("p".into(), 70), ("q".into(), 130)].into();
    for second in [11, 12, 13] {
        it.state.ticks.push(second);
        deed(it, "tick", "", Some(&format!("tick {second}")));
    }
    history
}

/// The history in which an append of this name, which saw this, comes last.
pub(super) fn with_append(op: &str, seen: &serde_json::Value) -> History {
    let mut history = sound();
    let write: Vec<&str> = vec!["x"];
    let body = json!({ "seen": seen }).to_string();
    call(&mut history, append(op, &["y"], &write, false), vec![answer(200, &body)]);
    deed(&mut history, "note", op, Some(op));
    for lists in [&mut history.state.journals, &mut history.state.echoes] {
        lists.get_mut("x").unwrap().push(op.to_owned());
    }
    history
}
