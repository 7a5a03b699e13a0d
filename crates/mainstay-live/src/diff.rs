//! What turns the rows that somebody has into those that a query gives now.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::edit::{Edit, edits};

/// A row as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its key.
    pub(crate) id: Uuid,
    /// The row, as a JSON object.
    pub(crate) body: Box<RawValue>,
}

/// One step from a list to another. Steps are taken in their order; an index is a place in the list as the steps before have
/// left it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum Op {
    /// This row goes in at this place.
    Add {
        /// The place, from 0.
        index: usize,
        /// The row.
        row: Box<RawValue>,
    },
    /// This row is another in some fields.
    Update {
        /// Its key.
        row_id: Uuid,
        /// How, by [RFC 6902](https://www.rfc-editor.org/rfc/rfc6902).
        patch: Vec<Edit>,
    },
    /// This row is taken out, and goes in at this place.
    Move {
        /// Its key.
        row_id: Uuid,
        /// The place, from 0, once it is out.
        index: usize,
    },
    /// This row goes.
    Remove {
        /// Its key: whatever it was is not told.
        row_id: Uuid,
    },
}

/// The steps from `before` to `after`: what goes goes first, as few rows move as can be, and a row that is another is told by
/// what is other in it.
///
/// # Errors
/// When a row is no JSON.
pub(crate) fn diff(before: &[Shown], after: &[Shown]) -> serde_json::Result<Vec<Op>> {
    let places: HashMap<Uuid, usize> = after.iter().enumerate().map(|(place, it)| (it.id, place)).collect();
    let (kept, gone): (Vec<&Shown>, Vec<&Shown>) = before.iter().partition(|it| places.contains_key(&it.id));
    let mut ops: Vec<Op> = gone.into_iter().map(|it| Op::Remove { row_id: it.id }).collect();
    let targets: Vec<usize> = kept.iter().map(|it| places[&it.id]).collect();
    let stays: HashSet<Uuid> = longest_rising(&targets).into_iter().map(|at| kept[at].id).collect();
    ops.extend(place_all(&kept, &stays, after));
    for old in kept {
        let new = &after[places[&old.id]];
        if old.body.get() != new.body.get() {
            ops.extend(update(old, new)?);
        }
    }
    Ok(ops)
}

/// Puts each row of `after` behind the one before it, but for those that stay: around them the others come to stand.
fn place_all(kept: &[&Shown], stays: &HashSet<Uuid>, after: &[Shown]) -> Vec<Op> {
    let mut list: Vec<Uuid> = kept.iter().map(|it| it.id).collect();
    let held: HashSet<Uuid> = list.iter().copied().collect();
    let mut ops = Vec::new();
    let mut previous = None;
    for row in after {
        if !stays.contains(&row.id) {
            list.retain(|id| *id != row.id);
            let index = previous
                .and_then(|previous| list.iter().position(|id| *id == previous))
                .map_or(0, |place| place + 1);
            list.insert(index, row.id);
            ops.push(match held.contains(&row.id) {
                true => Op::Move { row_id: row.id, index },
                false => Op::Add { index, row: row.body.clone() },
            });
        }
        previous = Some(row.id);
    }
    ops
}

/// None where the texts differ and the rows do not.
fn update(old: &Shown, new: &Shown) -> serde_json::Result<Option<Op>> {
    let (from, to) = (serde_json::from_str(old.body.get())?, serde_json::from_str(new.body.get())?);
    let patch = edits(&from, &to);
    Ok((!patch.is_empty()).then_some(Op::Update { row_id: new.id, patch }))
}

/// The places of a longest rising part of this, by patience sorting (Fredman, 1975).
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; numbers.len()];
    for (place, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|&end| numbers[end] < *number);
        before[place] = length.checked_sub(1).map(|it| ends[it]);
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut rising = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(place) = next {
        rising.push(place);
        next = before[place];
    }
    rising.reverse();
    rising
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json, to_string, value::to_raw_value};

    use super::*;

    fn shown(key: u128, title: u8) -> Shown {
        let id = Uuid::from_u128(key);
        Shown { id, body: to_raw_value(&json!({ "id": id, "title": title })).unwrap() }
    }

    fn list(keys: &[u128]) -> Vec<Shown> {
        keys.iter().map(|it| shown(*it, 0)).collect()
    }

    /// What a client does, from what it is sent.
    fn apply(rows: &mut Vec<Json>, op: &Json) {
        let at = |rows: &[Json]| rows.iter().position(|row| row["id"] == op["rowId"]).unwrap();
        let index = || usize::try_from(op["index"].as_u64().unwrap()).unwrap();
        match op["op"].as_str().unwrap() {
            "add" => rows.insert(index(), op["row"].clone()),
            "remove" => drop(rows.remove(at(rows))),
            "move" => {
                let row = rows.remove(at(rows));
                rows.insert(index(), row);
            }
            "update" => {
                let place = at(rows);
                let patch: json_patch::Patch = serde_json::from_value(op["patch"].clone()).unwrap();
                json_patch::patch(&mut rows[place], &patch).unwrap();
            }
            other => panic!("{other} is no step"),
        }
    }

    fn rows(list: &[Shown]) -> Vec<Json> {
        list.iter().map(|it| serde_json::from_str(it.body.get()).unwrap()).collect()
    }

    fn sent(before: &[Shown], after: &[Shown]) -> Vec<Json> {
        let ops = diff(before, after).unwrap();
        ops.iter().map(|op| serde_json::from_str(&to_string(op).unwrap()).unwrap()).collect()
    }

    fn lists() -> impl Strategy<Value = Vec<Shown>> {
        let keys = proptest::sample::subsequence((0..12u128).collect::<Vec<_>>(), 0..12).prop_shuffle();
        keys.prop_flat_map(|keys| {
            let titles = proptest::collection::vec(0..3u8, keys.len());
            titles.prop_map(move |titles| {
                keys.iter().zip(titles).map(|(key, title)| shown(*key, title)).collect()
            })
        })
    }

    proptest! {
        #[test]
        fn whoever_takes_the_steps_has_the_rows(before in lists(), after in lists()) {
            let mut had = rows(&before);
            for op in sent(&before, &after) {
                apply(&mut had, &op);
            }
            prop_assert_eq!(had, rows(&after));
        }
    }

    #[test]
    fn a_row_that_moves_is_the_only_one_that_does() {
        let moved = sent(&list(&[1, 2, 3, 4]), &list(&[4, 1, 2, 3]));
        assert_eq!(moved, [json!({ "op": "move", "rowId": Uuid::from_u128(4), "index": 0 })]);
        let moved = sent(&list(&[1, 2, 3, 4]), &list(&[2, 3, 4, 1]));
        assert_eq!(moved, [json!({ "op": "move", "rowId": Uuid::from_u128(1), "index": 3 })]);
    }

    #[test]
    fn what_goes_goes_before_anything_comes() {
        let ops = sent(&list(&[1, 2]), &list(&[3, 1]));
        let kinds: Vec<_> = ops.iter().map(|op| op["op"].clone()).collect();
        assert_eq!(kinds, ["remove", "add"]);
        assert_eq!(ops[0], json!({ "op": "remove", "rowId": Uuid::from_u128(2) }), "nothing is told of it");
    }

    #[test]
    fn a_change_is_told_by_the_fields_that_changed() {
        let ops = sent(&[shown(1, 0)], &[shown(1, 2)]);
        let patch = json!([{ "op": "replace", "path": "/title", "value": 2 }]);
        assert_eq!(ops, [json!({ "op": "update", "rowId": Uuid::from_u128(1), "patch": patch })]);
    }

    #[test]
    fn the_same_rows_take_no_steps() {
        assert_eq!(sent(&list(&[1, 2]), &list(&[1, 2])), Vec::<Json>::new());
    }
}
