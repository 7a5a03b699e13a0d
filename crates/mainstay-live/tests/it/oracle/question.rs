use mainstay::kernel::Caller;
use mainstay::model::{ListQuery, ModelEntry, Standing, parse_list};

use super::world::{Note, Person, Room};
use crate::dice::Dice;

/// A list that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) model: &'static ModelEntry,
    pub(crate) query: ListQuery,
    /// As it was asked.
    pub(crate) asked: Vec<(String, String)>,
}

static PERSON: ModelEntry = ModelEntry::of::<Person>();
static ROOM: ModelEntry = ModelEntry::of::<Room>();
static NOTE: ModelEntry = ModelEntry::of::<Note>();
static MODELS: [&ModelEntry; 3] = [&PERSON, &ROOM, &NOTE];

impl Question {
    pub(crate) fn new(dice: &mut Dice, who: &Caller) -> Self {
        let model = dice.one(&[&ROOM, &NOTE, &NOTE, &NOTE, &PERSON]);
        let mut asked = Vec::new();
        let mut ask = |name: &str, value: String| asked.push((name.to_owned(), value));
        ask("limit", (1 + dice.roll(6)).to_string());
        match model.schema.name {
            "note" => notes(dice, &mut ask),
            "room" => rooms(dice, &mut ask),
            _ => {
                if dice.roll(2) == 0 {
                    ask("sort", "-name".to_owned());
                }
            }
        }
        match dice.roll(4) {
            0 => ask("page", (1 + dice.roll(3)).to_string()),
            1 => ask("count", "none".to_owned()),
            _ => {}
        }
        let query =
            parse_list(model, &MODELS, who, &asked).unwrap_or_else(|error| panic!("{error:?}: {asked:?}"));
        Self { model, query, asked }
    }
}

impl Question {
    pub(crate) fn standing(&self, who: &Caller) -> Standing {
        Standing::new(self.model, who, self.query.clone()).expect("a scope that lets it")
    }
}

fn rooms(dice: &mut Dice, ask: &mut impl FnMut(&str, String)) {
    if dice.roll(2) == 0 {
        ask("where[rank][gte]", dice.roll(5).to_string());
    }
    if dice.roll(2) == 0 {
        ask("sort", dice.one(&["rank", "-rank", "open,-rank"]).to_owned());
    }
    if dice.roll(3) == 0 {
        ask("expand", "owner".to_owned());
    }
}

fn notes(dice: &mut Dice, ask: &mut impl FnMut(&str, String)) {
    if dice.roll(2) == 0 {
        let operator = dice.one(&["eq", "ne", "lt", "gte"]);
        ask(&format!("where[score][{operator}]"), dice.roll(6).to_string());
    }
    match dice.roll(6) {
        0 => ask("where[mark]", "true".to_owned()),
        1 => ask("where[text][like]", "%a%".to_owned()),
        2 => ask("where[score][null]", dice.one(&["true", "false"]).to_owned()),
        3 => ask("where[text][in]", "a,bb".to_owned()),
        _ => {}
    }
    if dice.roll(3) > 0 {
        ask("sort", dice.one(&["score", "-score", "text,-score", "-mark,score", "room"]).to_owned());
    }
    match dice.roll(5) {
        0 => ask("expand", "room".to_owned()),
        1 => ask("select", "text".to_owned()),
        _ => {}
    }
}
