//! Of each row and each predicate memory says what the store says: true, false or unknown. So do the two
//! stores of each other, for they are asked about the same worlds.
//!
//! `MAINSTAY_WORLD=n` asks about one world alone; `MAINSTAY_SOAK_SECONDS=n` about ever new ones for so long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mainstay::kernel::{Db, Dialect};
use mainstay::model::{
    Exactness, Judge, Order, Predicate, Record, Verdict, additive, evaluate, exactness, truths, widened,
};
use mainstay::prelude::*;
use uuid::Uuid;

use super::question;
use super::world::World;
use crate::dice::Dice;

const WORLDS: u64 = 24;
/// In one statement, each with its negation.
const AT_ONCE: usize = 50;

#[mainstay::test]
async fn soak_a_predicate_is_in_memory_what_it_is_in_the_store(db: Db) {
    let soak = std::env::var("MAINSTAY_SOAK_SECONDS").ok().map(|it| it.parse().expect("a number of seconds"));
    let end = soak.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    // Other worlds than those of a list, and in a soak others each time.
    let first = if soak.is_some() { u64::from(Uuid::now_v7().as_fields().1) << 20 } else { 1 << 20 };
    let (first, fewest) = match std::env::var("MAINSTAY_WORLD") {
        Ok(world) => (world.parse().expect("a number"), 1),
        Err(_) => (first, WORLDS),
    };
    let (mut worlds, mut cases) = (0, 0);
    while worlds < fewest || end.is_some_and(|end| Instant::now() < end) {
        cases += compared(&db, first + worlds).await;
        worlds += 1;
    }
    println!("{cases} cases of {worlds} worlds from MAINSTAY_WORLD={first}");
}

/// How many truth values were compared.
async fn compared(db: &Db, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let mut world = World::with_another(&mut dice, seed);
    let _ = additive::apply(db, &world.schemas()).await.expect("a table");
    world.fill(db, &mut dice).await;
    let mut asked = Vec::with_capacity(2 * AT_ONCE);
    for number in 0..AT_ONCE {
        let depth = number % 4;
        let predicate = question::predicate(&mut dice, world.schema, depth);
        let predicate = match dice.roll(4) {
            0 => predicate.or(question::scope(&mut dice, &world)),
            1 => predicate.and(question::scope(&mut dice, &world)),
            _ => predicate,
        };
        asked.extend([!predicate.clone(), predicate]);
    }
    let stored = truths(&db.reader(), world.schema, &asked).await;
    let stored = stored.unwrap_or_else(|error| panic!("{error:?}, MAINSTAY_WORLD={seed}"));
    let stored: HashMap<_, _> = stored.into_iter().collect();
    assert_eq!(stored.len(), world.rows.len());
    for row in &world.rows {
        let told = &stored[&row.id(world.schema)];
        for (predicate, told) in asked.iter().zip(told) {
            let asked = || format!("MAINSTAY_WORLD={seed}: {predicate:?} of {row:?}");
            same(&world, predicate, row, *told, &asked);
        }
    }
    world.rows.len() * asked.len()
}

fn same(world: &World, predicate: &Predicate, row: &Record, told: Option<bool>, asked: &impl Fn() -> String) {
    let judge = Judge::new(world.schema, predicate);
    match exactness(world.schema, predicate) {
        Exactness::Exact => {
            assert_eq!(evaluate(predicate, &row.0), told, "{}", asked());
            assert_ne!(judge.judge(&row.0), Verdict::Undecided, "{}", asked());
        }
        Exactness::Undecided(_) => {}
    }
    match judge.judge(&row.0) {
        Verdict::Holds => assert_eq!(told, Some(true), "{}", asked()),
        Verdict::Fails => assert_ne!(told, Some(true), "{}", asked()),
        Verdict::Undecided => {}
    }
    if told == Some(true) {
        let wide = widened(world.schema, predicate);
        assert_eq!(evaluate(&wide, &row.0), Some(true), "{wide:?} is narrower than {}", asked());
    }
}

/// Measures what raw SQL may have written.
#[derive(Model, Clone, Debug)]
struct Gauge {
    id: Id<Gauge>,
    reading: Option<f64>,
}

#[scope]
impl Scope for Gauge {}

/// Through the models nobody stores a float that is not finite.
#[mainstay::test]
async fn floats_that_only_raw_sql_stores_stand_in_memory_where_the_store_has_them(db: Db) {
    let _ = additive::apply(&db, &[Gauge::SCHEMA]).await.expect("a table");
    let written = match db.dialect() {
        Dialect::Postgres => ["'-Infinity'", "'-0'", "0", "1.5", "'Infinity'", "'NaN'", "'NaN'", "NULL"],
        Dialect::Sqlite => ["-9e999", "-0.0", "0", "1.5", "9e999", "9e999", "NULL", "NULL"],
    };
    let filled = db.write(async move |tx| {
        for reading in written {
            let gauge = NewGauge { reading: Some(1.0) }.insert(tx).await?;
            let sql = format!("UPDATE gauges SET reading = {reading} WHERE id = ?");
            tx.sql(&sql).bind(gauge.id).execute().await?;
        }
        Ok(())
    });
    filled.await.expect("gauges");
    let reader = db.reader();
    for sort in [Gauge::READING.asc(), Gauge::READING.desc()] {
        let stored = Gauge::filter(Filter::always()).order(sort).order(Gauge::ID.asc()).all(&reader);
        let stored: Vec<_> = stored.await.expect("gauges").into_iter().map(Gauge::into_record).collect();
        let order = Order::new(Gauge::SCHEMA, &[sort]).expect("an order");
        assert!(stored.is_sorted_by(|one, other| order.compare(&one.0, &other.0).is_lt()), "{stored:?}");
        let asked = [
            Gauge::READING.eq(0.0),
            Gauge::READING.lt(f64::MAX),
            Gauge::READING.lt(f64::MIN),
            Gauge::READING.gte(0.0),
            Gauge::READING.ne(1.5),
            Gauge::READING.is_in([0.0, 1.5]),
        ];
        let asked = asked.map(Filter::into_predicate);
        let told: HashMap<_, _> =
            truths(&reader, Gauge::SCHEMA, &asked).await.expect("truths").into_iter().collect();
        for row in &stored {
            let evaluated: Vec<_> = asked.iter().map(|it| evaluate(it, &row.0)).collect();
            assert_eq!(evaluated, told[&row.id(Gauge::SCHEMA)], "{row:?}");
        }
    }
}
