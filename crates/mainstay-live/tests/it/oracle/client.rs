use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use mainstay::kernel::changes::Token;
use mainstay::kernel::{Caller, Db, Principal};
use mainstay::model::list::list;
use mainstay::model::{Count, Totals};
use mainstay_live::{Client, Live, SubId};
use serde_json::Value as Json;

use super::question::Question;
use crate::dice::Dice;

/// Somebody who follows lists, and applies what is sent.
pub(crate) struct Viewer {
    who: Caller,
    client: Client,
    lists: BTreeMap<u64, Followed>,
}

/// A list, as it stands here.
struct Followed {
    question: Question,
    has: Option<Has>,
    /// The moment of what it has.
    token: Option<Token>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Has {
    rows: Vec<Json>,
    total: Option<u64>,
}

impl Viewer {
    pub(crate) fn new(live: &Live, people: &[uuid::Uuid], dice: &mut Dice) -> Self {
        let id = dice.pick(people);
        let roles = if dice.roll(3) == 0 { vec!["editor".to_owned()] } else { Vec::new() };
        let who = match id {
            Some(id) => Caller::User(Box::new(Principal { id, roles, ..Principal::default() })),
            None => Caller::Anonymous,
        };
        let mut viewer = Self { who, client: live.client(), lists: BTreeMap::new() };
        viewer.follow(dice);
        viewer
    }

    /// Follows another list, or leaves one.
    pub(crate) fn follow(&mut self, dice: &mut Dice) {
        let number = dice.roll(3);
        if dice.roll(4) == 0 {
            self.lists.remove(&number);
            return self.client.leave(SubId(number));
        }
        let question = Question::new(dice, &self.who);
        let standing = question.standing(&self.who);
        self.client.follow(SubId(number), standing);
        self.lists.insert(number, Followed { question, has: None, token: None });
    }

    /// Loses its connection and comes back: it goes on with what it has, if it knows of when that is.
    pub(crate) fn come_back(&mut self, live: &Live) {
        self.client = live.client();
        for (number, Followed { question, token, .. }) in &self.lists {
            let standing = question.standing(&self.who);
            match token {
                Some(token) => self.client.resume(SubId(*number), standing, token.clone()),
                None => self.client.follow(SubId(*number), standing),
            }
        }
    }

    /// Takes in all that is on its way.
    pub(crate) async fn take_in(&mut self, live: &Live) {
        loop {
            live.catch_up().await;
            let mut some = false;
            while let Some(frame) = self.client.next().now_or_never() {
                some = true;
                self.apply(&frame.expect("live queries that go on"));
            }
            if !some {
                return;
            }
        }
    }

    fn apply(&mut self, frame: &str) {
        let frame: Json = serde_json::from_str(frame).expect("JSON");
        let token = frame["token"].as_str().map(|it| it.parse::<Token>().expect("a token"));
        match frame["t"].as_str().expect("a kind") {
            "snap" => {
                let id = frame["id"].as_u64().expect("a number");
                // One that was left, or replaced by another list, may still be on its way.
                let Some(list) = self.lists.get_mut(&id) else { return };
                let rows = frame["rows"].as_array().expect("rows").clone();
                list.has = Some(Has { rows, total: frame["total"].as_u64() });
                list.token = token;
            }
            "ops" => {
                for sub in frame["subs"].as_array().expect("subscriptions") {
                    let id = sub["id"].as_u64().expect("a number");
                    let Some(Followed { has: Some(has), .. }) = self.lists.get_mut(&id) else { continue };
                    has.apply(sub);
                }
                // Nothing else has changed for this client.
                for list in self.lists.values_mut().filter(|it| it.has.is_some()) {
                    list.token.clone_from(&token);
                }
            }
            "resumed" => {}
            other => panic!("nobody said `{other}`: {frame}"),
        }
    }

    /// What it has is what the lists give.
    pub(crate) async fn compare(&self, db: &Db, said: &str) {
        for Followed { question, has, .. } in self.lists.values() {
            let query = &question.query;
            let page = list(&db.reader(), question.model, &self.who, query, &Totals::default()).await;
            let page = page.expect("a list");
            let rows: Vec<Json> = serde_json::from_slice(&page.rows).expect("JSON");
            let total = page.total.filter(|_| query.count != Count::None);
            let expected = Has { rows, total };
            let has = has.clone().unwrap_or_default();
            assert_eq!(has, expected, "{said}: {} of {:?}", question.model.schema.plural, question.asked);
        }
    }
}

impl Has {
    fn apply(&mut self, told: &Json) {
        for op in told["ops"].as_array().expect("steps") {
            let at = |rows: &[Json]| {
                rows.iter().position(|row| row["id"] == op["rowId"]).expect("a row that it has")
            };
            let index = || usize::try_from(op["index"].as_u64().expect("a place")).expect("a place");
            match op["op"].as_str().expect("a step") {
                "add" => self.rows.insert(index(), op["row"].clone()),
                "remove" => drop(self.rows.remove(at(&self.rows))),
                "move" => {
                    let row = self.rows.remove(at(&self.rows));
                    self.rows.insert(index(), row);
                }
                "update" => {
                    let place = at(&self.rows);
                    let patch: json_patch::Patch =
                        serde_json::from_value(op["patch"].clone()).expect("a patch");
                    json_patch::patch(&mut self.rows[place], &patch).expect("a patch that fits");
                }
                other => panic!("`{other}` is no step"),
            }
        }
        if let Some(total) = told["total"].as_u64() {
            self.total = Some(total);
        }
    }
}
