use mainstay::kernel::{Caller, Kind, Pattern, Search, Value};
use mainstay::model::{
    Atom, Compare, Count, Exists, Expand, Field as _, Json, ListQuery, ModelEntry, Predicate, Schema,
    Searched, Sort, Subject, Visible, parse_list,
};
use mainstay::serde_json;

use super::world::World;
use super::{spelling, values};
use crate::dice::Dice;
use crate::searching::alike;

/// A condition, an order and a window.
#[derive(Debug)]
pub(super) struct Question {
    /// All that must hold of a row.
    pub(super) predicate: Predicate,
    /// The part of it that a scope would add.
    scope: Predicate,
    /// Ends with the key.
    pub(super) sorts: Vec<Sort>,
    pub(super) limit: usize,
    offset: u64,
    /// Whether to go on by cursor to the end.
    pub(super) walks: bool,
    /// The condition as a client would spell it, where a client can.
    spelt: Option<serde_json::Value>,
}

impl Question {
    pub(super) fn new(dice: &mut Dice, world: &World) -> Self {
        let schema = world.schema;
        let depth = dice.below(4);
        let predicate = predicate(dice, schema, depth);
        let searches = !schema.search.is_empty() && dice.roll(4) == 0;
        let search = searches.then(|| alike::search(dice));
        let scope = scope(dice, world);
        let walks = dice.roll(2) == 0;
        Self {
            spelt: spelling::steps(schema, &predicate, search.as_ref()),
            predicate: scope
                .clone()
                .and(predicate)
                .and(search.map_or(Predicate::Always, |it| searched(schema, it))),
            scope,
            sorts: sorts(dice, schema),
            limit: 1 + dice.below(9),
            offset: if walks { 0 } else { dice.roll(12) },
            walks,
        }
    }

    /// The question as it is asked: by a client's steps where it can be.
    pub(super) fn asked(&self, entry: &ModelEntry) -> ListQuery {
        let filter = match &self.spelt {
            Some(steps) => {
                let pairs = [("__query".to_owned(), steps.to_string())];
                let asked = parse_list(entry, &[], &Caller::Anonymous, &pairs)
                    .unwrap_or_else(|error| panic!("{error:?} of {steps}"));
                self.scope.clone().and(asked.filter)
            }
            None => self.predicate.clone(),
        };
        ListQuery {
            filter,
            sorts: self.sorts.clone(),
            limit: self.limit as u64,
            offset: self.offset,
            after: None,
            count: Count::Capped,
            visible: Visible::to(entry.schema, &Caller::Anonymous),
            expand: Expand::default(),
        }
    }

    /// The order as a parameter, without the key at the end where it goes without saying.
    pub(super) fn sort(&self, schema: &Schema) -> String {
        let parts = self.sorts.iter().map(|sort| {
            format!("{}{}", if sort.descending { "-" } else { "" }, schema.columns[sort.column].field)
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

pub(super) fn sorts(dice: &mut Dice, schema: &Schema) -> Vec<Sort> {
    let mut sorts: Vec<Sort> = Vec::new();
    for _ in 0..dice.below(4) {
        let column = dice.below(schema.columns.len());
        let used = sorts.iter().any(|it| it.column == column);
        if !used && schema.columns[column].kind != Kind::Json {
            sorts.push(Sort { column, descending: dice.roll(2) == 0 });
        }
    }
    if !sorts.iter().any(|it| it.column == schema.id()) {
        sorts.push(Sort { column: schema.id(), descending: dice.roll(4) == 0 });
    }
    sorts
}

/// A look at the rows elsewhere, as scopes take it: by their key (`readable_by`, `within`), or by another
/// column (`among`).
pub(super) fn scope(dice: &mut Dice, world: &World) -> Predicate {
    let Some(another) = world.elsewhere.as_ref().filter(|_| dice.roll(3) == 0) else {
        return Predicate::Always;
    };
    let keys = |schema: &Schema| -> Vec<usize> {
        let columns = schema.columns.iter().enumerate().filter(|(_, it)| it.kind == Kind::Uuid);
        columns.map(|(position, _)| position).collect()
    };
    let subject = Subject::Column(dice.one(&keys(world.schema)[1..]));
    let column = if dice.roll(2) == 0 { 0 } else { dice.one(&keys(another.schema)) };
    let depth = dice.below(3);
    let rows = predicate(dice, another.schema, depth);
    let look = Predicate::Exists(Box::new(Exists { subject, schema: another.schema, column, rows }));
    match dice.roll(4) {
        0 => !look,
        1 => look.or(atom(dice, world.schema)),
        _ => look,
    }
}

fn searched(schema: &Schema, search: Search) -> Predicate {
    let fields = schema.search.iter().map(|&it| Subject::Column(it)).collect();
    Predicate::Search(Box::new(Searched { search, fields }))
}

pub(super) fn predicate(dice: &mut Dice, schema: &Schema, depth: usize) -> Predicate {
    if depth == 0 {
        return atom(dice, schema);
    }
    let several = |dice: &mut Dice| -> Vec<Predicate> {
        (0..=dice.below(3)).map(|_| predicate(dice, schema, depth - 1)).collect()
    };
    match dice.roll(6) {
        0 | 1 => several(dice).into_iter().fold(Predicate::Always, Predicate::and),
        2 | 3 => several(dice).into_iter().fold(Predicate::Never, Predicate::or),
        4 => !predicate(dice, schema, depth - 1),
        _ => atom(dice, schema),
    }
}

fn atom(dice: &mut Dice, schema: &Schema) -> Predicate {
    let column = dice.below(schema.columns.len());
    let kind = schema.columns[column].kind;
    match (dice.roll(20), kind) {
        (0, _) => Predicate::Unknown,
        (3, _) if !schema.search.is_empty() && dice.roll(4) == 0 => searched(schema, alike::search(dice)),
        (1 | 2, _) => Predicate::Column(column, Atom::IsNull),
        (_, Kind::Json) => Predicate::Column(column, of_json(dice)),
        (3..8, Kind::Text) => Predicate::Column(column, Atom::Like(pattern(dice))),
        (8 | 9, Kind::Text) => Predicate::starts_with(column, &values::text(dice)),
        (10..13, _) => {
            let values = (0..dice.below(4)).map(|_| values::value(kind, dice)).collect();
            Predicate::Column(column, Atom::In(values))
        }
        _ => Predicate::Column(column, compared(dice, kind)),
    }
}

fn compared(dice: &mut Dice, kind: Kind) -> Atom {
    let compare = dice.one(&[
        Compare::Equal,
        Compare::NotEqual,
        Compare::Less,
        Compare::LessOrEqual,
        Compare::Greater,
        Compare::GreaterOrEqual,
    ]);
    Atom::Compare(compare, values::value(kind, dice))
}

fn pattern(dice: &mut Dice) -> Pattern {
    let text = values::text(dice);
    match dice.roll(3) {
        0 => Pattern::like(&text),
        1 => Pattern::ilike(&text),
        _ => Pattern::containing(&text),
    }
}

fn of_json(dice: &mut Dice) -> Atom {
    let path: Vec<String> = (0..=dice.below(2)).map(|_| values::key(dice)).collect();
    let Value::Json(json) = Json(values::document(dice, 1)).into_value() else {
        panic!("JSON becomes JSON");
    };
    match dice.roll(3) {
        0 => Atom::Contains(json),
        1 if !json.is_null() => Atom::PathIs(path, json),
        _ => Atom::PathIsNull(path),
    }
}
