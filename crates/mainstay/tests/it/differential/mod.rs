//! Whatever is asked of whatever rows, the store answers what a naive reading of the rows in memory
//! does: the same rows, in the same order, page by page.
//!
//! A world is a random schema with random rows, and another one beside it; each is asked a number of
//! questions. `MAINSTAY_WORLD=n` asks one world alone, `MAINSTAY_WORLDS=n` that many of them.

mod grouping;
mod naive;
mod question;
mod spelling;
mod truth;
mod values;
mod world;

use mainstay::kernel::{Caller, Db};
use mainstay::model::list::{Page, list};
use mainstay::model::{Count, ListQuery, ModelEntry, Order, Totals, Visible, additive, parse_list};

use self::question::Question;
use self::world::World;
use crate::dice::Dice;

const WORLDS: u64 = 40;
const QUESTIONS: u64 = 55;

#[mainstay::test]
async fn every_list_is_what_memory_says(db: Db) {
    for seed in worlds() {
        let mut dice = Dice::new(seed);
        let mut world = World::with_another(&mut dice, seed);
        let _ = additive::apply(&db, &world.schemas()).await.expect("a table");
        world.fill(&db, &mut dice).await;
        for number in 0..QUESTIONS {
            let question = Question::new(&mut dice, &world);
            let asked = format!("MAINSTAY_WORLD={seed}, question {number}: {question:?}");
            answered(&db, &world, &question, &asked).await;
        }
    }
}

fn worlds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().expect("a whole number"));
    match number("MAINSTAY_WORLD") {
        Some(world) => world..world + 1,
        None => 0..number("MAINSTAY_WORLDS").unwrap_or(WORLDS),
    }
}

/// Asks the store and compares, through all pages when the question is a walk.
async fn answered(db: &Db, world: &World, question: &Question, asked: &str) {
    let entry = ModelEntry::of_schema(world.schema);
    let matching = world.matching(question);
    let mut query = question.asked(&entry);
    let mut start = usize::try_from(query.offset).unwrap_or(usize::MAX);
    loop {
        let page = ask(db, &entry, &query).await;
        let until = start.saturating_add(question.limit).min(matching.len());
        let expected = world.shown(matching.get(start..until).unwrap_or_default());
        assert_eq!(String::from_utf8_lossy(&page.rows), expected, "from {start}, {asked}");
        assert_eq!(page.total, Some(matching.len() as u64), "{asked}");
        assert_eq!(page.next.is_some(), until < matching.len(), "{asked}");
        let Some(next) = page.next else { return };
        if !question.walks {
            return;
        }
        start = until;
        let cursor = [("sort".to_owned(), question.sort(world.schema)), ("cursor".to_owned(), next)];
        let gone_on = parse_list(&entry, &[], &Caller::Anonymous, &cursor).expect("a cursor of ours");
        assert_eq!(gone_on.sorts, query.sorts, "{asked}");
        query = ListQuery { after: gone_on.after, offset: 0, ..query };
    }
}

async fn ask(db: &Db, entry: &ModelEntry, query: &ListQuery) -> Page {
    assert_eq!(query.count, Count::Capped);
    let answer = list(&db.reader(), entry, &Caller::Anonymous, query, &Totals::default()).await;
    answer.unwrap_or_else(|error| panic!("{error:?} for {query:?}"))
}

impl World {
    /// The rows for which the question's condition holds, in its order.
    fn matching(&self, question: &Question) -> Vec<&mainstay::model::Record> {
        let holds =
            |row: &&mainstay::model::Record| naive::holds(&question.predicate, self, row) == Some(true);
        let mut rows: Vec<_> = self.rows.iter().filter(holds).collect();
        rows.sort_by(|one, other| {
            let orders = question
                .sorts
                .iter()
                .map(|sort| values::order(&one.0[sort.column], &other.0[sort.column], sort.descending));
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let order = Order::new(self.schema, &question.sorts).expect("no order by JSON");
        assert!(
            rows.is_sorted_by(|one, other| order.compare(&one.0, &other.0).is_lt()),
            "{:?}",
            question.sorts
        );
        rows
    }

    /// Rows as a list answers them.
    fn shown(&self, rows: &[&mainstay::model::Record]) -> String {
        let visible = Visible::to(self.schema, &Caller::Anonymous);
        let shown = rows.iter().map(|row| {
            let mut out = Vec::new();
            visible.write_record(self.schema, row, &mut out);
            String::from_utf8(out).expect("JSON")
        });
        format!("[{}]", shown.collect::<Vec<_>>().join(","))
    }
}
