//! P10: what a change costs the index of live queries beside a thousand subscriptions that it does not concern,
//! and beside a hundred thousand.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay::model::kernel::{Kind, Place};
use mainstay::model::{ColumnDef, Compare, Part, Predicate, Schema};
use mainstay_kernel::{Db, DbOptions, Statement, StoreUrl, Value};
use mainstay_live::index::{Images, Index, Mask};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::rounds::{Contender, Sample, take_turns};
use crate::{Options, scratch, table};

const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
/// How many changes are made ready before they are measured.
const CHANGES: usize = 4096;
/// How far apart intervals begin.
const APART: i64 = 10;

const ROOM: usize = 1;
const PRICE: usize = 2;

static COLUMNS: [ColumnDef; 4] = [
    ColumnDef::new("id", Kind::Uuid, Part::Id),
    ColumnDef::new("room", Kind::Uuid, Part::Plain),
    ColumnDef::new("price", Kind::Int, Part::Plain),
    ColumnDef::new("title", Kind::Text, Part::Plain),
];

static OFFERS: Schema =
    Schema { live: true, ..Schema::new("offer", "offers", &COLUMNS, Place::at(file!(), line!())) };

/// What subscriptions ask for.
#[derive(Clone, Copy)]
enum Asked {
    /// One room each.
    Equality,
    /// Prices from one to another each; of each second one, from one on.
    Range,
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut rows = Vec::new();
    for (asked, name) in
        [(Asked::Equality, "equality: `room = …`"), (Asked::Range, "range: `price between …`, `price > …`")]
    {
        rows.push(looks(options, asked, name)?);
        rows.push(writes(options, asked, name)?);
    }
    let heads = [
        "subscriptions",
        "measured",
        "1 000 of them",
        "100 000 of them",
        "time at 100 000 ÷ at 1 000",
        "target",
    ];
    table::print("P10: a change of one row, which concerns one subscription or none", &heads, &rows);
    table::note(
        "A look: the candidates of an update, by the row before and after, one after the other. A write: one row into \
         SQLite on disk, WAL, synchronous=FULL, by one caller, then the look.",
    );
    Ok(())
}

fn looks(options: &Options, asked: Asked, name: &str) -> Result<Vec<String>> {
    let (mut few, mut many) = (Subscribed::new(asked, FEW), Subscribed::new(asked, MANY));
    let series = take_turns(
        options,
        vec![
            Contender::new("1k", || Ok(measure(options, || few.look()))),
            Contender::new("100k", || Ok(measure(options, || many.look()))),
        ],
    )?;
    let each = |at: usize| format!("{:.0} ns", 1e9 / series[at].rate());
    let ratio = series[0].over(&series[1]).to_string();
    Ok(vec![name.to_owned(), "a look".to_owned(), each(0), each(1), ratio, String::new()])
}

fn writes(options: &Options, asked: Asked, name: &str) -> Result<Vec<String>> {
    let writer = Writes::open()?;
    let (mut few, mut many) = (Subscribed::new(asked, FEW), Subscribed::new(asked, MANY));
    let series = take_turns(
        options,
        vec![
            Contender::new("1k", || writer.measure(options, || few.look())),
            Contender::new("100k", || writer.measure(options, || many.look())),
        ],
    )?;
    writer.stop();
    let each = |at: usize| format!("{:.0} µs", 1e6 / series[at].rate());
    let ratio = series[0].over(&series[1]).to_string();
    let target = "≤ 1.2".to_owned();
    Ok(vec![name.to_owned(), "a write and a look".to_owned(), each(0), each(1), ratio, target])
}

fn measure(options: &Options, mut look: impl FnMut() -> usize) -> Sample {
    let begun = Instant::now();
    let mut done = 0_u64;
    while begun.elapsed() < options.time() {
        for _ in 0..256 {
            black_box(look());
        }
        done += 256;
    }
    Sample { rate: rate(done, begun.elapsed()), cpu_micros: None }
}

#[expect(clippy::cast_precision_loss, reason = "counts of changes are far below 2^52")]
fn rate(done: u64, time: Duration) -> f64 {
    done as f64 / time.as_secs_f64()
}

/// An index, and changes to ask it about.
struct Subscribed {
    index: Index<u32>,
    changes: Vec<[Vec<Value>; 2]>,
    next: usize,
}

impl Subscribed {
    fn new(asked: Asked, count: u32) -> Self {
        let mut index = Index::new();
        for key in 0..count {
            index.insert(&OFFERS, key, &asked.predicate(key, count), Mask::of([3]));
        }
        let changes = (0..CHANGES).map(|_| change(fastrand::u32(..count))).collect();
        let mut subscribed = Self { index, changes, next: 0 };
        let found: usize = (0..CHANGES).map(|_| subscribed.look()).sum();
        assert!(found > CHANGES / 3 && found <= CHANGES, "{found} candidates of {CHANGES} changes");
        subscribed
    }

    /// How many candidates the next change has.
    fn look(&mut self) -> usize {
        self.next = (self.next + 1) % CHANGES;
        let [before, after] = &self.changes[self.next];
        self.index.candidates("offer", Images::Updated { before, after }).count()
    }
}

impl Asked {
    fn predicate(self, key: u32, count: u32) -> Predicate {
        let low = APART * i64::from(key);
        let price = |compare, price| Predicate::compare(PRICE, compare, Some(Value::Int(price)));
        match self {
            Self::Equality => Predicate::same(ROOM, &room(key)),
            Self::Range if key.is_multiple_of(2) => {
                price(Compare::GreaterOrEqual, low).and(price(Compare::Less, low + APART))
            }
            // Beyond what any row has.
            Self::Range => price(Compare::Greater, APART * i64::from(count) + low),
        }
    }
}

fn room(key: u32) -> Value {
    Value::Uuid(Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0000 + u128::from(key)))
}

fn change(key: u32) -> [Vec<Value>; 2] {
    let id = Value::Uuid(Uuid::from_u128(fastrand::u128(..)));
    let price = APART * i64::from(key) + fastrand::i64(0..APART);
    let row = |title: &str| vec![id.clone(), room(key), Value::Int(price), Value::Text(title.to_owned())];
    [row("before"), row("after")]
}

/// Writes one row after the other.
struct Writes {
    runtime: Runtime,
    db: Db,
    _folder: TempDir,
}

impl Writes {
    fn open() -> Result<Self> {
        let (folder, runtime) = (scratch()?, Runtime::new()?);
        let file = folder.path().join("bench.db");
        let db = runtime.block_on(async {
            let db = Db::open(DbOptions::new(StoreUrl::SqliteFile(file))).await?;
            let table = "CREATE TABLE offers (id TEXT PRIMARY KEY NOT NULL, price INTEGER NOT NULL) STRICT";
            db.migrate(&[table.to_owned()]).await?;
            Ok::<_, anyhow::Error>(db)
        })?;
        Ok(Self { runtime, db, _folder: folder })
    }

    fn measure(&self, options: &Options, mut look: impl FnMut() -> usize) -> Result<Sample> {
        self.runtime.block_on(async {
            let begun = Instant::now();
            let mut done = 0;
            while begun.elapsed() < options.time() {
                let id = Uuid::from_u128(fastrand::u128(..));
                let insert =
                    Statement::new("INSERT INTO offers (id, price) VALUES (?1, ?2)").bind(id).bind(1_i64);
                self.db.write(async move |tx| tx.execute(&insert).await).await?;
                black_box(look());
                done += 1;
            }
            Ok(Sample { rate: rate(done, begun.elapsed()), cpu_micros: None })
        })
    }

    fn stop(&self) {
        self.runtime.block_on(self.db.stop(Duration::from_secs(10)));
    }
}
