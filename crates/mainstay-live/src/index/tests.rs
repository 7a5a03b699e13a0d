use std::collections::BTreeSet;
use std::ops::{Bound, RangeBounds as _};
use std::time::{Duration, Instant};

use mainstay_kernel::{
    Date, EnumType, Fixed, IntoValue as _, Kind, Pattern, Place, Search, Timestamp, Value,
};
use mainstay_model::{
    Atom, ColumnDef, Compare, Exists, Judge, Part, Predicate, Read, Schema, Searched, Subject, Verdict,
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;

static MOOD: EnumType = EnumType { name: "mood", variants: &["poor", "fair", "good"] };

const fn column(name: &'static str, kind: Kind) -> ColumnDef {
    ColumnDef { optional: true, ..ColumnDef::new(name, kind, Part::Plain) }
}

static COLUMNS: [ColumnDef; 15] = [
    ColumnDef { part: Part::Id, optional: false, ..column("id", Kind::Uuid) },
    column("flag", Kind::Bool),
    column("count", Kind::Int),
    column("ratio", Kind::Float),
    column("title", Kind::Text),
    column("seal", Kind::Bytes),
    column("of", Kind::Uuid),
    column("at", Kind::Timestamp),
    column("price", Kind::Decimal(2)),
    column("day", Kind::Date),
    column("mood", Kind::Enum(&MOOD)),
    column("tags", Kind::Json),
    ColumnDef { optional: false, ..column("data", Kind::Json) },
    ColumnDef { read: Read::Private, ..column("secret", Kind::Int) },
    column("body", Kind::Text),
];

const COUNT: usize = 2;
const TITLE: usize = 4;
const OF: usize = 6;
const TAGS: usize = 11;
const DATA: usize = 12;
const SECRET: usize = 13;

static THINGS: Schema =
    Schema { live: true, ..Schema::new("thing", "things", &COLUMNS, Place::at(file!(), line!())) };

struct Dice(fastrand::Rng);

impl Dice {
    fn one<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.0.usize(..some.len())].clone()
    }

    fn text(&mut self) -> String {
        let pieces = ["a", "A", "b", "é", "%", "_", "\\", "\u{10ffff}", "longer than eight"];
        (0..self.0.usize(..4)).map(|_| self.one(&pieces)).collect()
    }

    fn json(&mut self, depth: usize) -> Json {
        let scalars = [json!(null), json!(true), json!(1), json!(1.0), json!(-0.5), json!("a"), json!("")];
        match if depth == 0 { 2 } else { self.0.usize(..4) } {
            0 => (0..self.0.usize(..4)).map(|_| self.json(depth - 1)).collect(),
            1 => {
                let members = (0..self.0.usize(..3)).map(|_| (self.key(), self.json(depth - 1)));
                Json::Object(members.collect())
            }
            _ => self.one(&scalars),
        }
    }

    fn key(&mut self) -> String {
        self.one(&["a", "b"]).to_owned()
    }

    fn value(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Bool => Value::Bool(self.0.bool()),
            Kind::Int => Value::Int(self.one(&[0, 1, 2, 3, 5, 8, -1, i64::MIN, i64::MAX])),
            Kind::Float => Value::Float(self.one(&[0.0, -0.0, 0.1, -0.1, 1e300, -1e300, 5e-324, f64::MAX])),
            Kind::Text => Value::Text(self.text()),
            Kind::Bytes => Value::Bytes(self.text().into_bytes()),
            Kind::Uuid => Value::Uuid(Uuid::from_u128(self.0.u128(..4))),
            Kind::Timestamp => {
                Value::Timestamp(Timestamp::from_micros(self.one(&[0, 1, -1, i64::MIN, i64::MAX])))
            }
            Kind::Json => Value::Json(self.json(2)),
            Kind::Decimal(scale) => {
                Value::Decimal(Fixed { units: self.one(&[0, 1, -1, 100, i64::MAX]), scale })
            }
            Kind::Date => Value::Date(Date::from_days(self.0.i64(-2..3))),
            Kind::Enum(of) => Value::Enum(of.at(self.0.usize(..of.variants.len()))),
        }
    }

    fn row(&mut self) -> Vec<Value> {
        let cell = |dice: &mut Self, column: &ColumnDef| match column.optional && dice.0.u8(..4) == 0 {
            true => Value::Null,
            // What no client sees is in no change.
            false if column.read == Read::Private => Value::Null,
            false => dice.value(column.kind),
        };
        COLUMNS.iter().map(|column| cell(self, column)).collect()
    }

    fn predicate(&mut self, depth: usize) -> Predicate {
        let several = |dice: &mut Self| -> Vec<Predicate> {
            (0..dice.0.usize(..4)).map(|_| dice.predicate(depth - 1)).collect()
        };
        match if depth == 0 { 9 } else { self.0.usize(..8) } {
            0 | 1 => Predicate::And(several(self)),
            2 => several(self).into_iter().fold(Predicate::Always, Predicate::and),
            3 | 4 => Predicate::Or(several(self)),
            5 => Predicate::Not(Box::new(self.predicate(depth - 1))),
            6 => !self.predicate(depth - 1),
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Predicate {
        let column = self.0.usize(..COLUMNS.len());
        let kind = COLUMNS[column].kind;
        let atom = match (self.0.u8(..20), kind) {
            (0, _) => return self.one(&[Predicate::Unknown, Predicate::Always, Predicate::Never]),
            (1, _) => return self.elsewhere(),
            (2, _) => return self.search(),
            (3 | 4, _) => Atom::IsNull,
            (5..8, Kind::Json) => Atom::PathIs(vec![self.key()], self.json(1)),
            (8..10, Kind::Json) => Atom::PathIsNull(self.one(&[vec![], vec!["a".to_owned()]])),
            (_, Kind::Json) => Atom::Contains(self.json(2)),
            (5..9, Kind::Text) => Atom::Like(self.pattern()),
            (9, Kind::Text) => return Predicate::starts_with(column, &self.text()),
            (10..13, _) => Atom::In((0..self.0.usize(..4)).map(|_| self.value(kind)).collect()),
            (13, _) => {
                let of = self.one(&[Kind::Int, Kind::Text]);
                Atom::Compare(Compare::Less, self.value(of))
            }
            _ => Atom::Compare(self.compare(), self.value(kind)),
        };
        Predicate::Column(column, atom)
    }

    fn compare(&mut self) -> Compare {
        self.one(&[
            Compare::Equal,
            Compare::NotEqual,
            Compare::Less,
            Compare::LessOrEqual,
            Compare::Greater,
            Compare::GreaterOrEqual,
        ])
    }

    fn pattern(&mut self) -> Pattern {
        let text = self.text();
        match self.0.u8(..3) {
            0 => Pattern::like(&text),
            1 => Pattern::ilike(&text),
            _ => Pattern::containing(&text),
        }
    }

    fn elsewhere(&mut self) -> Predicate {
        let rows = Predicate::Always;
        Predicate::Exists(Box::new(Exists { subject: Subject::Column(OF), schema: &THINGS, column: 0, rows }))
    }

    fn search(&mut self) -> Predicate {
        let fields = vec![Subject::Column(TITLE)];
        Predicate::Search(Box::new(Searched { search: Search::parse("a or longer").unwrap(), fields }))
    }

    fn images(&mut self) -> (Vec<Value>, Vec<Value>) {
        let before = self.row();
        let mut after = before.clone();
        let other = self.row();
        for column in 0..COLUMNS.len() {
            if self.0.u8(..4) == 0 {
                after[column] = other[column].clone();
            }
        }
        (before, after)
    }
}

/// `MAINSTAY_WORLD=n` asks for one world alone, `MAINSTAY_SOAK_SECONDS=n` for ever new ones for so long.
fn seeds() -> Box<dyn Iterator<Item = u64>> {
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().unwrap());
    if let Some(world) = number("MAINSTAY_WORLD") {
        return Box::new([world].into_iter());
    }
    match number("MAINSTAY_SOAK_SECONDS") {
        None => Box::new(0..60),
        Some(seconds) => {
            let end = Instant::now() + Duration::from_secs(seconds);
            let first = fastrand::u64(..1 << 40);
            Box::new((first..).take_while(move |_| Instant::now() < end))
        }
    }
}

struct Subscribed {
    judge: Judge,
    predicate: Predicate,
    columns: Vec<usize>,
    placement: Placement,
}

impl Subscribed {
    fn may(&self, row: &[Value]) -> bool {
        self.judge.judge(row) != Verdict::Fails
    }

    /// Whether an update that it has to hear of.
    fn depends(&self, before: &[Value], after: &[Value]) -> bool {
        (0..COLUMNS.len()).any(|it| before[it] != after[it] && self.columns.contains(&it))
    }
}

fn subscribe(index: &mut Index<usize>, dice: &mut Dice, key: usize) -> Subscribed {
    let depth = dice.0.usize(..4);
    let predicate = dice.predicate(depth);
    let columns: Vec<_> = (0..dice.0.usize(..3)).map(|_| dice.0.usize(..COLUMNS.len())).collect();
    let placement = index.insert(&THINGS, key, &predicate, Mask::of(columns.iter().copied()));
    Subscribed { judge: Judge::new(&THINGS, &predicate), predicate, columns, placement }
}

#[test]
fn soak_every_subscription_that_a_change_may_concern_is_a_candidate() {
    let (mut expected_ever, mut found_ever, mut all_ever) = (0, 0, 0);
    for seed in seeds() {
        let mut dice = Dice(fastrand::Rng::with_seed(seed));
        let mut index = Index::new();
        let mut subscribed: Vec<_> = (0..80).map(|key| subscribe(&mut index, &mut dice, key)).collect();
        for change in 0..40 {
            let gone = dice.0.usize(..subscribed.len());
            subscribed[gone] = subscribe(&mut index, &mut dice, gone);
            let (before, after) = dice.images();
            let images = match change % 3 {
                0 => Images::Inserted(&after),
                1 => Images::Deleted(&before),
                _ => Images::Updated { before: &before, after: &after },
            };
            let found: Vec<_> = index.candidates("thing", images).collect();
            let once: BTreeSet<_> = found.iter().copied().collect();
            assert_eq!(once.len(), found.len(), "each once, MAINSTAY_WORLD={seed}");
            for (key, it) in subscribed.iter().enumerate() {
                let is_concerned = match images {
                    Images::Inserted(row) | Images::Deleted(row) => it.may(row),
                    Images::Updated { before, after } => {
                        let flips = it.judge.judge(before) != it.judge.judge(after);
                        (flips || it.depends(before, after)) && (it.may(before) || it.may(after))
                    }
                    Images::Unknown => true,
                };
                expected_ever += usize::from(is_concerned);
                assert!(
                    !is_concerned || once.contains(&key),
                    "MAINSTAY_WORLD={seed}: {:?} under {} misses {images:?}",
                    it.predicate,
                    it.placement
                );
            }
            found_ever += found.len();
            all_ever += subscribed.len();
        }
    }
    assert!(found_ever < all_ever * 7 / 10, "{found_ever} of {all_ever} found, {expected_ever} needed");
}

#[test]
fn what_was_removed_leaves_nothing_behind() {
    let mut dice = Dice(fastrand::Rng::with_seed(7));
    let mut index = Index::new();
    for round in 0..50 {
        for key in 0..40 {
            // Some replace others.
            subscribe(&mut index, &mut dice, key % 30);
        }
        assert_eq!(index.len(), 30);
        for key in 0..30 {
            assert!(index.remove((key * 7 + round) % 30));
        }
        assert!(!index.remove(0));
        assert!(index.is_empty() && index.shelves.is_empty(), "round {round}");
        assert_eq!(index.slots.reach(), 30, "numbers are used again");
        assert_eq!(index.candidates("thing", Images::Unknown).count(), 0);
        assert_eq!(index.residue("thing"), Residue::default());
    }
}

fn placed(predicate: &Predicate) -> String {
    Index::new().insert(&THINGS, 0, predicate, Mask::every()).to_string()
}

fn is(column: usize, value: i64) -> Predicate {
    Predicate::same(column, &Value::Int(value))
}

fn beyond(value: i64) -> Predicate {
    Predicate::compare(COUNT, Compare::Greater, Some(Value::Int(value)))
}

#[test]
fn a_subscription_is_placed_where_fewest_rows_are_expected() {
    let of = Predicate::same(OF, &Value::Uuid(Uuid::from_u128(7)));
    let like = |text: &str| Predicate::Column(TITLE, Atom::Like(Pattern::like(text)));
    let ilike = |text: &str| Predicate::Column(TITLE, Atom::Like(Pattern::ilike(text)));
    let flag = Predicate::same(1, &Value::Bool(true));
    let contains = |column, json| Predicate::Column(column, Atom::Contains(json));
    let few = Predicate::Column(COUNT, Atom::In(vec![Value::Int(1), Value::Int(2), Value::Int(1)]));
    let fair = |compare| Predicate::compare(10, compare, Some(Value::Enum(MOOD.at(1))));
    let nowhere = Predicate::Unknown;
    for (predicate, placement) in [
        (is(COUNT, 7).and(beyond(3)), "count = 7"),
        (is(COUNT, 7).and(of.clone()), "of = 00000000-0000-0000-0000-000000000007"),
        (is(COUNT, 7).or(beyond(8)), "count = 7, count in (8, )"),
        (few.clone(), "count = 1, count = 2"),
        (!few, "every row"),
        (beyond(3).and(!beyond(9)), "count in (3, 9]"),
        (beyond(3).and(!beyond(9)).and(flag.clone().or(of)), "count in (3, 9]"),
        (beyond(9).and(!beyond(3)), "no row"),
        (
            (!beyond(9)).and(Predicate::compare(COUNT, Compare::GreaterOrEqual, Some(Value::Int(9)))),
            "count = 9",
        ),
        (!flag, "flag = false"),
        (fair(Compare::Less), "mood = poor"),
        (!fair(Compare::Equal), "mood = poor, mood = good"),
        (like("ab%c"), "title in [\"ab\", \"ac\")"),
        (ilike("ab%"), "every row"),
        (like("%ab"), "every row"),
        (Predicate::Column(COUNT, Atom::IsNull), "count is null"),
        (contains(DATA, json!({"a": [1, "x"]})), "data.a[] = \"x\""),
        (contains(TAGS, json!(["x"])), "tags[] = \"x\""),
        (contains(DATA, json!({})), "every row"),
        (Predicate::Column(DATA, Atom::PathIs(vec!["a".into()], json!(1))), "data.a = 1"),
        (is(SECRET, 1), "every row"),
        (is(SECRET, 1).and(is(COUNT, 2)), "count = 2"),
        (nowhere.clone(), "no row"),
        (!nowhere, "no row"),
        (Predicate::Always, "every row"),
    ] {
        assert_eq!(placed(&predicate), placement, "{predicate:?}");
    }
}

#[test]
fn an_update_of_columns_outside_the_mask_concerns_nobody() {
    let mut index = Index::new();
    index.insert(&THINGS, "narrow", &is(COUNT, 1), Mask::of([TITLE]));
    index.insert(&THINGS, "secret", &is(SECRET, 1), Mask::of([]));
    let row = |count: i64, title: &str, body: &str| {
        let mut row = vec![Value::Null; COLUMNS.len()];
        (row[COUNT], row[TITLE]) = (Value::Int(count), title.into_value());
        row[14] = body.into_value();
        row
    };
    let before = row(1, "a", "a");
    for (after, concerned) in [
        (row(1, "a", "b"), vec!["secret"]),
        (row(1, "b", "a"), vec!["narrow", "secret"]),
        (row(2, "a", "a"), vec!["narrow", "secret"]),
    ] {
        let found = index.candidates("thing", Images::Updated { before: &before, after: &after });
        assert_eq!(found.collect::<BTreeSet<_>>(), concerned.into_iter().collect(), "{after:?}");
    }
}

#[test]
fn a_mask_knows_columns_beyond_the_first_word() {
    let row = |at: usize| (0..140).map(|it| Value::Bool(it == at)).collect::<Vec<_>>();
    for (one, other, meets) in [(130, 130, true), (64, 128, false), (63, 64, false), (3, 3, true)] {
        let mut changed = mask::Bits::default();
        changed.differences(&row(139), &row(139));
        assert!(!Mask::of(0..140).meets(&changed));
        let mut after = row(139);
        after[other] = Value::Null;
        changed.differences(&row(139), &after);
        assert!((0..140).all(|it| changed.has(it) == (it == other)));
        assert_eq!(Mask::of([one]).meets(&changed), meets, "{one} {other}");
    }
}

#[test]
fn what_no_access_is_found_for_is_judged_and_metered() {
    let mut index = Index::new();
    let ends = Predicate::Column(TITLE, Atom::Like(Pattern::like("%b")));
    let placement = index.insert(&THINGS, 1, &ends, Mask::every());
    assert!(placement.is_residual());
    index.insert(&THINGS, 2, &is(COUNT, 1), Mask::every());
    let mut row = vec![Value::Null; COLUMNS.len()];
    for (title, concerned) in [("ab", 1), ("ba", 0)] {
        row[TITLE] = title.into_value();
        assert_eq!(index.candidates("thing", Images::Inserted(&row)).count(), concerned);
    }
    let Residue { subscriptions, judged, .. } = index.residue("thing");
    assert_eq!((subscriptions, judged), (1, 2));
    let mut after = row.clone();
    (row[TITLE], after[TITLE]) = ("ab".into_value(), "bb".into_value());
    let update = Images::Updated { before: &row, after: &after };
    assert_eq!(index.candidates("thing", update).count(), 1);
    assert_eq!(index.residue("thing").judged, 3, "found by what it was");
    assert_eq!(index.candidates("other", Images::Unknown).count(), 0);
    assert_eq!(index.candidates("thing", Images::Unknown).count(), 2);
}

#[test]
fn more_alternatives_than_are_worth_it_are_judged() {
    let many = |count: i64| Predicate::Column(COUNT, Atom::In((0..count).map(Value::Int).collect()));
    let placement = |it: &Predicate| Index::new().insert(&THINGS, 0, it, Mask::every());
    assert_eq!(placement(&many(256)).accesses.len(), 256);
    assert!(placement(&many(257)).is_residual());
    assert_eq!(placement(&many(257).and(beyond(3))).to_string(), "count in (3, )");
}

#[test]
fn an_interval_is_found_by_each_value_in_it_and_by_no_other() {
    let mut dice = fastrand::Rng::with_seed(3);
    let mut ranges = ranges::Ranges::default();
    let mut kept: Vec<Option<Interval>> = Vec::new();
    let bound = |dice: &mut fastrand::Rng| {
        let value = Value::Int(dice.i64(-20..20));
        match dice.u8(..5) {
            0 => Bound::Unbounded,
            1 | 2 => Bound::Included(value),
            _ => Bound::Excluded(value),
        }
    };
    for slot in 0..2000_u32 {
        let interval = Interval { low: bound(&mut dice), high: bound(&mut dice) };
        ranges.insert(&interval, slot);
        kept.push(Some(interval));
        let gone = dice.u32(..=slot);
        if dice.bool()
            && let Some(interval) = kept[gone as usize].take()
        {
            ranges.remove(&interval, gone);
        }
        let value = dice.i64(-22..22);
        let mut found = BTreeSet::new();
        ranges.stab(&Value::Int(value), &mut |slot| assert!(found.insert(slot)));
        let number = |it: &Bound<Value>| {
            it.clone().map(|it| if let Value::Int(it) = it { it } else { panic!("a number") })
        };
        let holds = |it: &Interval| (number(&it.low), number(&it.high)).contains(&value);
        let expected = (0..).zip(&kept).filter(|(_, it)| it.as_ref().is_some_and(holds));
        assert_eq!(found, expected.map(|(slot, _)| slot).collect(), "{value}");
    }
}
